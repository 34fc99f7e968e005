//! The log of events, and what each one cost.

use std::collections::VecDeque;

/// The number of events that are kept.
const MAX_EVENTS: usize = 20;

/// The number of losses and retries that are remembered, for events that are recognised later than they began.
const MAX_COSTS: usize = 1_000;

/// How serious something is. The page has a shape and a colour for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All is well.
    Ok,
    /// A version changes.
    Change,
    /// Something is broken, and the users do not notice.
    Warn,
    /// It was bad, and is over.
    Was,
    /// Users notice.
    Bad,
}

impl Kind {
    /// Returns the name in the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Change => "change",
            Self::Warn => "warn",
            Self::Was => "was",
            Self::Bad => "bad",
        }
    }
}

/// Something that happened. Times are milliseconds on the browser's monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number in this run.
    pub id: u32,
    /// When it was recognised.
    pub at: f64,
    /// How serious it is.
    pub kind: Kind,
    /// What happened.
    pub text: String,
    /// The number of the version that it is about, for its colour.
    pub version: Option<usize>,
    /// The number of submissions that were lost meanwhile.
    pub lost: u32,
    /// The number of attempts that failed and were followed by another one meanwhile.
    pub retried: u32,
    /// When it began.
    from: f64,
    /// When it ended; infinite while it lasts.
    to: f64,
}

impl Event {
    /// Returns whether it took some time, in which something could have been lost.
    pub fn has_cost(&self) -> bool {
        self.lost > 0 || self.to > self.from
    }
}

/// The last events, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// The events.
    pub events: VecDeque<Event>,
    /// When lost submissions were sent.
    losses: VecDeque<f64>,
    /// When attempts failed.
    retries: VecDeque<f64>,
    next: u32,
}

impl Log {
    /// Adds an event that began at `from` and lasts until it is [closed](Self::close), and returns its number.
    pub fn open(&mut self, at: f64, from: f64, kind: Kind, version: Option<usize>, text: String) -> u32 {
        let id = self.next;
        self.next += 1;
        let count = |times: &VecDeque<f64>| times.iter().filter(|time| **time >= from).count() as u32;
        self.events.push_front(Event {
            id,
            at,
            kind,
            text,
            version,
            lost: count(&self.losses),
            retried: count(&self.retries),
            from,
            to: f64::INFINITY,
        });
        self.events.truncate(MAX_EVENTS);
        id
    }

    /// Adds an event of a moment, and returns its number. What was sent from `from` on belongs to it.
    pub fn add(&mut self, at: f64, from: f64, kind: Kind, version: Option<usize>, text: String) -> u32 {
        let id = self.open(at, from, kind, version, text);
        self.close(id, at);
        id
    }

    /// Returns an event that is still in the log.
    pub fn get(&self, id: u32) -> Option<&Event> {
        self.events.iter().find(|event| event.id == id)
    }

    /// Changes the text of an event that is still in the log.
    pub fn set_text(&mut self, id: u32, text: String) {
        if let Some(event) = self.events.iter_mut().find(|event| event.id == id) {
            event.text = text;
        }
    }

    /// Ends an event. A loss that was sent before may become known later, and still counts.
    pub fn close(&mut self, id: u32, at: f64) {
        if let Some(event) = self.events.iter_mut().find(|event| event.id == id) {
            event.to = event.to.min(at);
        }
    }

    /// Ends an event, and adds the one that says how it ended, at the same cost.
    pub fn conclude(&mut self, id: u32, at: f64, kind: Kind, text: String) -> u32 {
        self.close(id, at);
        let (from, lost, retried, version) = self.get(id).map_or((at, 0, 0, None), |begun| {
            (begun.from, begun.lost, begun.retried, begun.version)
        });
        let end = self.add(at, from, kind, version, text);
        if let Some(event) = self.events.front_mut() {
            (event.lost, event.retried) = (lost, retried);
        }
        end
    }

    /// Records a submission that was sent at `sent` and lost.
    pub fn lost(&mut self, sent: f64) {
        remember(&mut self.losses, sent);
        self.charge(sent, |event| event.lost += 1);
    }

    /// Records an attempt that failed at `at`, and is followed by another one.
    pub fn retried(&mut self, at: f64) {
        remember(&mut self.retries, at);
        self.charge(at, |event| event.retried += 1);
    }

    /// Adds a cost to the events of that time. What an outage costs is not the cost of a fault meanwhile.
    fn charge(&mut self, time: f64, add: fn(&mut Event)) {
        let is_outage = self.during(time).any(|event| event.kind == Kind::Bad);
        let pays = |event: &&mut Event| !is_outage || matches!(event.kind, Kind::Bad | Kind::Change);
        self.during(time).filter(pays).for_each(add);
    }

    fn during(&mut self, time: f64) -> impl Iterator<Item = &mut Event> {
        let events = self.events.iter_mut();
        events.filter(move |event| (event.from..=event.to).contains(&time))
    }
}

fn remember(times: &mut VecDeque<f64>, time: f64) {
    if times.len() == MAX_COSTS {
        times.pop_front();
    }
    times.push_back(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_belongs_to_the_events_that_lasted_when_it_was_sent() {
        let mut log = Log::default();
        let ended = log.open(1.0, 1.0, Kind::Change, None, String::new());
        log.close(ended, 5.0);
        let lasting = log.open(6.0, 4.0, Kind::Bad, None, String::new());
        for sent in [0.0, 3.0, 4.5, 7.0] {
            log.lost(sent);
        }
        let lost = |id| log.get(id).map(|event| event.lost);
        assert_eq!((lost(ended), lost(lasting)), (Some(2), Some(2)));
    }

    #[test]
    fn an_event_that_is_recognised_late_has_the_costs_since_it_began() {
        let mut log = Log::default();
        log.lost(1.0);
        log.lost(3.0);
        log.retried(4.0);
        let id = log.add(5.0, 2.0, Kind::Warn, None, String::new());
        let event = log.get(id).unwrap();
        assert_eq!((event.lost, event.retried), (1, 1));
        let end = log.conclude(id, 9.0, Kind::Ok, "over".to_owned());
        assert_eq!(log.get(end).unwrap().lost, 1);
    }

    #[test]
    fn what_an_outage_costs_is_not_the_cost_of_a_fault_meanwhile() {
        let mut log = Log::default();
        let fault = log.open(1.0, 1.0, Kind::Warn, None, String::new());
        log.retried(2.0);
        let outage = log.open(3.0, 3.0, Kind::Bad, None, String::new());
        log.retried(4.0);
        log.lost(4.0);
        let costs = |id| log.get(id).map(|event| (event.lost, event.retried));
        assert_eq!((costs(fault), costs(outage)), (Some((0, 1)), Some((1, 1))));
    }

    #[test]
    fn the_log_is_bounded() {
        let mut log = Log::default();
        for number in 0..2_000 {
            log.lost(f64::from(number));
            log.add(0.0, 0.0, Kind::Ok, None, String::new());
        }
        assert_eq!((log.events.len(), log.losses.len()), (MAX_EVENTS, MAX_COSTS));
    }
}
