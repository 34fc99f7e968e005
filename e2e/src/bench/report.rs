//! What was measured, as a table.

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

/// What one round measured of one server, each figure under its name, in the order of the table.
pub type Round = Vec<(&'static str, f64)>;

/// The medians of all rounds, the backend beside the bare server, and of how many times the other's figure the one's is.
pub fn table(backend: &[Round], bare: &[Round]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["", "backend", "bare actix-web", "ratio"]);
    let names = backend.first().into_iter().flatten().map(|(name, _)| *name);
    for (figure, name) in names.enumerate() {
        let [backend, bare] = [backend, bare].map(|rounds| rounds.iter().map(move |round| round[figure].1));
        let ratios = backend.clone().zip(bare.clone()).map(|(backend, bare)| backend / bare);
        table.add_row([
            name.to_owned(),
            rounded(median(backend)),
            rounded(median(bare)),
            ratio(median(ratios)),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The middle one of `values`, or not a number where there are none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
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
    fn the_table_holds_medians_also_of_the_ratios() {
        let rounds = |values: [f64; 3]| values.map(|value| vec![("CPU", value)]);
        let table = table(&rounds([30.0, 11.0, 1.0]), &rounds([20.0, 10.0, 0.5])).to_string();
        let row = table.lines().last().unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(row, ["|", "CPU", "|", "11.0", "|", "10.0", "|", "1.50", "|"]);
    }
}
