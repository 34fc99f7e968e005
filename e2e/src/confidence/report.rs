//! The table, and the verdict below it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

use super::tally::Tally;

/// What was seen in all scenarios that were played.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
    failures: Vec<String>,
}

/// What one client has seen in one scenario.
#[derive(Debug)]
pub struct Row {
    /// What happened to the cluster.
    pub scenario: String,
    /// Which way the submissions went.
    pub through: &'static str,
    /// What became of them.
    pub tally: Tally,
    /// Why lost ones do not count here, if they do not.
    pub excuse: Option<&'static str>,
}

impl Report {
    /// Adds what one client has seen.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds that a scenario could not be played.
    pub fn add_failure(&mut self, failure: String) {
        self.failures.push(failure);
    }

    /// Whether every submission got its answer, but for those with an excuse, and every scenario was played.
    pub fn holds(&self) -> bool {
        let held = |row: &Row| row.tally.answered > 0 && (row.tally.lost() == 0 || row.excuse.is_some());
        self.failures.is_empty() && !self.rows.is_empty() && self.rows.iter().all(held)
    }

    fn table(&self) -> Table {
        let header = [
            "scenario",
            "through",
            "sent",
            "answered",
            "lost",
            "retried",
            "p50",
            "p99",
            "versions",
            "backend pods",
            "frontend pods",
        ];
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN).set_header(header);
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for Row {
            scenario,
            through,
            tally,
            ..
        } in &self.rows
        {
            table.add_row([
                scenario.clone(),
                (*through).to_owned(),
                tally.sent.to_string(),
                tally.answered.to_string(),
                tally.lost().to_string(),
                tally.retried.to_string(),
                milliseconds(tally.quantile(0.5)),
                milliseconds(tally.quantile(0.99)),
                joined(&tally.versions),
                tally.backend_pods.len().to_string(),
                tally.frontend_pods.len().to_string(),
            ]);
        }
        table
    }
}

/// The table is Markdown, so that it can be shown as it is.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}\n", self.table())?;
        for Row {
            scenario,
            through,
            tally,
            excuse,
        } in &self.rows
        {
            for (cause, count) in &tally.lost {
                let excuse = excuse.map_or(String::new(), |excuse| format!(": {excuse}"));
                writeln!(formatter, "{scenario}, {through}: {count} lost, {cause}{excuse}")?;
            }
        }
        for failure in &self.failures {
            writeln!(formatter, "{failure}")?;
        }
        let lost: u64 = self
            .rows
            .iter()
            .filter(|row| row.excuse.is_none())
            .map(|row| row.tally.lost())
            .sum();
        let sent: u64 = self.rows.iter().map(|row| row.tally.sent).sum();
        match (self.holds(), lost) {
            (true, _) => write!(
                formatter,
                "None of {sent} submissions was lost that had to be answered."
            ),
            (false, 0) => write!(
                formatter,
                "This proves nothing: not every scenario was played, or nobody answered."
            ),
            (false, _) => write!(formatter, "{lost} of {sent} submissions were lost."),
        }
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
