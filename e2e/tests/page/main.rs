//! The page in a real browser, with real replicas behind it.

mod before_wasm;
mod board;
mod form;
mod look;
mod stage;
