//! The ribbon: the share of each version in the submissions of the last minute.

use std::fmt::Write;

use yew::prelude::*;

use super::{
    marks::look,
    slide::{SECONDS, Snapshot},
};
use crate::state::cluster::Point;

/// The width of the drawing: a unit for each millisecond. It is 1,000 units high.
const WIDTH: u32 = 1_000 * SECONDS;

/// What makes the drawing one unit wide and high.
const SCALE: &str = "scale(.0000125 .001)";

/// A slice for each replica, the versions one above the other. What is lost is a red hole at the bottom.
pub fn ribbon(snapshot: &Snapshot) -> Html {
    let points = Boundaries {
        points: &snapshot.points,
        start: snapshot.start(),
    };
    let versions = &snapshot.versions;
    let mut parts = Vec::new();
    let mut stripes = Vec::new();
    let mut first = 0;
    while let Some(&version) = versions.get(first) {
        let last = versions.iter().rposition(|other| *other == version).unwrap_or(first);
        let whole = points.area(first, last + 1);
        parts.push(html! { <path class="area" data-v={look(version)} d={whole.clone()} /> });
        for slice in (first..=last).filter(|slice| (slice - first) % 2 == 1) {
            parts.push(html! { <path class="second" d={points.area(slice, slice + 1)} /> });
        }
        for boundary in first + 1..=last {
            parts.push(html! { <path class="slice" d={points.line(boundary)} /> });
        }
        if first > 0 {
            parts.push(html! { <path class="edge" d={points.line(first)} /> });
        }
        if version % super::marks::LOOKS > 0 {
            stripes.push((version, whole));
        }
        first = last + 1;
    }
    parts.push(html! { <path class="hole" d={points.area(versions.len(), versions.len() + 1)} /> });
    // A pattern is not stretched with the drawing, so it is a layer of its own, cut out by the area.
    let stripe = |(version, area): &(usize, String)| {
        let id = format!("cut-{version}");
        html! {
            <>
                <clipPath id={id.clone()} clipPathUnits="objectBoundingBox"><path transform={SCALE} d={area.clone()} /></clipPath>
                <rect width="100%" height="100%" fill={format!("url(#pattern-{})", look(*version))} clip-path={format!("url(#{id})")} />
            </>
        }
    };
    html! {
        <>
            <svg viewBox={format!("0 0 {WIDTH} 1000")} preserveAspectRatio="none">{ for parts }</svg>
            <svg>
                <pattern id="pattern-2" width="14" height="14" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <path d="M0 0h4v14h-4z" />
                </pattern>
                <pattern id="pattern-3" width="12" height="12" patternUnits="userSpaceOnUse"><circle cx="6" cy="6" r="2.5" /></pattern>
                { for stripes.iter().map(stripe) }
            </svg>
        </>
    }
}

/// The lines between the slices, from left to right.
struct Boundaries<'a> {
    points: &'a [Point],
    /// The time at the left edge, in milliseconds.
    start: f64,
}

impl Boundaries<'_> {
    /// Returns the points of a boundary: the top is 0, the bottom one more than there are slices.
    fn of(&self, boundary: usize) -> Vec<(u32, u32)> {
        let y = |point: &Point| match boundary.checked_sub(1) {
            None => 0,
            Some(slice) => point.ends.get(slice).copied().unwrap_or(1_000),
        };
        let x = |point: &Point| (f64::from(point.at) - self.start).clamp(0.0, f64::from(WIDTH)) as u32;
        let mut line: Vec<(u32, u32)> = self.points.iter().map(|point| (x(point), y(point))).collect();
        // The shares stay what they are until something else is known.
        if let Some(&(_, y)) = line.last() {
            line.push((WIDTH, y));
        }
        line
    }

    /// Returns the line between two slices, in pieces: not where it is at the edge of the ribbon.
    fn line(&self, boundary: usize) -> String {
        let points = self.of(boundary);
        let pieces = points.split(|(_, y)| !(4..=996).contains(y));
        pieces.map(|piece| curve('M', piece.iter().copied())).collect()
    }

    /// Returns the area between two boundaries.
    fn area(&self, top: usize, bottom: usize) -> String {
        curve('M', self.of(top).into_iter()) + &curve('L', self.of(bottom).into_iter().rev())
    }
}

/// Returns a smooth line: the middle of each two points is on it, and the points pull it towards them.
fn curve(start: char, points: impl Iterator<Item = (u32, u32)>) -> String {
    let mut path = String::new();
    let mut last = None;
    for (x, y) in points {
        // Writing to a string does not fail.
        _ = match last.replace((x, y)) {
            None => write!(path, "{start}{x} {y}"),
            Some((x0, y0)) => write!(path, "Q{x0} {y0} {} {}", (x0 + x) / 2, (y0 + y) / 2),
        };
    }
    if let Some((x, y)) = last {
        _ = write!(path, "L{x} {y}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_gap_where_a_version_has_no_share() {
        let ends = [800, 900, 1_000, 1_000, 950, 900];
        let point = |(end, at): (u32, u32)| Point {
            at: 500 * at,
            ends: vec![end],
        };
        let points: Vec<Point> = ends.into_iter().zip(0..).map(point).collect();
        let boundaries = Boundaries {
            points: &points,
            start: 0.0,
        };
        let line = boundaries.line(1);
        assert_eq!(line.matches('M').count(), 2, "{line}");
    }
}
