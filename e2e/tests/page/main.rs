//! The page in real browsers, with real replicas behind it.

mod accessibility;
mod before_wasm;
mod board;
mod broken_replica;
mod every_browser;
mod faults;
mod fixture;
mod form;
mod look;
mod soak;
mod stand_in;
mod surroundings;
