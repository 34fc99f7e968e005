//! A submission: how it is parsed, and how its response is rendered for a browser without script.

pub mod html;
pub mod parsing;
