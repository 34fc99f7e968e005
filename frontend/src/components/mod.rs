//! What is seen, each thing named after what it shows. It gets data and callbacks; only [`App`] knows the state.
//!
//! A component is what remembers something between two renderings, or may be left out of one. All else is a function from
//! data to HTML, since each component adds two kilobytes to what every reader downloads.

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
