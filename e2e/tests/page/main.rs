//! The page in a real browser, with real replicas behind it.

mod accessibility;
mod before_wasm;
mod board;
mod form;
mod look;
#[cfg(feature = "soak")]
mod soak;
mod stage;
mod stand_in;
