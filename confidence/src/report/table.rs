//! The report for people: a table in Markdown, and sentences below.

use std::{collections::BTreeMap, fmt};

use comfy_table::{CellAlignment, presets};

use super::{Report, ScenarioReport};

const HEADER: [&str; 11] = [
    "scenario",
    "route",
    "sent",
    "responded",
    "lost",
    "retried",
    "closed",
    "p50",
    "p99",
    "versions",
    "pods",
];

#[derive(Debug)]
pub struct Table<'a>(pub &'a Report);

impl fmt::Display for Table<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        for workload in &report.workloads {
            let nodes = workload.nodes.iter().map(|(node, pods)| format!("{pods} on {node}"));
            let nodes = nodes.collect::<Vec<_>>().join(", ");
            writeln!(formatter, "{}: {}, pods: {nodes}", workload.name, workload.image)?;
            for warning in &workload.warnings {
                writeln!(formatter, "warning: {warning}")?;
            }
        }
        writeln!(formatter, "\n{}\n", table(report))?;
        for scenario in &report.scenarios {
            write_notes(formatter, scenario)?;
        }
        for skipped in &report.skipped {
            writeln!(formatter, "{}: skipped: {}", skipped.title, skipped.reason)?;
        }
        for failure in &report.failures {
            writeln!(formatter, "{failure}")?;
        }
        if report.scenarios.iter().any(|scenario| scenario.lost() > 0) {
            for workload in report.workloads.iter().filter(|workload| !workload.advice.is_empty()) {
                writeln!(formatter, "\nSettings of {} that usually cause losses:", workload.name)?;
                for advice in &workload.advice {
                    writeln!(formatter, "- {advice}")?;
                }
                writeln!(formatter)?;
            }
        }
        write!(formatter, "{}", report.summary)
    }
}

/// Returns a report as a job summary: the verdict, the table, and all else to be unfolded.
pub fn markdown(report: &Report) -> String {
    let mark = match report.exit_code() {
        0 => "✅",
        1 => "❌",
        _ => "⚠️",
    };
    let (table, notes) = (
        table(report),
        Table(report).to_string().replace(&table(report).to_string(), ""),
    );
    format!(
        "### {mark} {}\n\n{table}\n\n<details><summary>Details</summary>\n\n```text\n{}\n```\n\n</details>\n\n",
        report.summary,
        notes.trim()
    )
}

fn table(report: &Report) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(HEADER);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for scenario in &report.scenarios {
        for route in &scenario.routes {
            table.add_row([
                scenario.title.clone(),
                route.route.clone(),
                route.sent.to_string(),
                route.responded.to_string(),
                route.lost.to_string(),
                route.retried.to_string(),
                route.closed_without_notice.to_string(),
                format!("{:.1} ms", route.latency_ms.p50),
                format!("{:.1} ms", route.latency_ms.p99),
                names(&route.versions),
                match route.pods.len() {
                    0 => String::new(),
                    pods => pods.to_string(),
                },
            ]);
        }
    }
    table
}

fn write_notes(formatter: &mut fmt::Formatter<'_>, scenario: &ScenarioReport) -> fmt::Result {
    let title = &scenario.title;
    for route in &scenario.routes {
        for loss in &route.losses {
            let (count, kind, connection, detail) = (loss.count, loss.kind, loss.connection, &loss.detail);
            write!(
                formatter,
                "{title}, {}: {count} lost, {kind} ({detail}) on {connection} connections, from {:.1} s to {:.1} s",
                route.route, loss.first, loss.last
            )?;
            match &loss.expected {
                Some(reason) => writeln!(formatter, ". Expected: {reason}")?,
                None => writeln!(formatter)?,
            }
        }
    }
    for explanation in &scenario.explanations {
        writeln!(formatter, "{title}: {explanation}")?;
    }
    match scenario.problem() {
        Some(problem) => writeln!(formatter, "{problem}"),
        None if scenario.is_control => writeln!(formatter, "{title}: detected, as a negative control must be"),
        None => Ok(()),
    }
}

fn names(counts: &BTreeMap<String, u64>) -> String {
    counts.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}
