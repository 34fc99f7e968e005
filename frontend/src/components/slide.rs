//! The picture of the last minute, which moves with the clock.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::{
    marks::{LOOKS, look},
    ribbon::ribbon,
    sliding::use_sliding,
    tile::{ByAddress, Tile},
};
use crate::state::cluster::{ActiveFault, Mark, Phase, Point, Replica, Second, Span, WINDOW, Window};

/// How long a picture lasts, in seconds. Meanwhile only what is new is drawn, at the right of what was there.
const LASTS: u32 = 20;

/// The seconds that the picture covers: those of the window, and those to come until the next picture.
pub const SECONDS: u32 = WINDOW as u32 + LASTS;

/// What is drawn. A snapshot of the same time and lanes is not drawn again.
#[derive(Debug)]
pub struct Snapshot {
    /// The lanes, from top to bottom.
    pub lanes: Rc<[Lane]>,
    /// The version of each replica in `points`.
    pub versions: Vec<usize>,
    /// The shares.
    pub points: Rc<[Point]>,
    /// The marks.
    pub window: Window,
    /// The time, in milliseconds.
    pub now: f64,
}

/// A lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    id: u32,
    version: usize,
    spans: Vec<Span>,
    fault: Option<ActiveFault>,
}

impl Lane {
    /// Returns the lane of a replica.
    pub fn new(replica: &Replica) -> Self {
        Self {
            id: replica.id,
            version: replica.version,
            spans: replica.spans.clone(),
            fault: replica.fault,
        }
    }
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        self.now == other.now && self.lanes == other.lanes
    }
}

impl Snapshot {
    /// Returns since when this picture is the current one, in seconds.
    fn since(&self) -> u32 {
        let newest = self.window.seconds.back().map_or(0, |second| second.number);
        newest - newest % LASTS
    }

    /// Returns the time at the left edge, in milliseconds.
    pub fn start(&self) -> f64 {
        1_000.0 * (f64::from(self.since()) - WINDOW as f64)
    }

    /// Returns a time as a position from the left, in hundredths of a percent of the width.
    fn position(&self, at: f64) -> u32 {
        ((at - self.start()) * 10.0 / f64::from(SECONDS)).clamp(0.0, 10_000.0) as u32
    }
}

/// Returns hundredths of a percent as a length.
fn percent(hundredths: u32) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// The properties of [`Slide`].
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct SlideProps {
    /// What is drawn.
    pub snapshot: Rc<Snapshot>,
    /// Whether the picture moves with the clock.
    pub moving: bool,
}

/// The ribbon, the lanes, the retries, and the losses across all of them.
#[component]
pub fn Slide(SlideProps { snapshot, moving }: &SlideProps) -> Html {
    let sliding = use_sliding(snapshot.since(), *moving);
    let looks: Rc<[(u32, usize)]> = snapshot
        .lanes
        .iter()
        .map(|lane| (lane.id, lane.version % LOOKS))
        .collect();
    // In one drawing: a browser would count elements of the page that move each second as an unstable layout.
    let tile = |second: &Rc<Second>| {
        let x = snapshot.position(1_000.0 * f64::from(second.number));
        html! {
            <svg key={second.number} x={percent(x)} width={percent(10_000 / SECONDS)}>
                <Tile second={ByAddress(second.clone())} lanes={looks.clone()} />
            </svg>
        }
    };
    use_effect_with(looks.len(), |lanes| {
        // Not an attribute: the Content-Security-Policy forbids inline styles.
        if let Ok(root) = gloo_utils::document_element().dyn_into::<HtmlElement>() {
            // It fails only for an element without styles.
            _ = root.style().set_property("--lanes", &lanes.max(&1).to_string());
        }
    });
    html! {
        <div class="window" role="img" aria-label="The submissions of the last minute: the share of each version, and a lane for each replica">
            <div class="slide" ref={sliding}>
                <div class="ribbon">{ ribbon(snapshot) }</div>
                <div class="lanes">
                    <svg class="bands">{ for snapshot.lanes.iter().enumerate().map(|(index, lane)| bands(snapshot, index, lane)) }</svg>
                    <svg class="tiles">{ for snapshot.window.seconds.iter().map(tile) }</svg>
                </div>
                <div class="retries"><svg>{ retries(snapshot) }</svg></div>
                <svg class="losses">{ losses(snapshot) }</svg>
            </div>
        </div>
    }
}

