//! E5: a channel gets so many messages in a window, and what is above is in exactly one digest.
//! E6: a stage that breaks again and again is told once to flap, and once how that ended.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_app::records::{Flow, OutboxEntry};
use greenroom_core::effect::{Effect, Held, News};
use greenroom_core::stage::Stage;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::{Found, Replaced};
use crate::truth::{Change, Told, Truth};

/// Messages for a channel in one window.
const CAP: u32 = 10;
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Breaks within so long, which are too many.
const BREAKS: usize = 4;
const WITHIN: SignedDuration = SignedDuration::from_hours(2);
/// Later than this nothing is done that is due, once nothing goes wrong any more.
const LATE: SignedDuration = SignedDuration::from_mins(30);

/// A message of a digest: the id it had, and whether it says that it may be a copy.
pub type Line = (String, bool);

/// What was told how, and what is still in digests.
#[derive(Debug, Default)]
pub struct Storm {
    /// Of each message, since when it has a place in which window.
    places: BTreeMap<String, Vec<(Timestamp, Option<Timestamp>)>>,
    /// How many have arrived, by channel and window.
    arrived: BTreeMap<(String, Timestamp), u32>,
    /// What digests hold that are still to be told, in order; what they only count stands last.
    digests: BTreeMap<String, Vec<Line>>,
    turns: BTreeMap<String, Turns>,
}

/// How often a stage broke lately.
#[derive(Debug, Default)]
struct Turns {
    /// When breaks opened, by the clock of whoever decided it.
    opened: Vec<Timestamp>,
    /// When it broke or recovered last, truly.
    turned: Option<Timestamp>,
    flaps: bool,
}

fn read<T: DeserializeOwned>(bytes: Option<&[u8]>) -> Option<T> {
    serde_json::from_slice(bytes?).ok()
}

fn is_announcement(change: &Change<'_>) -> bool {
    change.key.partition.starts_with("outbox#") && change.key.sort.contains("/announce/")
}

fn is_digest(change: &Change<'_>) -> bool {
    change.key.sort.contains("/announce/digest-")
}

/// What a digest lists, and how many more it counts.
fn listed(bytes: Option<&[u8]>) -> (Vec<Held>, usize) {
    let entry: Option<OutboxEntry> = read(bytes);
    let Some(Effect::Announce { news, .. }) = entry.map(|entry| entry.effect) else {
        return (Vec::new(), 0);
    };
    match *news {
        News::Digest { held, more, .. } => (held, more as usize),
        _ => (Vec::new(), 0),
    }
}

