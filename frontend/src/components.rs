//! The views, one per file. They get data and callbacks; only [`App`] knows the state.
//!
//! A component is what keeps something between two renderings, or may be skipped in one. All else is a function from data to
//! HTML, because each component adds two kilobytes to the download.

mod app;
mod controls;
mod details;
mod experiment;
mod fault_menu;
mod first;
mod full_screen;
mod headline;
mod live;
mod marks;
mod name_form;
mod outcome;
mod plot;
mod rail;
mod ribbon;
mod slide;
mod sliding;
mod text;
mod tile;

pub use app::{App, AppProps};
