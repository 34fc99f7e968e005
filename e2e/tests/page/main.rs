//! The page in real browsers, with real replicas behind it.

mod accessibility;
mod before_wasm;
mod board;
mod broken_replica;
mod every_browser;
mod faults;
mod form;
mod look;
mod soak;
mod stage;
mod stand_in;
mod surroundings;
