//! The timeline: every response of the last minute as a mark, one lane per replica, and one for retries and losses.

use std::{fmt::Write, rc::Rc};

use yew::prelude::*;

use super::{
    replica_mark::{path, replica_mark, stroke_of},
    sliding::use_sliding,
};
use crate::state::board::{Mark, MarkKind, Replica, Second, Timeline};

/// The height of a lane in pixels, the same as in `timeline.css`.
const LANE: u32 = 32;

/// The properties of [`TimelineView`].
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct TimelineProps {
    /// The marks.
    pub timeline: Timeline,
    /// The replicas, one lane each.
    pub replicas: Vec<Replica>,
    /// Whether the timeline moves with the clock.
    pub moving: bool,
}

/// What a lane's drawing depends on: the replica's id, colour and shape.
type Lane = (u32, u32, u32);

/// The lanes and their names. The marks move to the left with the clock; a second in the past is never drawn again.
#[component]
pub fn TimelineView(props: &TimelineProps) -> Html {
    let TimelineProps {
        timeline,
        replicas,
        moving,
    } = props;
    let newest = timeline.seconds.back().map_or(0, |second| second.number);
    let sliding = use_sliding(newest, *moving);
    let lanes: Rc<[Lane]> = replicas
        .iter()
        .map(|replica| (replica.id, replica.colour, replica.shape))
        .collect();
    let label = |replica: &Replica| {
        let own = replica.short_name().to_owned();
        html! {
            <li key={replica.id} data-gone={replica.gone.then_some("")}>
                { replica_mark(replica.colour, replica.shape) }
                <span class="own">{ own }</span>
                <span>{ replica.version.clone() }</span>
            </li>
        }
    };
    html! {
        <figure class="timeline">
            <ol class="lanes" translate="no" aria-hidden="true">
                { for replicas.iter().map(label) }
                <li>{ "lost" }</li>
            </ol>
            <div class="window" role="img" aria-label="The responses of the last minute, one lane per replica">
                <div class="track" ref={sliding}>
                    { for timeline.seconds.iter().map(|second| html! {
                        <Tile key={second.number} second={ByAddress(second.clone())} lanes={lanes.clone()} />
                    }) }
                </div>
            </div>
            <figcaption class="quiet">
                { "The last 60 seconds. Each mark is a response; slower ones are higher. A lost submission is a bar across all lanes. A dashed bar is a fault, a solid one the recovery." }
            </figcaption>
        </figure>
    }
}

/// A second, compared by its address: a second that changes is a new allocation.
#[derive(Debug, Clone)]
struct ByAddress(Rc<Second>);

impl PartialEq for ByAddress {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Debug, Clone, PartialEq, Properties)]
struct TileProps {
    second: ByAddress,
    lanes: Rc<[Lane]>,
}

/// One second. Its width is 1,000 units of a millisecond each.
#[component]
fn Tile(TileProps { second, lanes }: &TileProps) -> Html {
    let height = LANE * (lanes.len() as u32 + 1);
    let strokes = |kind, lane: usize, stroke| strokes(&second.0.marks, kind, LANE * (lane as u32 + 1), stroke);
    let answers = |lane, &(replica, colour, shape): &Lane| {
        path(
            colour,
            shape,
            strokes(MarkKind::Answered { replica }, lane, stroke_of(shape)),
        )
    };
    let lane_bars = |kind: fn(u32) -> MarkKind| -> String {
        let lanes = lanes.iter().enumerate();
        lanes
            .map(|(lane, &(replica, ..))| lane_bars(&second.0.marks, kind(replica), LANE * lane as u32))
            .collect()
    };
    let lost = strokes(MarkKind::Lost, lanes.len(), "h0");
    html! {
        <svg viewBox={format!("0 0 1000 {height}")} height={height.to_string()} preserveAspectRatio="none">
            { for lanes.iter().enumerate().map(|(lane, replica)| answers(lane, replica)) }
            <path class="retried" d={strokes(MarkKind::Retried, lanes.len(), "h0")} />
            <path class="broken" d={lane_bars(|replica| MarkKind::Broken { replica })} />
            <path class="recovered" d={lane_bars(|replica| MarkKind::Recovered { replica })} />
            if !lost.is_empty() {
                <path class="lost-bar" d={bars(&second.0.marks, height)} />
                <path class="lost" d={lost} />
            }
        </svg>
    }
}

/// Returns a stroke for each mark of this kind, in the lane that ends at `bottom`.
fn strokes(marks: &[(u32, Mark)], kind: MarkKind, bottom: u32, stroke: &str) -> String {
    let mut path = String::new();
    for (x, mark) in marks.iter().filter(|(_, mark)| mark.kind == kind) {
        // Writing to a string does not fail.
        _ = write!(path, "M{x} {}{stroke}", bottom - height_of(mark));
    }
    path
}

/// Returns a bar as high as a lane for each mark of this kind, in the lane that begins at `top`.
fn lane_bars(marks: &[(u32, Mark)], kind: MarkKind, top: u32) -> String {
    let marks = marks.iter().filter(|(_, mark)| mark.kind == kind);
    marks.map(|(x, _)| format!("M{x} {top}v{}", LANE - 1)).collect()
}

/// Returns a bar from top to bottom for each lost submission.
fn bars(marks: &[(u32, Mark)], height: u32) -> String {
    let lost = marks.iter().filter(|(_, mark)| mark.kind == MarkKind::Lost);
    lost.map(|(x, _)| format!("M{x} 0V{height}")).collect()
}

/// Returns the height of a mark above the bottom of its lane: 2 pixels for each doubling of its latency.
fn height_of(mark: &Mark) -> u32 {
    match mark.kind {
        MarkKind::Answered { .. } => (6 + 2 * mark.millis.checked_ilog2().unwrap_or_default()).min(LANE - 5),
        _ => LANE / 2,
    }
}
