//! The measurements as a table.

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

/// The figures of one server in one round, each with its name, in the order of the table.
pub type Round = Vec<(&'static str, f64)>;

/// Returns the medians of all rounds, the server `name` beside the bare one, and the medians of their ratios.
pub fn table(name: &str, rounds: &[Round], bare: &[Round]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["", name, "bare actix-web", "ratio"]);
    let names = rounds.first().into_iter().flatten().map(|(name, _)| *name);
    for (figure, name) in names.enumerate() {
        let [ours, theirs] = [rounds, bare].map(|rounds| rounds.iter().map(move |round| round[figure].1));
        table.add_row([
            name.to_owned(),
            rounded(median(ours)),
            rounded(median(theirs)),
            formatted(ratio(rounds, bare, figure)),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Returns the median of the ratios of a figure, round by round.
fn ratio(rounds: &[Round], bare: &[Round], figure: usize) -> f64 {
    let pairs = rounds.iter().zip(bare);
    median(pairs.map(|(ours, theirs)| ours[figure].1 / theirs[figure].1))
}

/// Returns the median of the ratios of the figure with this name, or of the figure itself where there is no other server.
pub fn median_of(name: &str, rounds: &[Round], bare: Option<&[Round]>) -> f64 {
    let figure = rounds
        .first()
        .and_then(|round| round.iter().position(|(figure, _)| *figure == name));
    match (figure, bare) {
        (Some(figure), Some(bare)) => ratio(rounds, bare, figure),
        (Some(figure), None) => median(rounds.iter().map(|round| round[figure].1)),
        (None, _) => f64::NAN,
    }
}

/// Returns the middle one of `values`, or not a number where there are none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn formatted(value: f64) -> String {
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
    fn the_table_holds_the_medians_of_the_figures_and_of_their_ratios() {
        let rounds = |values: [f64; 3]| values.map(|value| vec![("CPU", value)]);
        let table = table("backend", &rounds([30.0, 11.0, 1.0]), &rounds([20.0, 10.0, 0.5])).to_string();
        let row = table.lines().last().unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(row, ["|", "CPU", "|", "11.0", "|", "10.0", "|", "1.50", "|"]);
    }
}
