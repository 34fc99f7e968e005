//! What is seen. Each component gets data and callbacks; only [`App`] knows the state.

mod app;
mod name_form;
mod outcome;
mod replica_mark;

pub use app::App;
