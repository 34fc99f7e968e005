//! The parser of submissions, with arbitrary bytes.
#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

use api::{Name, Submission, name::is_invisible};
use backend::submission::parsing::{MediaType, parse};
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(body: Vec<u8>) {
        let _ = parse(MediaType::Json, &body);
        let _ = parse(MediaType::Form, &body);
    }

    #[test]
    fn nothing_but_an_object_with_a_text_as_name_is_json(value in any_json()) {
        let accepted = parse(MediaType::Json, value.to_string().as_bytes()).ok();
        let expected = value.as_object().and_then(|object| object.get("name")?.as_str());
        prop_assert_eq!(accepted.as_ref().map(|submission| submission.name.as_str()), expected);
    }

    #[test]
    fn any_text_arrives_as_it_was_sent(name: String) {
        let submission = Submission { name };
        let json = serde_json::to_vec(&submission).unwrap();
        prop_assert_eq!(parse(MediaType::Json, &json).unwrap(), submission.clone());
        let form = serde_urlencoded::to_string(&submission).unwrap();
        prop_assert_eq!(parse(MediaType::Form, form.as_bytes()).unwrap(), submission);
    }

    #[test]
    fn a_form_with_invalid_utf8_is_refused(before in "[a-z]{0,9}", byte in 0x80_u8.., after in "[a-z]{0,9}") {
        let form = format!("name={before}%{byte:02X}{after}");
        prop_assert!(parse(MediaType::Form, form.as_bytes()).is_err());
    }

    #[test]
    fn a_name_is_what_its_pattern_says(name in any_name()) {
        let pattern = name_pattern();
        prop_assert_eq!(Name::try_from(name.as_str()).is_ok(), pattern.is_match(&name), "{:?}", name);
    }
}

#[test]
fn invisible_characters_are_those_that_unicode_calls_ignorable() {
    let ignorable = regex::Regex::new(r"[\p{Default_Ignorable_Code_Point}\u{2800}]").unwrap();
    let all: String = ('\0'..=char::MAX).collect();
    let ignorable: String = ignorable.find_iter(&all).map(|char| char.as_str()).collect();
    assert_eq!(all.replace(|char| !is_invisible(char), ""), ignorable);
}

/// JSON of any shape, in which `name` is not rare.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop_oneof![Just("name".to_owned()), any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(key, inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Texts around the limits: white space and control characters at the ends and inside, lengths about 64.
fn any_name() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        20 => any::<char>(),
        1 => prop::sample::select("\t\n\r \u{85}\u{a0}\u{1680}\u{2003}\u{2028}\u{202f}\u{3000}\u{feff}\u{200b}\u{202e}\u{2800}\u{e0041}\u{1f}\0".chars().collect::<Vec<_>>()),
    ];
    let text = |length| prop::collection::vec(character.clone(), length);
    prop_oneof![text(0..4), text(60..70)].prop_map(|name| name.into_iter().collect())
}

/// Returns the pattern of a name in the OpenAPI description.
fn name_pattern() -> regex::Regex {
    let schema = serde_json::to_value(<Submission as utoipa::PartialSchema>::schema()).unwrap();
    let pattern = schema["properties"]["name"]["pattern"].as_str().unwrap();
    regex::Regex::new(pattern).unwrap()
}
