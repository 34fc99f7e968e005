//! What is seen. Each component gets data and callbacks; only [`App`] knows the state.

mod app;
mod board;
mod name_form;
mod outcome;
mod replica_mark;
mod replica_table;
mod rollout_line;
mod sliding;
mod stream_controls;
mod tally;
mod time_line;

pub use app::App;