/// Whether this is a digest whose lines this commit puts into another.
pub fn is_taken_over(name: &str, changes: &[Change<'_>]) -> bool {
    let into = |it: &Change<'_>| is_announcement(it) && is_digest(it) && it.after.is_some();
    name.contains("/announce/digest-") && changes.iter().any(into)
}

impl Storm {
    /// Whether this message is in a digest that is still to be told.
    pub fn holds(&self, message: &str) -> bool {
        let mut all = self.digests.values().flatten();
        all.any(|(held, _)| held == message)
    }

    /// What a digest told, or is said not to have told.
    pub fn tells(&mut self, digest: &str) -> Vec<Line> {
        self.digests.remove(digest).unwrap_or_default()
    }

    /// What the digest holds.
    pub fn lines(&self, digest: &str) -> Vec<Line> {
        self.digests.get(digest).cloned().unwrap_or_default()
    }

    pub fn committed(
        &mut self,
        truth: &Truth,
        changes: &[Change<'_>],
        excused: impl Fn(&str) -> bool,
        found: &mut Found,
    ) {
        for change in changes {
            if change.key.sort.starts_with("flow#") {
                windows(truth, change, found);
            }
            if is_announcement(change)
                && let Some(entry) = read::<OutboxEntry>(change.after)
            {
                let places = self.places.entry(change.key.sort.clone()).or_default();
                if places.last().map(|(_, place)| *place) != Some(entry.window) {
                    places.push((truth.now, entry.window));
                }
            }
        }
        self.held(truth, changes, excused, found);
    }

    /// What leaves the outbox for a digest is in it, once, and nothing else is.
    fn held(
        &mut self,
        truth: &Truth,
        changes: &[Change<'_>],
        excused: impl Fn(&str) -> bool,
        found: &mut Found,
    ) {
        let digests = || {
            changes
                .iter()
                .filter(|it| is_announcement(it) && is_digest(it))
        };
        let Some(into) = digests().find(|digest| digest.after.is_some()) else {
            return;
        };
        let gone = |it: &&Change<'_>| it.after.is_none() && it.before.is_some();
        let messages = changes
            .iter()
            .filter(|it| is_announcement(it) && !is_digest(it));
        let gone: Vec<String> = messages
            .filter(gone)
            .map(|it| it.key.sort.clone())
            .collect();
        let count = |bytes: Option<&[u8]>| {
            let (held, more) = listed(bytes);
            held.len() + more
        };
        let before: usize = digests().map(|it| count(it.before.as_deref())).sum();
        let after: usize = digests().map(|it| count(it.after)).sum();
        let must = gone.iter().filter(|name| !excused(name)).count();
        let name = &into.key.sort;
        if after < before + must || after > before + gone.len() {
            let what = format!("{name} holds {after} after {before}, and {gone:?} are gone");
            found.broken(truth, "E5", what);
        }
        let mut lines: Vec<Line> = Vec::new();
        for older in digests().filter(|digest| digest.after.is_none()) {
            lines.extend(self.tells(&older.key.sort));
        }
        lines.extend(self.tells(name));
        for message in gone {
            if self.holds(&message) || lines.iter().any(|(held, _)| *held == message) {
                found.broken(truth, "E5", format!("{message} is in two digests"));
            }
            lines.push((message, true));
        }
        let (listed, more) = listed(into.after);
        let ids: BTreeSet<&str> = listed.iter().map(|held| held.id.as_str()).collect();
        let known = lines.iter().filter(|(id, _)| ids.contains(id.as_str()));
        if known.count() != listed.len() || lines.len() != listed.len() + more {
            let what = format!("{name} lists {ids:?} and {more} more, and should hold {lines:?}");
            found.broken(truth, "E5", what);
        }
        for (id, again) in &mut lines {
            let held = listed.iter().find(|held| held.id == *id);
            *again = held.is_none_or(|held| held.possibly_repeated);
        }
        self.digests.insert(name.clone(), lines);
    }

    /// A message has arrived.
    pub fn told(&mut self, truth: &Truth, told: &Told, found: &mut Found) {
        let places = self.places.get(&told.key);
        let place = places.and_then(|all| all.iter().rfind(|(at, _)| *at <= told.begun));
        let Some(window) = place.and_then(|(_, window)| *window) else {
            let what = format!("{} is sent without a place in a window", told.key);
            found.broken(truth, "E5", what);
            return;
        };
        let name = (told.channel.to_string(), window);
        let arrived = self.arrived.entry(name).or_default();
        *arrived += 1;
        if *arrived > CAP {
            let what = format!(
                "{} is message {arrived} for {} in the window of {window}",
                told.key, told.channel
            );
            found.broken(truth, "E5", what);
        }
    }

    /// E6. `entered`: whatever is to be told, this commit's included.
    pub fn replaced(
        &mut self,
        truth: &Truth,
        replaced: &Replaced<'_>,
        entered: &BTreeSet<String>,
        found: &mut Found,
    ) {
        let (stage, before) = (replaced.after, replaced.before);
        let turns = self.turns.entry(stage.id.stage.to_string()).or_default();
        let flapped = before.and_then(|before| before.flap.flapping.as_ref());
        let flaps = stage.flap.flapping.as_ref();
        turns.flaps = flaps.is_some();
        if stage.life.gone.is_some() && stage.deployed.is_none() && flaps.is_none() {
            turns.opened.clear();
            return;
        }
        let decided = replaced.commit.glance.map_or(truth.now, |glance| glance.at);
        let number = |stage: &Stage| stage.brk.as_ref().map(|brk| brk.episode);
        let old = before.and_then(number);
        let told = |what: String| channels(entered, &format!("{}/announce/{what}/", stage.id));
        if old != number(stage) {
            turns.turned = Some(decided);
        }
        if let Some(brk) = stage.brk.as_ref().filter(|brk| Some(brk.episode) != old) {
            let opened = told(format!("break-{}-opened", brk.episode));
            if flaps.is_some() && !opened.is_empty() {
                let what = format!("{} flaps, and break {} is told", stage.id, brk.episode);
                found.broken(truth, "E6", what);
            }
            let off = truth
                .setup
                .clock_error
                .saturating_add(truth.setup.clock_error);
            turns.opens(truth, stage, brk.since, off, flapped.is_some(), found);
        }
        let Some(flapped) = flapped.filter(|_| flaps.is_none()) else {
            return;
        };
        turns.opened.clear();
        let mut end = told(format!("flapping-{}-settled", flapped.episode));
        if let Some(brk) = &stage.brk {
            end.extend(told(format!("break-{}-opened", brk.episode)));
        }
        let heard: BTreeSet<String> = flapped.told.iter().map(ToString::to_string).collect();
        if end != heard {
            let what = format!(
                "{heard:?} heard that {} flaps, and {end:?} of the end",
                stage.id
            );
            found.broken(truth, "E6", what);
        }
        let off = truth
            .setup
            .clock_error
            .saturating_add(truth.setup.clock_error);
        let least = WITHIN.saturating_sub(off);
        if turns
            .turned
            .is_some_and(|at| decided.duration_since(at) < least)
        {
            let what = format!(
                "{} flaps no more, and turned at {:?}",
                stage.id, turns.turned
            );
            found.broken(truth, "E6", what);
        }
    }

    /// Nothing flaps for ever.
    pub fn end(&self, truth: &Truth, found: &mut Found) {
        for (stage, turns) in &self.turns {
            let quiet = |at: Timestamp| truth.now.duration_since(at);
            let late = WITHIN
                .saturating_add(LATE)
                .saturating_add(truth.setup.clock_error);
            if turns.flaps && turns.turned.is_some_and(|at| quiet(at) > late) {
                let what = format!("{stage} still flaps, and turned at {:?}", turns.turned);
                found.broken(truth, "E6", what);
            }
        }
    }
}

impl Turns {
    /// A break opened at `since`; clocks may be `off` from each other.
    fn opens(
        &mut self,
        truth: &Truth,
        stage: &Stage,
        since: Timestamp,
        off: SignedDuration,
        flapped: bool,
        found: &mut Found,
    ) {
        let within =
            |longest: SignedDuration| move |at: &&Timestamp| since.duration_since(**at) < longest;
        self.opened.push(since);
        let flaps = self.flaps;
        let surely = self
            .opened
            .iter()
            .filter(within(WITHIN.saturating_sub(off)));
        if surely.count() >= BREAKS && !flaps {
            let what = format!(
                "{} broke at {:?}, which is not flapping",
                stage.id, self.opened
            );
            found.broken(truth, "E6", what);
        }
        let perhaps = self
            .opened
            .iter()
            .filter(within(WITHIN.saturating_add(off)));
        if perhaps.count() < BREAKS && flaps && !flapped {
            let what = format!(
                "{} broke at {:?}, and is said to flap",
                stage.id, self.opened
            );
            found.broken(truth, "E6", what);
        }
    }
}

/// The next window begins after the end of the one before.
fn windows(truth: &Truth, change: &Change<'_>, found: &mut Found) {
    let (Some(old), Some(new)) = (
        read::<Flow>(change.before.as_deref()),
        read::<Flow>(change.after),
    ) else {
        return;
    };
    if new.since != old.since && new.since.duration_since(old.since) < WINDOW {
        let what = format!(
            "{}: a window begins at {} after {}",
            change.key, new.since, old.since
        );
        found.broken(truth, "E5", what);
    }
}

/// Channels for which something of this name is to be told.
fn channels(entered: &BTreeSet<String>, prefix: &str) -> BTreeSet<String> {
    let all = entered.range(prefix.to_owned()..);
    let named = all.map_while(|name| name.strip_prefix(prefix));
    named.map(str::to_owned).collect()
}
