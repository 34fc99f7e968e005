//! The answer when something is wrong: a problem document, [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457).

use serde::{Deserialize, Serialize};

/// A problem document, sent as [`Problem::MEDIA_TYPE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// What kind of problem this is, as a URI reference. `about:blank` says: no more than the status does (RFC 9457, 4.2.1).
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// The kind of problem in a few words; with `about:blank`, the status' own phrase.
    pub title: String,
    /// The HTTP status, repeated for who has only the body.
    pub status: u16,
    /// What is wrong this time and what to do about it, for a person.
    pub detail: String,
    /// The fields that are wrong, where the problem lies in fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field of a [`Submission`](crate::Submission).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name in the body.
    pub field: String,
    /// What is wrong with it and what to do about it, for a person.
    pub detail: String,
}

impl Problem {
    /// The media type of a problem document.
    pub const MEDIA_TYPE: &str = "application/problem+json";

    /// A problem of which the status says all but the detail.
    pub fn new(status: u16, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind: about_blank(),
            title: title.into(),
            status,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// The same problem, laid at the door of one field.
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
