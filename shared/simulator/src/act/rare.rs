//! What happens in few seeds, each with a stream of its own: outages longer than anybody's
//! patience, half an outage, and automation that takes itself for a person.

use greenroom_core::command::Command;
use greenroom_core::principal::Principal;
use jiff::SignedDuration;

use super::script::Frame;
use super::{Act, Item};
use crate::fault::Port;
use crate::ports::seconds;
use crate::random::{Random, key, mix};
use crate::setup::draft::Draft;

/// Runs that are at least this long may have an outage that outlasts every ladder.
const LONG: SignedDuration = SignedDuration::from_hours(5);
/// Longer than the ladder of messages.
const LADDER: u64 = 8 * 3600;
/// Operations of a port that can fail while its others do not.
const HALVES: [&str; 5] = ["head", "commit", "file_at", "compare", "observe"];

pub(super) fn rarities(frame: &Frame<'_>, draft: &Draft) -> Vec<Item> {
    let mut items = Vec::new();
    items.extend(long_outage(frame));
    items.extend(half_outage(frame));
    items.extend(machines(frame));
    items.extend(turns(frame, draft));
    items
}

fn length(frame: &Frame<'_>) -> u64 {
    u64::try_from(frame.length.as_secs()).unwrap_or(1)
}

/// The pipeline service is away for longer than a message is tried.
fn long_outage(frame: &Frame<'_>) -> Option<Item> {
    let number = key("long outage");
    let mut random = Random::of(frame.seed, number);
    if frame.length < LONG || !random.chance(300) {
        return None;
    }
    let first = length(frame) / 8;
    let at = frame.later(random.below(first));
    let act = Act::Outage {
        ports: vec![Port::Pipelines],
        lasts: seconds(random.between(LADDER, 2 * LADDER)),
    };
    Some(Item { number, at, act })
}

/// One operation of a port fails until the end or shortly before, and its others do not.
fn half_outage(frame: &Frame<'_>) -> Option<Item> {
    let number = key("half an outage");
    let mut random = Random::of(frame.seed, number);
    if !random.chance(120) {
        return None;
    }
    let all = length(frame);
    let lasts = random.between(all / 2, all);
    let at = frame.later(all.saturating_sub(lasts));
    let op = *random.pick(&HALVES);
    let act = Act::Half {
        op,
        lasts: seconds(lasts.saturating_sub(random.below(600))),
    };
    Some(Item { number, at, act })
}

/// Wishes of nobody.
fn machines(frame: &Frame<'_>) -> Vec<Item> {
    let mut random = Random::of(frame.seed, key("machines"));
    let n = if random.chance(300) {
        random.between(1, 4)
    } else {
        0
    };
    let wish = |i: u64| {
        let number = mix(key("machine") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let reason = "so it was programmed".to_owned();
        let command = match random.below(6) {
            0 => Command::Approve { revision: None },
            1 => Command::Promote,
            2 => Command::Rollback { to: None, reason },
            3 => Command::Unlock,
            4 => Command::Retry,
            _ => Command::Refresh,
        };
        let principal = match random.below(2) {
            0 => Principal::Automation,
            _ => Principal::Pipeline,
        };
        Item {
            number,
            at: frame.instant(&mut random),
            act: Act::Command {
                stage: random.pick(&frame.cast.stages).clone(),
                principal,
                command,
            },
        }
    };
    (0..n).map(wish).collect()
}

/// The stage file leads a branch that does not move to another stage, or sets another calendar.
fn turns(frame: &Frame<'_>, draft: &Draft) -> Vec<Item> {
    let mut random = Random::of(frame.seed, key("turns"));
    let n = if random.chance(250) {
        random.between(1, 2)
    } else {
        0
    };
    let mut draft = draft.clone();
    let turn = |i: u64| {
        let number = mix(key("turn") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let third = length(frame) / 3;
        let at = frame.later(third * (i + 1) + random.below(third));
        let what = draft.turn(&mut random);
        let act = Act::Edit {
            what,
            text: draft.valid(),
            actor: "olga".to_owned(),
        };
        Item { number, at, act }
    };
    (0..n).map(turn).collect()
}
