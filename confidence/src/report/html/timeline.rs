//! The timeline of a scenario as SVG: responses and losses of each route, latency, events, and the states of the pods.

mod versions;

use std::{collections::BTreeSet, fmt::Write};

use maud::{Markup, html};

use self::versions::Versions;
use super::numbers::{milliseconds, seconds};
use crate::report::{Interval, PodReport, RouteReport, ScenarioReport, thousands};

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 215.0;
const RIGHT: f64 = 12.0;
const EVENTS_HEIGHT: f64 = 26.0;
const RESPONSES_HEIGHT: f64 = 78.0;
const LATENCY_HEIGHT: f64 = 44.0;
const POD_HEIGHT: f64 = 16.0;
const GAP: f64 = 14.0;

/// Markers of events closer than this are drawn as one.
const MARKER_DISTANCE: f64 = 22.0;

/// Returns the pattern that all timelines of a page use.
pub fn definitions() -> Markup {
    html! {
        svg.definitions aria-hidden="true" {
            defs {
                pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    line.hatch x1="0" y1="0" x2="0" y2="6" {}
                }
            }
        }
    }
}

/// Returns the timeline with its legend and events.
pub fn figure(scenario: &ScenarioReport) -> Markup {
    let versions = Versions::of(scenario);
    let scale = Scale {
        seconds: scenario.seconds.max(0.001),
    };
    let charts = scenario.routes.len() as f64 * (RESPONSES_HEIGHT + LATENCY_HEIGHT + 2.0 * GAP);
    let pods = (scenario.pods.len() + workloads(scenario).len()) as f64 * POD_HEIGHT;
    let bottom = EVENTS_HEIGHT + charts + pods + GAP;
    html! {
        figure {
            svg viewBox={ "0 0 " (WIDTH) " " (bottom + 22.0) } role="img" aria-label={ "timeline of " (scenario.title) } {
                (axis(scale, bottom))
                @for (index, route) in scenario.routes.iter().enumerate() {
                    (chart(route, scale, &versions, EVENTS_HEIGHT + index as f64 * (RESPONSES_HEIGHT + LATENCY_HEIGHT + 2.0 * GAP)))
                }
                (pod_rows(scenario, scale, &versions, EVENTS_HEIGHT + charts))
                (markers(scenario, scale, bottom))
            }
            (legend(&versions))
            @if !scenario.events.is_empty() {
                ol.events { @for event in &scenario.events { li { time { (seconds(event.at)) } (event.text) } } }
            }
        }
    }
}

/// Maps seconds to horizontal positions.
#[derive(Clone, Copy)]
struct Scale {
    seconds: f64,
}

impl Scale {
    fn x(self, at: f64) -> f64 {
        round(LEFT + (at / self.seconds).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT))
    }

    /// Returns the distance of the marks on the axis: 5 to 12 of them.
    fn step(self) -> f64 {
        let steps = [
            0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
        ];
        steps
            .into_iter()
            .find(|step| self.seconds / step <= 12.0)
            .unwrap_or(self.seconds / 10.0)
    }
}

fn workloads(scenario: &ScenarioReport) -> BTreeSet<&str> {
    scenario.pods.iter().map(|pod| pod.workload.as_str()).collect()
}

fn axis(scale: Scale, bottom: f64) -> Markup {
    let step = scale.step();
    let count = (scale.seconds / step).floor() as usize;
    html! {
        @for index in 0..=count {
            @let at = index as f64 * step;
            line.grid x1=(scale.x(at)) x2=(scale.x(at)) y1=(EVENTS_HEIGHT) y2=(bottom) {}
            text.quiet.middle x=(scale.x(at)) y=(bottom + 15.0) { (round(at)) " s" }
        }
    }
}

