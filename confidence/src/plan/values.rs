//! Values of a plan that are checked while they are parsed.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// Parses a time such as `20s`.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text)
        .map(Some)
        .map_err(|error| D::Error::custom(format!("{text:?} is not a time such as \"20s\": {error}")))
}

pub fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let rate = u32::deserialize(deserializer)?;
    if !(1..=10_000).contains(&rate) {
        return Err(D::Error::custom(format!("the rate is {rate}, allowed are 1 to 10000")));
    }
    Ok(Some(rate))
}
