#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![deny(rustdoc::private_intra_doc_links)] // published: see docs in scripts/checks

use serde::{Deserialize, Serialize};

/// A problem document. Its media type is [`Problem::MEDIA_TYPE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// The kind of problem, as a URI reference. `about:blank` adds nothing to the status (RFC 9457, section 4.2.1).
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// A short name of the kind of problem. With `about:blank`, the reason phrase of the status.
    pub title: String,
    /// The HTTP status code, repeated for readers that have only the body.
    pub status: u16,
    /// What went wrong with this request and how to fix it, for a person.
    pub detail: String,
    /// The invalid fields of the request's body, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One invalid field of a request's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name in the body.
    pub field: String,
    /// Why the field is invalid and how to fix it, for a person.
    pub detail: String,
}

impl Problem {
    /// The media type of a problem document in JSON.
    pub const MEDIA_TYPE: &str = "application/problem+json";

    /// Creates a problem of type `about:blank`.
    pub fn new(status: u16, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind: about_blank(),
            title: title.into(),
            status,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// Adds the error of one field.
    #[must_use]
    pub fn with_error(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            detail: detail.into(),
        });
        self
    }
}

fn about_blank() -> String {
    "about:blank".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_without_field_errors_has_no_errors_member() {
        let body = serde_json::to_value(Problem::new(404, "Not Found", "There is nothing here.")).unwrap();
        let expected = serde_json::json!({
            "type": "about:blank", "title": "Not Found", "status": 404, "detail": "There is nothing here."
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn a_problem_that_omits_its_type_is_about_blank() {
        let problem: Problem =
            serde_json::from_str(r#"{"title": "Bad Gateway", "status": 502, "detail": ""}"#).unwrap();
        assert_eq!(problem.kind, "about:blank");
    }
}
