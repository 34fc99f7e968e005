//! The report as one self-contained page, for presentation: light and dark, with a timeline per scenario.

mod numbers;
mod timeline;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::numbers::{milliseconds, seconds};
use super::{Report, RouteReport, ScenarioReport, Verdict, thousands};

const STYLE: &str = include_str!("html/style.css");

pub fn page(report: &Report) -> String {
    let (class, mark) = match report.verdict {
        Some(Verdict::Passed) => ("passed", "✓"),
        Some(Verdict::Lost | Verdict::Slow) => ("lost", "✕"),
        Some(Verdict::Incomplete) | None => ("incomplete", "?"),
    };
    let routes = || report.scenarios.iter().flat_map(|scenario| &scenario.routes);
    let sent: u64 = routes().map(|route| route.sent).sum();
    let lost: u64 = report.scenarios.iter().map(ScenarioReport::lost).sum();
    let expected: u64 = routes().map(|route| route.lost).sum::<u64>() - lost;
    let slowest = routes().map(|route| route.latency_ms.p99).fold(0.0, f64::max);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Confidence: " (report.summary) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (timeline::definitions())
                header class=(class) {
                    span.mark aria-hidden="true" { (mark) }
                    div {
                        h1 { (report.summary) }
                        p {
                            "context " b { (report.context) } ", namespace " b { (report.namespace) } ", "
                            (report.started.replace('T', " ").replace('Z', " UTC")) ", "
                            (report.rate) " requests per second and route"
                        }
                    }
                }
                main {
                    div.tiles {
                        (tile(&thousands(sent), "requests"))
                        (tile(&thousands(lost), "lost"))
                        (tile(&thousands(expected), "expected losses"))
                        (tile(&report.scenarios.len().to_string(), "scenarios"))
                        (tile(&milliseconds(slowest), "slowest p99"))
                    }
                    (setting(report))
                    (overview(report))
                    @for skipped in &report.skipped { p.warning { (skipped.title) ": skipped: " (skipped.reason) } }
                    @for failure in &report.failures { p.problem { (failure) } }
                    @for (index, scenario) in report.scenarios.iter().enumerate() { (section(index, scenario)) }
                }
            }
        }
    };
    page.into_string()
}

fn tile(value: &str, label: &str) -> Markup {
    html! { div.tile { b { (value) } span { (label) } } }
}

/// What was tested: routes and Deployments.
fn setting(report: &Report) -> Markup {
    let has_losses = report.scenarios.iter().any(|scenario| scenario.lost() > 0);
    html! {
        div.setting {
            @for route in &report.routes { p { "route " b { (route.name) } ": " code { (route.target) } } }
            @for workload in &report.workloads {
                p {
                    b { (workload.name) } ": image "
                    code { (workload.image) } ", next " code { (workload.next_image) } "; pods: "
                    @for (index, (node, pods)) in workload.nodes.iter().enumerate() {
                        @if index > 0 { ", " }
                        (pods) " on " (node)
                    }
                }
                @for warning in &workload.warnings { p.warning { (warning) "." } }
                @if has_losses && !workload.advice.is_empty() {
                    p { "Settings of " b { (workload.name) } " that usually cause losses:" }
                    ul { @for advice in &workload.advice { li { (advice) } } }
                }
            }
        }
    }
}

fn overview(report: &Report) -> Markup {
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th { "scenario" } th { "route" }
                        @for name in ["sent", "lost", "retried", "closed without notice", "p50", "p99", "max"] { th.number { (name) } }
                        th { "versions" } th.number { "pods" }
                    }
                }
                tbody {
                    @for (index, scenario) in report.scenarios.iter().enumerate() {
                        @for (row, route) in scenario.routes.iter().enumerate() {
                            tr class=[(row == 0).then_some("first")] {
                                td {
                                    @if row == 0 {
                                        (badge(scenario)) " " a href={ "#scenario-" (index) } { (scenario.title) }
                                    }
                                }
                                td { (route.route) }
                                td.number { (thousands(route.sent)) }
                                (lost_cell(scenario, route))
                                td.number { (thousands(route.retried)) }
                                td.number { (thousands(route.closed_without_notice)) }
                                td.number { (milliseconds(route.latency_ms.p50)) }
                                td.number { (milliseconds(route.latency_ms.p99)) }
                                td.number { (milliseconds(route.latency_ms.max)) }
                                td { (route.versions.keys().map(String::as_str).collect::<Vec<_>>().join(", ")) }
                                td.number { @if !route.pods.is_empty() { (route.pods.len()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn lost_cell(scenario: &ScenarioReport, route: &RouteReport) -> Markup {
    let class = match (route.lost, route.unexpectedly_lost(), scenario.is_control) {
        (0, ..) => "number",
        (_, 0, _) | (_, _, true) => "number expected",
        _ => "number bad",
    };
    html! { td class=(class) { (thousands(route.lost)) } }
}

/// Returns a mark with a word: colour alone is not readable for everyone.
fn badge(scenario: &ScenarioReport) -> Markup {
    let (class, text) = if scenario.lost() > 0 {
        ("lost", "✕ lost")
    } else if scenario.problem().is_some() {
        ("incomplete", "? incomplete")
    } else if scenario.is_control {
        ("control", "✓ detected")
    } else {
        ("passed", "✓ passed")
    };
    html! { span.badge.(class) { (text) } }
}

fn section(index: usize, scenario: &ScenarioReport) -> Markup {
    html! {
        section id={ "scenario-" (index) } {
            h2 { (scenario.title) " " (badge(scenario)) }
            p.about {
                (scenario.description.happens) " " b { "Expected: " } (scenario.description.expected) " "
                b { "Losses: " } (scenario.description.losses)
            }
            @if let Some(problem) = scenario.problem() { p.problem { (problem) } }
            (timeline::figure(scenario))
            @for explanation in &scenario.explanations { p.explanation { (explanation) } }
            @if scenario.routes.iter().any(|route| !route.losses.is_empty()) { (losses(scenario)) }
        }
    }
}

fn losses(scenario: &ScenarioReport) -> Markup {
    html! {
        ul.losses {
            @for route in &scenario.routes {
                @for loss in &route.losses {
                    li {
                        b { (thousands(loss.count)) } " on " (route.route) ": " (loss.kind) " (" (loss.detail) "), "
                        (loss.connection) " connections, " (seconds(loss.first)) " to " (seconds(loss.last)) "."
                        @if let Some(reason) = &loss.expected { " Expected: " (reason) "." }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(
            [0, 999, 1000, 44_007, 1_234_567].map(thousands),
            ["0", "999", "1,000", "44,007", "1,234,567"]
        );
        assert_eq!([0.26, 12.3, 5250.0].map(milliseconds), ["0.3 ms", "12 ms", "5.2 s"]);
    }

    #[test]
    fn the_page_is_self_contained_and_escapes_what_it_shows() {
        let report = Report {
            context: "<script>".to_owned(),
            ..Report::default()
        };
        let page = page(&report);
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("&lt;script&gt;"));
        for foreign in ["<script", "src=", "@import", "url("] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}
