//! What was measured, as a table.

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

/// What one round measured of one server, each figure under its name, in the order of the table.
pub type Round = Vec<(&'static str, f64)>;

/// The medians of all rounds, the backend beside the bare server, and the one divided by the other.
pub fn table(backend: &[Round], bare: &[Round]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["", "backend", "bare actix-web", "ratio"]);
    let names = backend.first().into_iter().flatten().map(|(name, _)| *name);
    for (figure, name) in names.enumerate() {
        let (backend, bare) = (median(backend, figure), median(bare, figure));
        table.add_row([name.to_owned(), rounded(backend), rounded(bare), ratio(backend / bare)]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn median(rounds: &[Round], figure: usize) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(|round| round[figure].1).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn ratio(value: f64) -> String {
    if value.is_nan() {
        "-".to_owned()
    } else {
        format!("{value:.2}")
    }
}

fn rounded(value: f64) -> String {
    if value.is_nan() {
        "-".to_owned()
    } else if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_medians_and_their_ratio() {
        let rounds = |values: [f64; 3]| values.map(|value| vec![("CPU", value)]);
        let table = table(&rounds([30.0, 11.0, 1.0]), &rounds([10.0, 900.0, 1.0])).to_string();
        let row = table.lines().last().unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(row, ["|", "CPU", "|", "11.0", "|", "10.0", "|", "1.10", "|"]);
    }
}
