//! Writes the report in one of its formats.

use std::{fs::OpenOptions, io::Write, path::PathBuf, str::FromStr};

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::{Report, html, junit, table};

/// A format of the report, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    /// The file. Standard output by default.
    pub file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table in Markdown, and sentences below.
    Table,
    /// The table as a job summary: appended to a file.
    Markdown,
    /// JUnit's XML, a test case per scenario.
    Junit,
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
        let format = Format::from_str(format, false)
            .map_err(|_| format!("unknown format {format:?}, expected one of: table, markdown, json, junit, html"))?;
        Ok(Self { format, file })
    }
}

impl Output {
    pub fn write(&self, report: &Report) -> Result<()> {
        let text = match self.format {
            Format::Table => table::Table(report).to_string(),
            Format::Markdown => table::markdown(report),
            Format::Junit => junit::document(report),
            Format::Json => serde_json::to_string_pretty(report)?,
            Format::Html => html::page(report),
        };
        let Some(file) = &self.file else {
            println!("{text}");
            return Ok(());
        };
        // A job summary has what several steps of a pipeline append.
        let mut options = OpenOptions::new();
        match self.format {
            Format::Markdown => options.append(true),
            _ => options.write(true).truncate(true),
        };
        let written = options
            .create(true)
            .open(file)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write {}", file.display()))
    }
}
