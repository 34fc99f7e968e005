//! The request and the response of the form.

use serde::{Deserialize, Serialize};

use crate::{name::Name, platform::Platform};

/// The body of `POST /api/submissions`, with an unchecked name.
///
/// The receiver converts it into a [`Name`] by [`Name::try_from`], so that a malformed body (400) and an invalid name (422)
/// are two different errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Submission {
    /// The name as entered.
    // The pattern is what `Name::try_from` accepts: white space or invisible characters, then 1 to 64 characters of which none
    // is a control character or a line break, the first is visible and the last is not white space, and white space again. Characters above
    // U+FFFF are literal: regular expressions have no common escape for them.
    #[cfg_attr(
        feature = "openapi",
        schema(
            example = "Ada",
            pattern = "^[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]*[^\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]([^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]{0,62}[^\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000])?[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*$"
        )
    )]
    pub name: String,
}

impl From<Name> for Submission {
    fn from(name: Name) -> Self {
        Self { name: name.into() }
    }
}

/// The response to a [`Submission`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmissionResponse {
    /// The message for the person, with their name.
    pub message: String,
    /// The name in the message, trimmed.
    pub name: String,
    /// The pod that responded.
    pub pod: String,
    /// The version that this pod runs.
    pub version: String,
    /// Where the pod runs.
    pub platform: Platform,
    /// When the process started, in milliseconds since 1970. It changes when the container is restarted.
    pub started_at: u64,
    /// How long the process has run, in seconds. The clocks of pod and client may differ, so neither can compute it.
    pub uptime_seconds: u32,
    /// Whether the pod accepts `POST /api/faults`.
    pub faults: bool,
}