/// What the replica of a lane did.
fn bands(snapshot: &Snapshot, index: usize, lane: &Lane) -> Html {
    let lanes = snapshot.lanes.len() as u32;
    let (y, height) = ((10_000 * index as u32 + 1_200) / lanes, 7_600 / lanes);
    let band = |kind: &'static str, from: f64, to: f64| {
        let (x, end) = (snapshot.position(from), snapshot.position(to));
        if end <= x {
            return html! {};
        }
        html! { <rect class={kind} x={percent(x)} y={percent(y)} width={percent(end - x)} height={percent(height)} /> }
    };
    let ends = lane.spans.iter().skip(1).map(|next| next.from).chain([f64::INFINITY]);
    let spans = lane.spans.iter().zip(ends).map(|(span, end)| match span.phase {
        Phase::Answering => band("ready", span.from, end),
        Phase::Starting | Phase::NotReady => band("not-ready", span.from, end),
        Phase::Restarting => band("down", span.from, end),
        Phase::Gone => html! {},
    });
    // What a fault has stopped, has a box of its own.
    let answers = lane.spans.last().is_some_and(|span| span.phase == Phase::Answering);
    let fault = lane
        .fault
        .filter(|_| answers)
        .map(|active| band("fault", active.from, snapshot.now.min(active.until).max(active.from)));
    html! { <g key={lane.id} data-v={look(lane.version)}>{ for spans }{ for fault }</g> }
}

/// A diamond for each retry; those within half a second share one.
fn retries(snapshot: &Snapshot) -> Html {
    let mut last = None;
    let positions = marks(&snapshot.window, Mark::Retried).filter_map(move |at| {
        let bucket = Some((at / 500.0) as u32);
        (std::mem::replace(&mut last, bucket) != bucket).then(|| snapshot.position(at))
    });
    let diamond = |x: u32| html! { <svg key={x} class="at" x={percent(x)} y="50%"><path class="diamond" d="M-5 0 0-5 5 0 0 5z" /></svg> };
    html! { <>{ for positions.map(diamond) }</> }
}

/// A bar for each loss. Those side by side merge into a block, which says how many.
fn losses(snapshot: &Snapshot) -> Html {
    /// Losses at most so far apart belong together, in milliseconds.
    const DISTANCE: f64 = 1_500.0;
    /// The shortest block with a number in it, in milliseconds.
    const LABELLED: f64 = 12_000.0;
    let mut blocks: Vec<(f64, f64, u32)> = Vec::new();
    for at in marks(&snapshot.window, Mark::Lost) {
        match blocks.last_mut() {
            Some((_, end, count)) if at - *end < DISTANCE => {
                *end = at;
                *count += 1;
            }
            _ => blocks.push((at, at, 1)),
        }
    }
    let block = |(start, end, count): (f64, f64, u32)| {
        // What has not ended reaches to the right edge.
        let end = if snapshot.now - end < DISTANCE {
            f64::INFINITY
        } else {
            end
        };
        let (x, width) = (
            snapshot.position(start),
            snapshot.position(end) - snapshot.position(start),
        );
        let middle = (snapshot.position(start) + snapshot.position(end.min(snapshot.now))) / 2;
        html! {
            <>
                <rect x={percent(x)} width={percent(width)} height="100%" />
                if end.min(snapshot.now) - start >= LABELLED {
                    <text x={percent(middle)} y="50%">{ format!("{count} lost") }</text>
                }
            </>
        }
    };
    html! { <>{ for blocks.into_iter().map(block) }</> }
}

/// Returns the times of the marks of one kind.
fn marks(window: &Window, kind: Mark) -> impl Iterator<Item = f64> {
    window.seconds.iter().flat_map(move |second| {
        let of_kind = second.marks.iter().filter(move |(_, mark)| *mark == kind);
        of_kind.map(|(millis, _)| 1_000.0 * f64::from(second.number) + f64::from(*millis))
    })
}
