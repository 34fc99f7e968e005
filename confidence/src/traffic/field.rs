//! Where a response says something.

use hyper::header::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A place in a response: a JSON pointer into the body, such as `/pod`, or a header, such as `header:x-pod`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Field(String);

impl Field {
    fn header(&self) -> Option<&str> {
        self.0.strip_prefix("header:").map(str::trim)
    }

    /// Returns whether it is in the JSON body.
    pub fn is_in_body(&self) -> bool {
        self.header().is_none()
    }

    /// Returns what a response says there.
    pub fn read(&self, headers: &HeaderMap, json: Option<&Value>) -> Option<String> {
        if let Some(name) = self.header() {
            let value = headers.get(name)?.to_str().ok()?;
            return (!value.is_empty()).then(|| value.to_owned());
        }
        match json?.pointer(&self.0)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

impl AsRef<str> for Field {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Field {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let field = Self(text);
        match field.header() {
            Some(name) if name.parse::<HeaderName>().is_err() => Err(format!("{name:?} is not a valid header name")),
            None if !field.0.starts_with('/') => Err(format!(
                "{:?} is neither a JSON pointer such as \"/pod\" nor a header such as \"header:x-pod\"",
                field.0
            )),
            _ => Ok(field),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_pointer_or_a_header() {
        assert!(Field::try_from("/pod".to_owned()).is_ok());
        assert!(Field::try_from("header:x-pod".to_owned()).is_ok());
        assert!(Field::try_from("pod".to_owned()).unwrap_err().contains("JSON pointer"));
        assert!(Field::try_from("header:x pod".to_owned()).is_err());
    }
}
