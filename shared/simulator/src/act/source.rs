//! What happens to the repository: commits, references, pull requests, the stage file, its name.

use jiff::Timestamp;

use super::script::{Frame, soon};
use super::{Act, Item};
use crate::model::repository::Quality;
use crate::random::{Random, key, mix};
use crate::setup::cast::{PUSHERS, STRANGER};
use crate::setup::draft::Draft;

/// Pull requests of a run are numbered from 1.
const PULLS: u64 = 4;

pub(super) fn push(frame: &Frame<'_>, bad: u32, random: &mut Random) -> Act {
    Act::Push {
        branch: branch(frame, random),
        actor: pusher(random),
        quality: quality(bad, random),
    }
}

/// Events that lead nowhere.
const UNKNOWN: [&str; 5] = ["issues", "ping", "create", "star", "pull_request_review"];

/// The first branches of the stage file get most.
fn branch(frame: &Frame<'_>, random: &mut Random) -> String {
    let n = u64::try_from(frame.cast.branches.len()).unwrap_or(1);
    let one = random.below(n).min(random.below(n));
    let index = usize::try_from(one).unwrap_or(0);
    // What leads to the chain of promotions is what most pushes are for.
    let usual = ["develop", "master", "main"];
    let known = usual
        .iter()
        .find(|name| frame.cast.branches.iter().any(|branch| branch == *name));
    match known {
        Some(known) if random.chance(550) => (*known).to_owned(),
        _ => frame.cast.branches[index].clone(),
    }
}

pub(super) fn pusher(random: &mut Random) -> String {
    let one = random.below(8).min(random.below(8)) / 2;
    PUSHERS[usize::try_from(one).unwrap_or(0)].to_owned()
}

pub(super) fn quality(bad: u32, random: &mut Random) -> Quality {
    if !random.chance(bad) {
        return Quality::Good;
    }
    *random.pick(&[
        Quality::TestsFail,
        Quality::TestsFail,
        Quality::BuildFails,
        Quality::DeployFails,
        Quality::Flaky,
        Quality::Unclear,
    ])
}

/// References that go, come back and move.
pub(super) fn reference(frame: &Frame<'_>, random: &mut Random) -> Act {
    let branch = branch(frame, random);
    let actor = pusher(random);
    let tag = random.pick(&frame.cast.tags).clone();
    match random.below(10) {
        0..=2 => Act::Back {
            branch,
            actor,
            steps: random.between(1, 3),
        },
        3..=4 if branch != frame.cast.default_branch => Act::Delete { branch, actor },
        5..=7 => Act::Tag { tag, branch, actor },
        8 => Act::Untag { tag, actor },
        _ => match random.below(4) {
            0 => Act::Redeliver {
                which: random.bits(),
            },
            1 => Act::Foreign,
            2 => Act::Noise {
                event: random.pick::<&str>(&UNKNOWN),
            },
            _ => Act::Silence {
                lasts: crate::ports::seconds(random.between(600, 3 * 3600)),
            },
        },
    }
}

/// Pull requests, some of them of strangers.
pub(super) fn pull(frame: &Frame<'_>, random: &mut Random) -> Act {
    let number = random.between(1, PULLS);
    let (base, labels) = random.pick(&frame.cast.pulls).clone();
    // The last of them comes from a fork.
    let fork = number == PULLS;
    match random.below(10) {
        0..=4 => Act::Open {
            number,
            branch: if fork {
                branch(frame, random)
            } else {
                format!("topic-{number}")
            },
            base,
            labels: if random.chance(800) {
                labels
            } else {
                Vec::new()
            },
            actor: if fork {
                STRANGER.to_owned()
            } else {
                pusher(random)
            },
            fork,
        },
        5 => Act::Label {
            number,
            labels: if random.chance(500) {
                labels
            } else {
                Vec::new()
            },
        },
        6 => Act::Close {
            number,
            merged: random.chance(500),
        },
        7 if fork => Act::PushToFork { number },
        _ => Act::Push {
            branch: format!("topic-{number}"),
            actor: pusher(random),
            quality: quality(200, random),
        },
    }
}

/// What comes along with an act: a second push on its heels.
pub(super) fn more(
    frame: &Frame<'_>,
    number: u64,
    at: Timestamp,
    act: &Act,
    items: &mut Vec<Item>,
) {
    let number = mix(number ^ key("heels"));
    let mut random = Random::of(frame.seed, number);
    let again = match act {
        Act::Push { branch, actor, .. } if random.chance(150) => Act::Push {
            branch: branch.clone(),
            actor: actor.clone(),
            quality: quality(200, &mut random),
        },
        // What was deleted is often wanted back.
        Act::Delete { branch, actor } if random.chance(600) => Act::Push {
            branch: branch.clone(),
            actor: actor.clone(),
            quality: Quality::Good,
        },
        _ => return,
    };
    let at = soon(at, random.between(1, 400));
    items.push(Item {
        number,
        at,
        act: again,
    });
}

/// The stage file is edited, and sometimes put back.
pub(super) fn edits(frame: &Frame<'_>, draft: &Draft) -> Vec<Item> {
    let mut random = Random::of(frame.seed, key("edits"));
    let n = if random.chance(450) {
        random.between(1, 5)
    } else {
        0
    };
    let mut instants: Vec<Timestamp> = (0..n).map(|_| frame.instant(&mut random)).collect();
    instants.sort();
    let mut now = draft.clone();
    let mut items = Vec::new();
    for (i, at) in instants.into_iter().enumerate() {
        let number = mix(key("edit") ^ mix(i as u64));
        let mut random = Random::of(frame.seed, number);
        let (what, text) = match random.below(6) {
            0 => {
                draft.clone_into(&mut now);
                ("back to the first".to_owned(), now.valid())
            }
            1 => (
                "invalid".to_owned(),
                now.text().replace("stages:", "stagse:"),
            ),
            _ => {
                let mut what = now.edit(&mut random);
                let mut order = Random::of(frame.seed, mix(number ^ key("order")));
                if order.chance(if draft.has_order() { 500 } else { 100 }) {
                    what = format!("{what}, {}", now.reorder(&mut order));
                }
                (what, now.valid())
            }
        };
        let actor = pusher(&mut random);
        items.push(Item {
            number,
            at,
            act: Act::Edit { what, text, actor },
        });
    }
    items
}

/// The repository gets another name once in a while.
pub(super) fn rename(frame: &Frame<'_>) -> Option<Item> {
    let number = key("rename");
    let mut random = Random::of(frame.seed, number);
    let at = frame.instant(&mut random);
    let to = "acme/orders-next".to_owned();
    random.chance(120).then_some(Item {
        number,
        at,
        act: Act::Rename { to },
    })
}
