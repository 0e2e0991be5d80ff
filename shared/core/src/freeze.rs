//! When the windows that a stage lists let something through.
//!
//! A window begins at each slot of its schedule and lasts for its length in elapsed time, whatever
//! clocks on walls do meanwhile. A stage is closed while any `deny` window lasts, and, if it lists
//! `allow` windows, while none of them does. A clock that may be wrong makes open times shorter at
//! both ends: what may be closed is closed.

use jiff::{SignedDuration, Timestamp};

use crate::stage_file::{Window, WindowKind};

/// Edges looked at before an answer is given up. A calendar that people write has a handful
/// between two changes; the others are looked at again where the search ended.
const EDGES_MAX: usize = 500;

/// The windows of one stage.
#[derive(Clone, Debug, Default)]
pub struct Freeze<'a> {
    deny: Vec<&'a Window>,
    allow: Vec<&'a Window>,
}

/// When something changes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edge {
    At(Timestamp),
    /// Not before this; further was not looked.
    After(Timestamp),
    /// It stays as it is.
    Never,
}

impl Edge {
    /// When to look again; `None` if there is nothing to look for.
    pub fn look_at(self) -> Option<Timestamp> {
        match self {
            Self::At(at) | Self::After(at) => Some(at),
            Self::Never => None,
        }
    }

    fn is_after(self, at: Timestamp) -> bool {
        match self {
            Self::At(edge) | Self::After(edge) => edge > at,
            Self::Never => true,
        }
    }

    /// The instant of the change, if it is known.
    pub fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::After(_) | Self::Never => None,
        }
    }
}

impl<'a> Freeze<'a> {
    /// What these windows say together.
    pub fn of(windows: impl IntoIterator<Item = &'a Window>) -> Self {
        let (deny, allow) = windows
            .into_iter()
            .partition(|window| window.kind == WindowKind::Deny);
        Self { deny, allow }
    }

    /// The same for what a person lets through the windows of these names: a `deny` window counts
    /// as over, an `allow` window as begun.
    #[must_use]
    pub fn without(mut self, names: &[String]) -> Self {
        let named = |window: &&Window| names.contains(&window.name);
        self.deny.retain(|window| !named(window));
        if self.allow.iter().any(named) {
            self.allow.clear();
        }
        self
    }

    /// Whether it is open at `now`, on every clock that is right up to `clock_error`.
    pub fn is_open(&self, now: Timestamp, clock_error: SignedDuration) -> bool {
        let (from, until) = (earlier(now, clock_error), later(now, clock_error));
        self.lets_through(from) && self.closed_from(from, until).is_after(until)
    }

    /// The first reading of a clock, from `now` on, at which it is open whatever the true time is.
    pub fn opens(&self, now: Timestamp, clock_error: SignedDuration) -> Edge {
        let mut from = earlier(now, clock_error);
        for _ in 0..EDGES_MAX {
            let begin = match self.open_from(from) {
                Edge::At(begin) => begin,
                Edge::After(at) => return Edge::After(at.max(later(now, SECOND))),
                Edge::Never => return Edge::Never,
            };
            let reading = later(begin, clock_error);
            let until = later(reading, clock_error);
            match self.closed_from(begin, until) {
                Edge::At(end) | Edge::After(end) if end <= until => from = end,
                _ => return Edge::At(reading.max(now)),
            }
        }
        Edge::After(from.max(later(now, SECOND)))
    }

    /// The first reading of a clock, from `now` on, at which it may be closed.
    pub fn closes(&self, now: Timestamp, clock_error: SignedDuration) -> Edge {
        if !self.is_open(now, clock_error) {
            return Edge::At(now);
        }
        let reading = |end: Timestamp| earlier(end, clock_error).max(later(now, SECOND));
        match self.closed_from(earlier(now, clock_error), Timestamp::MAX) {
            Edge::At(end) => Edge::At(earlier(end, clock_error)),
            Edge::After(end) => Edge::After(reading(end)),
            Edge::Never => Edge::Never,
        }
    }

    /// When it changes next from what it is at `now`.
    pub fn turns(&self, now: Timestamp, clock_error: SignedDuration) -> Edge {
        if self.is_open(now, clock_error) {
            self.closes(now, clock_error)
        } else {
            self.opens(now, clock_error)
        }
    }

    /// The windows that may keep it closed at `now`; none exactly while it is open.
    pub fn closed_by(&self, now: Timestamp, clock_error: SignedDuration) -> Vec<&'a Window> {
        let denies = |window: &&&'a Window| !Self::of([**window]).is_open(now, clock_error);
        let mut by: Vec<&'a Window> = self.deny.iter().filter(denies).copied().collect();
        let allowed = Self {
            deny: Vec::new(),
            allow: self.allow.clone(),
        };
        if !allowed.is_open(now, clock_error) {
            by.extend(&self.allow);
        }
        by
    }

    /// The first instant, from `from` on, at which it is open.
    fn open_from(&self, from: Timestamp) -> Edge {
        let mut at = from;
        for _ in 0..EDGES_MAX {
            let denied = self
                .deny
                .iter()
                .filter_map(|window| lasts_until(window, at));
            if let Some(over) = denied.max() {
                at = over;
                continue;
            }
            if self.allows(at) {
                return Edge::At(at);
            }
            let next = self
                .allow
                .iter()
                .filter_map(|window| window.schedule.next_after(at));
            let Some(next) = next.min() else {
                return Edge::Never;
            };
            at = next;
        }
        Edge::After(at)
    }

    /// Whether it is open at exactly this instant.
    fn lets_through(&self, at: Timestamp) -> bool {
        let denies = |window: &&Window| lasts_until(window, at).is_some();
        !self.deny.iter().any(denies) && self.allows(at)
    }

    fn allows(&self, at: Timestamp) -> bool {
        let lasts = |window: &&Window| lasts_until(window, at).is_some();
        self.allow.is_empty() || self.allow.iter().any(lasts)
    }

    /// The first instant after `from`, at which it is open, at which it is closed; looks no further
    /// than to the first edge after `enough`.
    fn closed_from(&self, from: Timestamp, enough: Timestamp) -> Edge {
        let next = |window: &&Window| window.schedule.next_after(from);
        let denied = self.deny.iter().filter_map(next).min();
        if self.allow.is_empty() {
            return denied.map_or(Edge::Never, Edge::At);
        }
        let mut at = from;
        for _ in 0..EDGES_MAX {
            if let Some(denied) = denied.filter(|denied| *denied <= at) {
                return Edge::At(denied);
            }
            let allowed = self
                .allow
                .iter()
                .filter_map(|window| lasts_until(window, at));
            match allowed.max() {
                Some(_) if at > enough => return Edge::After(at),
                Some(over) => at = over,
                None => return Edge::At(at),
            }
        }
        Edge::After(at)
    }
}

/// Looking again takes this long at least.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// When the window that lasts at `at` is over, unless it has begun again by then; `None`: it does
/// not last. The newest slot is enough: all last equally long.
fn lasts_until(window: &Window, at: Timestamp) -> Option<Timestamp> {
    let slot = window.schedule.last_until(at)?;
    Some(later(slot, window.length)).filter(|over| at < *over)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}
