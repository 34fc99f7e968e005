//! Nothing happens.

use anyhow::Result;

use super::stage::Description;

pub(super) const DESCRIPTION: Description = Description {
    happens: "Nothing.",
    expected: "Every request is answered. Latency here is what the other scenarios are compared with.",
    losses: "None.",
};

pub(super) async fn play() -> Result<()> {
    Ok(())
}
