//! The page: a form, the answer, and the board that shows the cluster at work.
//!
//! * [`state`]: what the page knows and what can happen to it, as plain Rust without a browser
//! * [`client`]: the one way in which the page speaks with the backend
//! * [`stream`]: submissions at a steady rate, through the same client
//! * [`wire`]: the contract's types as they travel
//! * [`clock`]: the browser's clock
//! * [`components`]: what is seen, each component named after what it shows
//!
//! `main.rs` starts it: natively it renders the page into `index.html`, in the browser it takes over that markup.

pub mod client;
pub mod clock;
pub mod components;
pub mod state;
pub mod stream;
pub mod wire;

pub use components::App;
