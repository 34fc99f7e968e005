//! The body of a submission, of both media types: `cargo +nightly fuzz run submission -- -max_len=4096`.
#![no_main]

use api::{Name, Submission};
use backend::submission::parsing::{MediaType, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    for media_type in [MediaType::Json, MediaType::Form] {
        let Ok(submission) = parse(media_type, body) else { continue };
        let Ok(name) = Name::try_from(submission.name.as_str()) else { continue };
        // What is valid stays valid on its way back.
        let again = serde_json::to_vec(&Submission::from(name.clone())).expect("a submission is JSON");
        let again = parse(MediaType::Json, &again).expect("what was accepted is accepted again");
        assert_eq!(Name::try_from(again.name.as_str()), Ok(name));
    }
});
