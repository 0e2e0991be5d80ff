//! The script of a seed: how much of what happens, and when.

use jiff::{SignedDuration, Timestamp};

use super::{Act, Item, brake, moment, order, people, rare, source, trouble};
use crate::random::{Random, key, mix};
use crate::setup::Shape;
use crate::setup::cast::Cast;
use crate::setup::draft::Draft;

/// What a script is made for.
#[derive(Debug)]
pub struct Frame<'a> {
    pub seed: u64,
    pub shape: Shape,
    pub start: Timestamp,
    pub length: SignedDuration,
    pub cast: &'a Cast,
}

/// How much of each kind of trouble a seed has, in a thousand acts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// How good commits are.
    pub bad: u32,
    pub refs: u32,
    pub pulls: u32,
    pub people: u32,
    pub console: u32,
    pub attacks: u32,
    pub channels: u32,
    pub upgrades: u32,
    pub outages: u32,
    pub kills: u32,
}

impl Habits {
    fn drawn(random: &mut Random) -> Self {
        let mut rate = |most: u64| {
            let on = !random.chance(300);
            let rate = u32::try_from(random.below(most + 1)).unwrap_or(0);
            if on { rate } else { 0 }
        };
        Self {
            bad: rate(400),
            refs: rate(150),
            pulls: rate(250),
            people: rate(350),
            console: rate(150),
            attacks: rate(100),
            channels: rate(80),
            upgrades: rate(60),
            outages: rate(150),
            kills: rate(100),
        }
    }
}

/// Everything that is done in a run, in order.
pub fn script(frame: &Frame<'_>, draft: &Draft) -> Vec<Item> {
    let mut random = Random::of(frame.seed, key("script"));
    let habits = Habits::drawn(&mut random);
    let hours = u64::try_from(frame.length.as_hours()).unwrap_or(1);
    let n = random.between(hours, hours * 5).min(120);
    let mut items = Vec::new();
    for i in 0..n {
        let number = mix(key("act") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let at = frame.instant(&mut random);
        let act = act(frame, &habits, &mut random);
        source::more(frame, number, at, &act, &mut items);
        trouble::at_a_bad_moment(frame, number, at, &act, &mut items);
        items.push(Item { number, at, act });
    }
    items.extend(source::edits(frame, draft));
    items.extend(source::rename(frame));
    items.extend(people::looks(frame));
    items.extend(moment::lurks(frame, draft));
    items.extend(rare::rarities(frame, draft));
    items.extend(brake::brakes(frame));
    items.extend(order::orders(frame, draft));
    items.sort_by_key(|item| (item.at, item.number));
    items
}

fn act(frame: &Frame<'_>, habits: &Habits, random: &mut Random) -> Act {
    let mut at = u32::try_from(random.below(1000)).unwrap_or(0);
    let mut is = |rate: u32| {
        let hit = at < rate;
        at = at.saturating_sub(rate);
        hit
    };
    if is(habits.refs) {
        source::reference(frame, random)
    } else if is(habits.pulls) {
        source::pull(frame, random)
    } else if is(habits.people) {
        people::command(frame, random)
    } else if is(habits.attacks) {
        trouble::attack(random)
    } else if is(habits.channels) {
        trouble::channel(frame, random)
    } else if is(habits.upgrades) {
        Act::Upgrade {
            process: usize::try_from(random.below(4)).unwrap_or(0),
        }
    } else if is(habits.outages) {
        trouble::outage(random)
    } else if is(habits.kills) {
        Act::Kill
    } else if is(habits.console) && frame.shape == Shape::Functions {
        trouble::hand(frame, random)
    } else {
        source::push(frame, habits.bad, random)
    }
}

impl Frame<'_> {
    /// Some instant of the time in which things go wrong.
    pub(super) fn instant(&self, random: &mut Random) -> Timestamp {
        let seconds = u64::try_from(self.length.as_secs()).unwrap_or(1).max(1);
        self.later(random.below(seconds))
    }

    /// So many seconds after the start.
    pub(super) fn later(&self, seconds: u64) -> Timestamp {
        let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0));
        self.start.saturating_add(wait).unwrap_or(self.start)
    }

    pub(super) fn ends(&self) -> Timestamp {
        self.start.saturating_add(self.length).unwrap_or(self.start)
    }
}

/// `at` and some seconds.
pub(super) fn soon(at: Timestamp, seconds: u64) -> Timestamp {
    let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0));
    at.saturating_add(wait).unwrap_or(at)
}
