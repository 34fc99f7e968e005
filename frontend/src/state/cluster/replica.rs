//! A replica as the page sees it: by its responses to submissions, and by what it says about itself.

use api::SubmissionResponse;
use yew::AttrValue;

use super::{ActiveFault, Latencies, WINDOW};

/// The shortest silence that counts, in milliseconds. A living replica that is out of CPU time may stall for a moment.
const STALL_TIMEOUT: f64 = 2_000.0;

/// In an outage, for how long it counts what a replica has said about itself, in milliseconds.
const DESCRIBE_TIMEOUT: f64 = 4_000.0;

/// For each replica that is present, how often others must have been picked until a replica counts as no longer picked.
///
/// A Service picks replicas at random: `16 n` picks among `n` replicas miss a living one with a probability of at most
/// e⁻¹⁶.
const GONE_PICKS: u32 = 16;

/// The same until what a replica has said about itself is out of date: an error matters only for one that is not ready.
const STALE_PICKS: u32 = 8;

/// The same until a replica that says that it is not ready counts as no longer picked.
const UNREADY_PICKS: u32 = 4;

/// How long a replica may take to become ready, in milliseconds. A healthy one needs a second or two.
pub const START_TIMEOUT: f64 = 10_000.0;

/// What a replica does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It exists, and has not answered a submission yet.
    Starting,
    /// It answers submissions.
    Answering,
    /// It says that it is not ready, after it has answered submissions.
    NotReady,
    /// It does not answer because of a fault, or has been restarted.
    Restarting,
    /// It no longer answers.
    Gone,
}

/// A time in which a replica did one thing. It ends where the next one begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// When it began, in milliseconds on the browser's monotonic clock.
    pub from: f64,
    /// What the replica did.
    pub phase: Phase,
}

/// A replica.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Replica {
    /// Its number in this run.
    pub id: u32,
    /// The pod's name.
    pub pod: AttrValue,
    /// The number of the version that it runs.
    pub version: usize,
    /// The number of restarts seen in this run.
    pub restarts: u32,
    /// Whether it injects faults on request.
    pub accepts_faults: bool,
    /// The number of its responses in this run.
    pub answered: u32,
    /// Its share of the last responses in percent, computed once a second.
    pub share: u32,
    /// Its latencies in the window, computed once a second.
    pub latencies: Option<Latencies>,
    /// What it did in the window, oldest first, never empty.
    pub spans: Vec<Span>,
    /// The fault that it was asked for.
    pub fault: Option<ActiveFault>,
    /// Whether another replica has taken its place, or it has taken that of another one.
    pub matched: bool,
    /// Whether an event says that it has not become ready.
    pub overdue: bool,
    /// When it first appeared, in milliseconds.
    pub found: f64,
    /// When it last answered a submission, in milliseconds.
    pub last_seen: f64,
    /// When its process started, as Unix time in milliseconds; 0 if unknown.
    started_at: u64,
    /// The age of its process in seconds, and when it said so.
    uptime: Option<(u32, f64)>,
    /// The number of responses from other replicas since it last answered.
    missed: u32,
    /// When it last described itself, and whether it was ready.
    described: Option<(f64, bool)>,
    /// The number of times that others have described themselves since.
    unheard: u32,
}

/// Returns the part of a pod's name that differs from those of the others, which is after the last hyphen.
pub fn short_name(pod: &str) -> &str {
    pod.rsplit_once('-').map_or(pod, |(_, own)| own)
}

impl Replica {
    /// Returns a replica that was found at `at`.
    pub fn new(id: u32, pod: &str, version: usize, at: f64) -> Self {
        Self {
            id,
            pod: AttrValue::from(pod.to_owned()),
            version,
            spans: vec![Span {
                from: at,
                phase: Phase::Starting,
            }],
            found: at,
            last_seen: at,
            ..Self::default()
        }
    }

    /// Returns the [`short_name`] of its pod.
    pub fn short_name(&self) -> &str {
        short_name(&self.pod)
    }

    /// Returns what it does now.
    pub fn phase(&self) -> Phase {
        self.spans.last().map_or(Phase::Gone, |span| span.phase)
    }

    /// Returns whether it answers submissions.
    pub fn is_answering(&self) -> bool {
        self.phase() == Phase::Answering
    }

    /// Returns when it began to do what it does now, in milliseconds.
    pub fn since(&self) -> f64 {
        self.spans.last().map_or(0.0, |span| span.from)
    }

