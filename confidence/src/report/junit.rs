//! The report as JUnit's XML, for pipelines that show test results: a test case per scenario.

use maud::{PreEscaped, html};

use super::{Report, ScenarioReport, thousands};

pub fn document(report: &Report) -> String {
    let limit = report.max_p99_ms.unwrap_or(f64::INFINITY);
    let failures = report
        .scenarios
        .iter()
        .filter(|scenario| failure(scenario, limit).is_some())
        .count();
    let errors = report.failures.len() + report.scenarios.iter().filter(|scenario| is_error(scenario)).count();
    let tests = report.scenarios.len() + report.skipped.len() + report.failures.len();
    let seconds: f64 = report.scenarios.iter().map(|scenario| scenario.seconds).sum();
    let markup = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuite name="kubectl-confidence" timestamp=(report.started) tests=(tests) failures=(failures) errors=(errors)
            skipped=(report.skipped.len()) time=(format!("{seconds:.1}")) {
            @for scenario in &report.scenarios {
                testcase name=(scenario.title) classname="kubectl-confidence" time=(format!("{:.1}", scenario.seconds)) {
                    @if let Some(failure) = failure(scenario, limit) { failure message=(failure) { (scenario.explanations.join("\n")) } }
                    @else if is_error(scenario) { error message=(scenario.problem().unwrap_or_default()) {} }
                }
            }
            @for skipped in &report.skipped {
                testcase name=(skipped.title) classname="kubectl-confidence" { skipped message=(skipped.reason) {} }
            }
            @for failure in &report.failures {
                testcase name="the run" classname="kubectl-confidence" { error message=(failure) {} }
            }
        }
    };
    markup.into_string()
}

/// Returns what was lost or too slow, if anything.
fn failure(scenario: &ScenarioReport, limit: f64) -> Option<String> {
    match scenario.lost() {
        0 => scenario.slow(limit).next(),
        lost => Some(format!("{} requests were lost", thousands(lost))),
    }
}

fn is_error(scenario: &ScenarioReport) -> bool {
    scenario.lost() == 0 && scenario.problem().is_some()
}
