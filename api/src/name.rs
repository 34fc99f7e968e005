//! A person's name, and why one is refused.

use std::fmt;

/// The name that a person submits: trimmed, 1 to [`Name::MAX_CHARS`] characters, none of them a control character.
///
/// Any script and any emoji will do. A value of this type is always valid: the page and the backend both get theirs from
/// `Name::try_from`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(String);

/// Why a name is refused. Its text tells the person what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing is left after trimming.
    #[error("Enter a name.")]
    Empty,
    /// There are too many characters.
    #[error("Shorten the name to at most {} characters; it has {chars}.", Name::MAX_CHARS)]
    TooLong {
        /// How many characters the trimmed name has.
        chars: usize,
    },
    /// A control character is among them (Unicode general category Cc).
    #[error("Remove the line breaks, tabs and other control characters from the name.")]
    ControlCharacter,
}

impl Name {
    /// The most characters (Unicode scalar values, as JSON Schema's `maxLength` counts them) of a name.
    pub const MAX_CHARS: usize = 64;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Name {
    type Error = InvalidName;

    fn try_from(typed: &str) -> Result<Self, InvalidName> {
        let name = typed.trim();
        let chars = name.chars().count();
        if chars == 0 {
            Err(InvalidName::Empty)
        } else if chars > Self::MAX_CHARS {
            Err(InvalidName::TooLong { chars })
        } else if name.chars().any(char::is_control) {
            Err(InvalidName::ControlCharacter)
        } else {
            Ok(Self(name.to_owned()))
        }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed() {
        assert_eq!(
            Name::try_from("\u{a0} Ada Lovelace\r\n").unwrap().as_str(),
            "Ada Lovelace"
        );
    }

    #[test]
    fn a_name_may_be_of_any_script_and_bear_emoji() {
        for name in ["Ada", "Анна", "李小龍", "شهرزاد", "O'Neill-Łukasz", "👩🏽‍💻", "<b>&amp;"] {
            assert_eq!(Name::try_from(name).map(String::from), Ok(name.to_owned()));
        }
    }

    #[test]
    fn nothing_but_white_space_is_no_name() {
        for blank in ["", "   ", "\t\r\n", "\u{3000}"] {
            assert_eq!(Name::try_from(blank), Err(InvalidName::Empty));
        }
    }

    #[test]
    fn the_length_is_counted_in_characters_after_trimming() {
        assert!(Name::try_from(format!("  {}  ", "ß".repeat(64)).as_str()).is_ok());
        assert_eq!(
            Name::try_from("ß".repeat(65).as_str()),
            Err(InvalidName::TooLong { chars: 65 })
        );
    }

    #[test]
    fn control_characters_inside_a_name_are_refused() {
        for name in ["Ada\nLovelace", "Ada\0", "\u{1b}[31mAda", "A\u{85}B"] {
            assert_eq!(Name::try_from(name), Err(InvalidName::ControlCharacter), "{name:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let refusal = Name::try_from("x".repeat(70).as_str()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "Shorten the name to at most 64 characters; it has 70."
        );
    }
}
