//! A valid name, and the reasons for rejecting one.

use std::{borrow::Cow, fmt};

/// The name that a person submits: 1 to [`Name::MAX_CHARS`] characters, none of them a control character or a line break.
///
/// White space at both ends is removed, and so are invisible characters at the start: a name starts with a character that can
/// be seen. Inside and at the end, scripts and emoji need invisible characters.
///
/// Any script and any emoji is allowed. A value of this type is always valid: page and backend both create it by
/// `Name::try_from`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(String);

/// Why a name is invalid. The text says how to correct it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing remains after trimming.
    #[error("Enter a name.")]
    Empty,
    /// There are too many characters.
    #[error("Shorten the name to at most {} characters; it has {chars}.{}", Name::MAX_CHARS, counting(*.is_ascii))]
    TooLong {
        /// The number of characters of the trimmed name.
        chars: usize,
        /// Whether each of them is what a person counts as one character.
        is_ascii: bool,
    },
    /// It contains a control character (Unicode general category Cc), or a line or paragraph separator (Zl, Zp).
    #[error("Remove the line breaks, tabs and other control characters from the name.")]
    ControlCharacter,
}

impl Name {
    /// The most characters (Unicode scalar values, as JSON Schema's `maxLength` counts them) of a name.
    pub const MAX_CHARS: usize = 64;

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name for use inside a sentence.
    ///
    /// A name that contains directional formatting characters, such as U+202E, would reorder the text after it. It is
    /// enclosed in a first strong isolate, U+2068 to U+2069 ([UAX #9](https://www.unicode.org/reports/tr9/), section 2.4.2).
    /// Any other name is returned as it is.
    pub fn isolated(&self) -> Cow<'_, str> {
        if !self.0.contains(is_directional) {
            return Cow::Borrowed(&self.0);
        }
        // Its own U+2069 would end the isolate too early; without them, every isolate that it starts has to be ended here.
        let name = self.0.replace(POP_ISOLATE, "");
        let opened = 1 + name
            .chars()
            .filter(|char| matches!(char, '\u{2066}'..='\u{2068}'))
            .count();
        let end = POP_ISOLATE.to_string().repeat(opened);
        Cow::Owned(format!("{FIRST_STRONG_ISOLATE}{name}{end}"))
    }
}

impl TryFrom<&str> for Name {
    type Error = InvalidName;

    fn try_from(typed: &str) -> Result<Self, InvalidName> {
        let name = typed
            .trim_start_matches(|char: char| char.is_whitespace() || is_invisible(char))
            .trim_end();
        let chars = name.chars().count();
        if chars == 0 {
            Err(InvalidName::Empty)
        } else if chars > Self::MAX_CHARS {
            Err(InvalidName::TooLong {
                chars,
                is_ascii: name.is_ascii(),
            })
        } else if name.contains(|char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')) {
            Err(InvalidName::ControlCharacter)
        } else {
            Ok(Self(name.to_owned()))
        }
    }
}

/// Explains a number that a person would not count: 70 characters in ten family emoji.
fn counting(is_ascii: bool) -> &'static str {
    if is_ascii {
        return "";
    }
    " Accents and the parts of an emoji count, too."
}

const FIRST_STRONG_ISOLATE: char = '\u{2068}';

const POP_ISOLATE: char = '\u{2069}';

/// Returns whether a character does nothing but change the direction of the text around it.
fn is_directional(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns whether a character is invisible: the property `Default_Ignorable_Code_Point`, and the blank Braille pattern.
pub fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
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
    fn a_name_may_be_of_any_script_and_contain_emoji() {
        for name in ["Ada", "Анна", "李小龍", "شهرزاد", "O'Neill-Łukasz", "👩🏽‍💻", "<b>&amp;"] {
            assert_eq!(Name::try_from(name).map(String::from), Ok(name.to_owned()));
        }
    }

    #[test]
    fn white_space_alone_is_not_a_name() {
        for blank in ["", "   ", "\t\r\n", "\u{3000}"] {
            assert_eq!(Name::try_from(blank), Err(InvalidName::Empty));
        }
    }

    #[test]
    fn a_name_of_invisible_characters_is_empty() {
        for blank in [
            "\u{200b}",
            "\u{ad}\u{feff} \u{2800}",
            "\u{202e}",
            "\u{3164}\u{3164}",
            "\u{e0041}",
        ] {
            assert_eq!(Name::try_from(blank), Err(InvalidName::Empty), "{blank:?}");
        }
    }

    #[test]
    fn a_name_starts_with_a_visible_character_and_keeps_the_invisible_ones_behind_it() {
        let heart = "\u{2764}\u{fe0f}";
        assert_eq!(
            Name::try_from(format!("\u{200f} \u{feff}{heart}").as_str())
                .unwrap()
                .as_str(),
            heart
        );
        assert_eq!(Name::try_from("\u{202e}Ada").unwrap().as_str(), "Ada");
    }

    #[test]
    fn a_name_is_isolated_where_it_would_reorder_a_sentence() {
        for (name, isolated) in [
            ("Ada", "Ada"),
            ("شهرزاد", "شهرزاد"),
            ("A\u{202e}da", "\u{2068}A\u{202e}da\u{2069}"),
            ("A\u{2069}\u{202e}da", "\u{2068}A\u{202e}da\u{2069}"),
            (
                "A\u{2067}d\u{2066}a",
                "\u{2068}A\u{2067}d\u{2066}a\u{2069}\u{2069}\u{2069}",
            ),
        ] {
            assert_eq!(Name::try_from(name).unwrap().isolated(), isolated, "{name:?}");
        }
    }

    #[test]
    fn the_length_is_counted_in_characters_after_trimming() {
        assert!(Name::try_from(format!("  {}  ", "ß".repeat(64)).as_str()).is_ok());
        assert_eq!(
            Name::try_from("ß".repeat(65).as_str()),
            Err(InvalidName::TooLong {
                chars: 65,
                is_ascii: false
            })
        );
    }

    #[test]
    fn control_characters_inside_a_name_are_rejected() {
        for name in [
            "Ada\nLovelace",
            "Ada\0",
            "\u{1b}[31mAda",
            "A\u{85}B",
            "A\u{2028}B",
            "A\u{2029}B",
        ] {
            assert_eq!(Name::try_from(name), Err(InvalidName::ControlCharacter), "{name:?}");
        }
    }

    #[test]
    fn the_error_says_how_to_correct_the_name() {
        let refusal = Name::try_from("x".repeat(70).as_str()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "Shorten the name to at most 64 characters; it has 70."
        );
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}";
        let refusal = Name::try_from(family.repeat(10).as_str()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "Shorten the name to at most 64 characters; it has 70. Accents and the parts of an emoji count, too."
        );
    }
}
