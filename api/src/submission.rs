//! What the form sends and what a replica answers.

use serde::{Deserialize, Serialize};

use crate::Name;

/// The body of `POST /api/submissions`, as it travels: the name is still unchecked.
///
/// The receiver turns it into a [`Name`] by [`Name::try_from`], so that a malformed body (400) and an invalid name (422)
/// stay two different answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// What the person typed.
    pub name: String,
}

impl From<Name> for Submission {
    fn from(name: Name) -> Self {
        Self { name: name.into() }
    }
}

/// The answer to a [`Submission`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The message for the person, which bears their name.
    pub message: String,
    /// The pod that answered.
    pub pod: String,
    /// The version that this pod runs.
    pub version: String,
}
