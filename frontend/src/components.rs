//! The views, one per file. They get data and callbacks; only [`App`] knows the state.
//!
//! A component is what keeps something between two renderings, or may be skipped in one. All else is a function from data to
//! HTML, because each component adds two kilobytes to the download.

mod app;
mod board;
mod controls;
mod fault_menu;
mod incident_line;
mod name_form;
mod outcome;
mod replica_mark;
mod replica_table;
mod rollout_line;
mod sliding;
mod tally;
mod text;
mod timeline;

pub use app::{App, AppProps};
