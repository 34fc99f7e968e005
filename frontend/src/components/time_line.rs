//! The time line: every answer of the last minute as a mark, one lane for each replica, and one for what went wrong.

use std::fmt::Write;
use std::rc::Rc;

use yew::prelude::*;

use super::replica_mark::{path, replica_mark, stroke_of};
use super::sliding::use_sliding;
use crate::state::board::{Mark, Replica, Second, Sign, Tape};

/// The height of a lane in pixels; `time-line.css` gives the names beside the lanes the same.
const LANE: u32 = 32;

/// What [`TimeLine`] shows.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct Props {
    /// The marks.
    pub tape: Tape,
    /// The replicas, one lane each.
    pub replicas: Vec<Replica>,
    /// Whether time goes on.
    pub moving: bool,
}

/// What the drawing of a lane depends on: the replica's id, colour and shape.
type Lane = (u32, u32, u32);

/// The lanes and their names. The marks slide to the left as time goes by; a second that is over is never drawn again.
#[component]
pub fn TimeLine(Props { tape, replicas, moving }: &Props) -> Html {
    let newest = tape.seconds.back().map_or(0, |second| second.number);
    let sliding = use_sliding(newest, *moving);
    let lanes: Rc<[Lane]> = replicas
        .iter()
        .map(|replica| (replica.id, replica.colour, replica.shape))
        .collect();
    let label = |replica: &Replica| {
        // The last part of a pod's name is its own, all before it is its Deployment's.
        let own = replica.pod.rsplit('-').next().unwrap_or_default().to_owned();
        html! {
            <li key={replica.id} data-gone={replica.gone.then_some("")}>
                { replica_mark(replica.colour, replica.shape) }
                <span class="own">{ own }</span>
                <span>{ replica.version.clone() }</span>
            </li>
        }
    };
    html! {
        <figure class="time-line">
            <ol class="lanes" aria-hidden="true">
                { for replicas.iter().map(label) }
                <li>{ "lost" }</li>
            </ol>
            <div class="window" role="img" aria-label="The answers of the last minute, one lane for each replica">
                <div class="tape" ref={sliding}>
                    { for tape.seconds.iter().map(|second| html! {
                        <Tile key={second.number} second={Drawn(second.clone())} lanes={lanes.clone()} />
                    }) }
                </div>
            </div>
            <figcaption class="quiet">
                { "The last 60 seconds. Each mark is an answer, the slower the higher. A lost submission is a bar across all lanes." }
            </figcaption>
        </figure>
    }
}

/// A second, equal only to itself: comparing addresses is enough, since a second that changes is made anew.
#[derive(Debug, Clone)]
struct Drawn(Rc<Second>);

impl PartialEq for Drawn {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Debug, Clone, PartialEq, Properties)]
struct TileProps {
    second: Drawn,
    lanes: Rc<[Lane]>,
}

/// One second. Its width is a thousand units of a millisecond each, however many pixels that is.
#[component]
fn Tile(TileProps { second, lanes }: &TileProps) -> Html {
    let height = LANE * (lanes.len() as u32 + 1);
    let strokes = |sign, lane: usize, stroke| strokes(&second.0.marks, sign, LANE * (lane as u32 + 1), stroke);
    let answers = |lane, &(replica, colour, shape): &Lane| {
        path(
            colour,
            shape,
            strokes(Sign::Answered { replica }, lane, stroke_of(shape)),
        )
    };
    let lost = strokes(Sign::Lost, lanes.len(), "h0");
    html! {
        <svg viewBox={format!("0 0 1000 {height}")} height={height.to_string()} preserveAspectRatio="none">
            { for lanes.iter().enumerate().map(|(lane, replica)| answers(lane, replica)) }
            <path class="retried" d={strokes(Sign::Retried, lanes.len(), "h0")} />
            if !lost.is_empty() {
                <path class="lost-bar" d={bars(&second.0.marks, height)} />
                <path class="lost" d={lost} />
            }
        </svg>
    }
}

/// A stroke for each mark of this sign, in the lane that ends at `bottom`.
fn strokes(marks: &[(u32, Mark)], sign: Sign, bottom: u32, stroke: &str) -> String {
    let mut path = String::new();
    for (x, mark) in marks.iter().filter(|(_, mark)| mark.sign == sign) {
        // Writing to a string never fails.
        _ = write!(path, "M{x} {}{stroke}", bottom - height_of(mark));
    }
    path
}

/// A bar from top to bottom for each lost submission.
fn bars(marks: &[(u32, Mark)], height: u32) -> String {
    let lost = marks.iter().filter(|(_, mark)| mark.sign == Sign::Lost);
    lost.map(|(x, _)| format!("M{x} 0V{height}")).collect()
}

/// How high above the bottom of its lane a mark stands: 2 pixels for each doubling of its latency.
fn height_of(mark: &Mark) -> u32 {
    match mark.sign {
        Sign::Answered { .. } => (6 + 2 * mark.millis.checked_ilog2().unwrap_or_default()).min(LANE - 5),
        Sign::Retried | Sign::Lost => LANE / 2,
    }
}