/// Responses by version with losses on top, and latency below.
fn chart(route: &RouteReport, scale: Scale, versions: &Versions, top: f64) -> Markup {
    let width = route.timeline.get(1).map_or(scale.seconds, |second| second.at);
    // The last interval may be shorter than the others.
    let length = |interval: &Interval| (scale.seconds - interval.at).clamp(width / 4.0, width);
    let responded = |interval: &Interval| interval.responded.values().sum::<u64>();
    let rate = |count: u64, interval: &Interval| count as f64 / length(interval);
    let max_rate = route
        .timeline
        .iter()
        .map(|interval| rate(responded(interval) + interval.lost, interval));
    let max_rate = max_rate.fold(1.0, f64::max);
    let max_latency = route
        .timeline
        .iter()
        .map(|interval| interval.latency_ms.p99)
        .fold(10.0, f64::max);
    let responses_bottom = top + RESPONSES_HEIGHT;
    let latency_top = responses_bottom + GAP;
    let y = |rate: f64| responses_bottom - rate / max_rate * (RESPONSES_HEIGHT - 6.0);
    let latency_y = |latency: f64| {
        let share = latency.max(0.1).log10() + 1.0;
        latency_top + LATENCY_HEIGHT - share / (max_latency.log10() + 1.0) * (LATENCY_HEIGHT - 4.0)
    };
    html! {
        text.name x="0" y=(top + 16.0) { (route.route) }
        text.quiet x="0" y=(top + 33.0) { (thousands(route.responded)) " responded" }
        @if route.lost > 0 { text.loss x="0" y=(top + 50.0) { (thousands(route.lost)) " lost" } }
        @if route.closed_without_notice > 0 {
            text.closed x="0" y=(top + 67.0) { (thousands(route.closed_without_notice)) " closed without notice" }
        }
        rect.panel x=(LEFT) y=(top) width=(WIDTH - LEFT - RIGHT) height=(RESPONSES_HEIGHT) {}
        text.quiet.end x=(LEFT - 6.0) y=(top + 10.0) { (round(max_rate)) "/s" }
        @for interval in &route.timeline {
            @let x = scale.x(interval.at);
            @let bar = (scale.x(interval.at + length(interval)) - x).max(0.5);
            @let stack = stacked(interval);
            @for (version, below, count) in &stack {
                @let (low, high) = (y(rate(*below, interval)), y(rate(below + count, interval)));
                rect class=(versions.class(version)) x=(x) y=(round(high)) width=(round(bar + 0.3)) height=(round(low - high)) {
                    title { (seconds(interval.at)) ": " (count) " responded " (version) }
                }
            }
            @if interval.lost > 0 {
                @let (low, high) = (y(rate(responded(interval), interval)), y(rate(responded(interval) + interval.lost, interval)));
                rect.loss x=(x) y=(round(high.min(low - 3.0))) width=(round(bar.max(2.5))) height=(round((low - high).max(3.0))) {
                    title { (seconds(interval.at)) ": " (interval.lost) " lost" }
                }
                rect.loss x=(x) y=(round(responses_bottom + 1.0)) width=(round(bar.max(2.5))) height="5" {}
            }
            @if interval.closed_without_notice > 0 {
                circle.closed cx=(round(x + bar / 2.0)) cy=(round(responses_bottom + 9.0)) r="3" {
                    title { (seconds(interval.at)) ": " (interval.closed_without_notice) " connections closed without notice" }
                }
            }
        }
        rect.panel x=(LEFT) y=(latency_top) width=(WIDTH - LEFT - RIGHT) height=(LATENCY_HEIGHT) {}
        text.quiet.end x=(LEFT - 6.0) y=(latency_top + 10.0) { (milliseconds(max_latency)) }
        text.quiet.end x=(LEFT - 6.0) y=(latency_top + LATENCY_HEIGHT) { "0.1 ms" }
        text.quiet x="0" y=(latency_top + 24.0) { "latency p50, p99" }
        polyline.p50 points=(line(route, scale, |interval| latency_y(interval.latency_ms.p50))) {}
        polyline.p99 points=(line(route, scale, |interval| latency_y(interval.latency_ms.p99))) {}
    }
}

