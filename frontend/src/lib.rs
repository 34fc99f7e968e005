//! The page: a form, the response, and a view of the cluster at work.
//!
//! * [`state`]: the state of the page and its actions, without browser types
//! * [`experiments`]: what to do to the cluster, on the page and in the README
//! * [`client`]: the HTTP client; [`slots`]: how many requests it may have in flight
//! * [`load_generator`]: sends submissions at a steady rate
//! * [`wire`]: serialization of the types in `api`
//! * [`clock`]: the browser's clock
//! * [`components`]: the views
//!
//! The native build of `main.rs` renders the form into `index.html`. In the browser, it replaces that form by the whole page.

pub mod client;
pub mod clock;
pub mod components;
pub mod experiments;
pub mod load_generator;
pub mod slots;
pub mod state;
pub mod wire;

pub use components::{App, AppProps};