    /// Returns the age of its process, in seconds: its own figure, and the time since on the browser's clock.
    pub fn uptime(&self, now: f64) -> Option<u32> {
        self.uptime
            .map(|(seconds, at)| seconds + ((now - at).max(0.0) / 1_000.0) as u32)
    }

    /// Records a response to a submission, and returns whether the process is a new one.
    ///
    /// A response that the old process sent before may arrive later. It changes nothing of what is known of the process.
    pub fn respond(&mut self, at: f64, response: &SubmissionResponse) -> bool {
        let restarted = self.started_at > 0 && response.started_at > self.started_at;
        if response.started_at >= self.started_at {
            self.restarts += u32::from(restarted);
            self.started_at = response.started_at;
            self.uptime = Some((response.uptime_seconds, at));
            self.accepts_faults = response.faults;
        }
        if restarted && let Some(span) = self.spans.last_mut() {
            match span.phase {
                // Only now it is known what the silence was.
                Phase::Gone | Phase::NotReady => span.phase = Phase::Restarting,
                Phase::Answering => _ = self.enter(self.last_seen, Phase::Restarting),
                Phase::Starting | Phase::Restarting => {}
            }
        }
        let is_stopped = |active: ActiveFault| active.stops_at_once() && at < active.until;
        if restarted || !self.fault.is_some_and(is_stopped) {
            self.enter(at, Phase::Answering);
        }
        self.answered += 1;
        self.last_seen = at;
        self.missed = 0;
        restarted
    }

    /// Records that it has acknowledged a fault.
    pub fn break_by(&mut self, active: ActiveFault) {
        self.fault = Some(active);
        if active.stops_at_once() {
            self.enter(active.from, Phase::Restarting);
        }
    }

    /// Records a response of another replica.
    pub fn miss(&mut self) {
        self.missed += 1;
    }

    /// Records that another replica has described itself.
    pub fn unheard(&mut self) {
        self.unheard += 1;
    }

    /// Records what it says about itself, and returns whether it starts again, after it was gone without an answer.
    pub fn describe(&mut self, at: f64, ready: bool) -> bool {
        self.described = Some((at, ready));
        self.unheard = 0;
        let starts = self.answered == 0 && self.phase() == Phase::Gone;
        if starts {
            self.overdue = false;
            self.enter(at, Phase::Starting);
        }
        starts
    }

    /// Updates what it does, when `present` replicas are known, and returns whether that is something else than before.
    pub fn tick(&mut self, now: f64, present: u32, outage: bool) -> bool {
        let is_recent = |at| self.unheard < STALE_PICKS * present && (!outage || now - at < DESCRIBE_TIMEOUT);
        let is_described = self.described.is_some_and(|(at, _)| is_recent(at));
        let is_unready = is_described && self.described.is_some_and(|(_, ready)| !ready);
        let limit = if is_unready { UNREADY_PICKS } else { GONE_PICKS } * present;
        let is_silent = now - self.last_seen >= STALL_TIMEOUT && (outage || self.missed + self.unheard >= limit);
        let phase = match self.phase() {
            Phase::Starting if is_described => return false,
            Phase::Answering if !is_silent => return false,
            Phase::Starting => Phase::Gone,
            Phase::Gone if self.answered == 0 => return false,
            _ if is_unready => Phase::NotReady,
            _ if self.fault.is_some_and(|active| active.stops_process()) => Phase::Restarting,
            Phase::Restarting if now - self.since() < 1_000.0 * WINDOW as f64 => return false,
            _ => Phase::Gone,
        };
        let from = match self.phase() {
            Phase::Answering => self.last_seen,
            Phase::Starting => self.described.map_or(now, |(at, _)| at),
            _ => now,
        };
        self.enter(from, phase)
    }

    /// Forgets what it did before `from`, and returns whether it did anything else than to be gone since.
    pub fn forget(&mut self, from: f64) -> bool {
        while self.spans.get(1).is_some_and(|next| next.from <= from) {
            self.spans.remove(0);
        }
        self.fault.is_some() || self.phase() != Phase::Gone || self.since() > from
    }

    fn enter(&mut self, from: f64, phase: Phase) -> bool {
        let changed = self.phase() != phase;
        if changed {
            // Nothing was seen of it before it answered: then it was not starting either.
            if self.answered == 0 && self.described.is_none() {
                self.spans.clear();
            }
            self.spans.push(Span { from, phase });
        }
        changed
    }
}
