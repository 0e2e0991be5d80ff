//! What people ask for: with sense, because the board says so, and without.

use greenroom_core::command::Command;
use greenroom_core::principal::Principal;
use jiff::SignedDuration;

use super::script::{Frame, soon};
use super::{Act, Item, Lurk};
use crate::random::{Random, key, mix};
use crate::setup::cast::{PUSHERS, STRANGER};

/// A command out of the blue.
pub(super) fn command(frame: &Frame<'_>, random: &mut Random) -> Act {
    let stage = random.pick(&frame.cast.stages).clone();
    let operator = (*random.pick(&["alice", "bob", "olga"])).to_owned();
    match random.below(12) {
        0 if !frame.cast.guarded.is_empty() => strangers(frame, random),
        1 | 2 => Act::Stale {
            stage,
            person: holder(frame, random),
            back: usize::try_from(random.below(3)).unwrap_or(0),
        },
        3 => Act::Undo {
            stage,
            branch: frame.cast.branches[0].clone(),
            steps: random.between(1, 3),
            person: operator,
        },
        4 => Act::Lurk(Lurk::push_after_a_yes(&frame.cast.branches[0])),
        5 => Act::Command {
            stage,
            principal: Principal::Person {
                name: holder(frame, random),
            },
            command: yes_or_no(random),
        },
        _ => Act::Command {
            stage,
            principal: Principal::Operator { name: operator },
            command: wish(frame, random),
        },
    }
}

/// Somebody who may not.
fn strangers(frame: &Frame<'_>, random: &mut Random) -> Act {
    Act::Command {
        stage: random.pick(&frame.cast.guarded).clone(),
        principal: Principal::Person {
            name: STRANGER.to_owned(),
        },
        command: yes_or_no(random),
    }
}

fn yes_or_no(random: &mut Random) -> Command {
    if random.chance(700) {
        return Command::Approve { revision: None };
    }
    Command::Reject {
        revision: None,
        reason: "not this one".to_owned(),
    }
}

fn wish(frame: &Frame<'_>, random: &mut Random) -> Command {
    let reason = "a wish".to_owned();
    match random.below(14) {
        0..=2 => Command::Promote,
        3 => Command::Approve { revision: None },
        4..=5 => Command::Retry,
        6 => Command::Abort { reason },
        7 => Command::Lock {
            reason,
            until: None,
        },
        8 => {
            let until = soon(frame.instant(random), random.below(7200));
            Command::Lock {
                reason,
                until: Some(until),
            }
        }
        9 => Command::Unlock,
        10 | 11 => Command::Rollback { to: None, reason },
        12 => Command::Acknowledge { note: None },
        _ => Command::Refresh,
    }
}

fn holder(frame: &Frame<'_>, random: &mut Random) -> String {
    if frame.cast.holders.is_empty() || random.chance(100) {
        return PUSHERS[0].to_owned();
    }
    random.pick(&frame.cast.holders).clone()
}

/// The diligent look at the board again and again, in turns; in some seeds nobody does.
pub(super) fn looks(frame: &Frame<'_>) -> Vec<Item> {
    let mut random = Random::of(frame.seed, key("looks"));
    let (often, care) = match random.below(8) {
        0 => return Vec::new(),
        1 => (random.between(90, 240), 500),
        _ => (random.between(8, 50), 900),
    };
    let mut people: Vec<String> = frame.cast.holders.clone();
    people.push("olga".to_owned());
    let mut items = Vec::new();
    let mut at = frame.start;
    for i in 0_u64.. {
        let number = mix(key("look") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let wait = i64::try_from(random.between(often * 40, often * 80)).unwrap_or(3600);
        at = at
            .saturating_add(SignedDuration::from_secs(wait))
            .unwrap_or(at);
        if at >= frame.ends() {
            break;
        }
        let n = u64::try_from(people.len()).unwrap_or(1);
        let person = people[usize::try_from(i % n).unwrap_or(0)].clone();
        items.push(Item {
            number,
            at,
            act: Act::Look { person, care },
        });
    }
    items
}
