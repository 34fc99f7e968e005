//! Writes the report in one of its formats.

use std::{path::PathBuf, str::FromStr};

use anyhow::{Context, Result};

use super::{Report, html, table};

/// A format of the report, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The format.
    pub format: Format,
    /// The file. Standard output by default.
    pub file: Option<PathBuf>,
}

/// A format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table in Markdown, and sentences below.
    Table,
    /// JSON.
    Json,
    /// One self-contained page.
    Html,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = match format {
            "table" => Format::Table,
            "json" => Format::Json,
            "html" => Format::Html,
            _ => return Err(format!("unknown format {format:?}, expected one of: table, json, html")),
        };
        Ok(Self { format, file })
    }
}

impl Output {
    /// Writes a report.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, report: &Report) -> Result<()> {
        let text = match self.format {
            Format::Table => table::Table(report).to_string(),
            Format::Json => serde_json::to_string_pretty(report)?,
            Format::Html => html::page(report),
        };
        match &self.file {
            None => println!("{text}"),
            Some(file) => std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?,
        }
        Ok(())
    }
}