/// Returns version, responses below it, and its own responses.
fn stacked(interval: &Interval) -> Vec<(&str, u64, u64)> {
    let mut below = 0;
    let mut stack = Vec::new();
    for (version, &count) in &interval.responded {
        stack.push((version.as_str(), below, count));
        below += count;
    }
    stack
}

fn line(route: &RouteReport, scale: Scale, y: impl Fn(&Interval) -> f64) -> String {
    let mut points = String::new();
    for interval in route.timeline.iter().filter(|interval| !interval.responded.is_empty()) {
        // Writing to a string does not fail.
        let _ = write!(points, "{},{} ", scale.x(interval.at), round(y(interval)));
    }
    points
}

fn pod_rows(scenario: &ScenarioReport, scale: Scale, versions: &Versions, top: f64) -> Markup {
    let mut row = 0;
    let mut next = || {
        row += 1;
        top + row as f64 * POD_HEIGHT
    };
    html! {
        @for workload in workloads(scenario) {
            text.name x="0" y=(next() - 3.0) { "pods of " (workload) }
            @for pod in scenario.pods.iter().filter(|pod| pod.workload == workload) {
                @let y = next();
                text.quiet.end x=(LEFT - 6.0) y=(y - 4.0) { (short_name(pod)) @if let Some(node) = &pod.node { " · " (node) } }
                @for span in &pod.spans {
                    @let x = scale.x(span.from);
                    @let width = round((scale.x(span.until) - x).max(1.0));
                    rect class={ (versions.class(&versions.of_pod(pod))) " " (span.state) } x=(x) y=(y - POD_HEIGHT + 2.0) width=(width)
                        height=(POD_HEIGHT - 4.0) rx="2" {
                        title { (pod.name) ", " (versions.of_pod(pod)) ", " (span.state) ", " (seconds(span.from)) " to " (seconds(span.until)) }
                    }
                    @if span.state == "terminating" {
                        rect x=(x) y=(y - POD_HEIGHT + 2.0) width=(width) height=(POD_HEIGHT - 4.0) fill="url(#hatch)" {}
                    }
                }
            }
        }
    }
}

/// Returns the part of a pod's name behind that of its workload.
fn short_name(pod: &PodReport) -> &str {
    let (_kind, workload) = pod.workload.split_once('/').unwrap_or(("", &pod.workload));
    pod.name.strip_prefix(&format!("{workload}-")).unwrap_or(&pod.name)
}

/// Numbered markers. The numbers are those of the list below.
fn markers(scenario: &ScenarioReport, scale: Scale, bottom: f64) -> Markup {
    let mut groups: Vec<(f64, usize, usize)> = Vec::new();
    for (index, event) in scenario.events.iter().enumerate() {
        let x = scale.x(event.at);
        match groups.last_mut() {
            Some((first, _, last)) if x - *first < MARKER_DISTANCE => *last = index + 1,
            _ => groups.push((x, index + 1, index + 1)),
        }
    }
    html! {
        @for (x, first, last) in groups {
            line.event x1=(x) x2=(x) y1=(EVENTS_HEIGHT - 6.0) y2=(bottom) {}
            @let half = if first == last { 8.0 } else { 16.0 };
            rect.dot x=(x - half) y="3" width=(2.0 * half) height="16" rx="8" {}
            text.number x=(x) y="15" { (first) @if last > first { "–" (last) } }
        }
    }
}

fn legend(versions: &Versions) -> Markup {
    let swatch = |class: &str| {
        html! {
            svg viewBox="0 0 22 12" aria-hidden="true" {
                rect class=(class) width="22" height="12" rx="2" {}
                @if class.contains("terminating") { rect width="22" height="12" fill="url(#hatch)" {} }
            }
        }
    };
    html! {
        div.legend {
            @for version in &versions.names {
                span { (swatch(&versions.class(version))) @if version.is_empty() { "responded" } @else { (version) } }
            }
            span { (swatch("loss")) "lost" }
            span { (swatch("c5 not-ready")) "pod not ready" }
            span { (swatch("c5")) "ready" }
            span { (swatch("c5 terminating")) "terminating" }
        }
    }
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
