//! People who stop everything, say that something is bad or ready, select what a stage takes, and
//! let things through closed windows. Each has a stream of its own.

use greenroom_core::command::Command;
use greenroom_core::mark::{BAD, Saying};
use greenroom_core::name::Revision;
use greenroom_core::pause::PauseCommand;
use greenroom_core::principal::Principal;

use super::script::{Frame, soon};
use super::{Act, Item};
use crate::random::{Random, key, mix};
use crate::setup::draft::brake::READY;

/// Nothing stays paused or bad for longer, if somebody cares to end it.
const LONGEST: u64 = 3 * 3600;

pub(super) fn brakes(frame: &Frame<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    if Random::of(frame.seed, key("pauses")).chance(200) {
        pauses(frame, &mut items);
    }
    if Random::of(frame.seed, key("bad")).chance(200) {
        says(frame, "bad", BAD, 4, &mut items);
    }
    if frame.cast.marks {
        says(frame, "ready", READY, 8, &mut items);
    }
    selects(frame, &mut items);
    if frame.cast.expires {
        ends(frame, &mut items);
    }
    if Random::of(frame.seed, key("overrides")).chance(200) {
        overrides(frame, &mut items);
    }
    items
}

/// Everything stops, and goes on when somebody says so, or by itself.
fn pauses(frame: &Frame<'_>, items: &mut Vec<Item>) {
    let mut all = Random::of(frame.seed, key("pauses") ^ 1);
    for i in 0..all.between(1, 4) {
        let number = mix(key("pause") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let at = frame.instant(&mut random);
        let lasts = random.between(30, LONGEST);
        let until = random.chance(400).then(|| soon(at, lasts));
        let command = PauseCommand::Pause {
            reason: "a bad feeling".to_owned(),
            until,
        };
        let pause = |command| Act::Pause {
            person: "olga".to_owned(),
            command,
        };
        items.push(Item {
            number,
            at,
            act: pause(command),
        });
        // Of those without an end some are forgotten for good.
        if random.chance(if until.is_some() { 200 } else { 850 }) {
            items.push(Item {
                number: number ^ 1,
                at: soon(at, random.between(10, lasts)),
                act: pause(PauseCommand::Resume),
            });
        }
    }
}

/// Somebody gives a mark to what a branch has, and often takes it back.
fn says(frame: &Frame<'_>, name: &str, mark: &str, most: u64, items: &mut Vec<Item>) {
    let mut all = Random::of(frame.seed, key(name) ^ 1);
    for i in 0..all.between(1, most) {
        let number = mix(key(name) ^ mix(i + 1));
        let mut random = Random::of(frame.seed, number);
        let at = frame.instant(&mut random);
        let branch = random.pick(&frame.cast.branches).clone();
        let steps = random.below(3);
        let say = |saying| Act::Say {
            branch: branch.clone(),
            steps,
            person: "heidi".to_owned(),
            saying,
        };
        let given = Saying::Mark {
            mark: mark.to_owned(),
            note: (mark == BAD).then(|| "it loses orders".to_owned()),
        };
        items.push(Item {
            number,
            at,
            act: say(given),
        });
        if random.chance(600) {
            let taken = Saying::Unmark {
                mark: mark.to_owned(),
            };
            items.push(Item {
                number: number ^ 1,
                at: soon(at, random.between(10, LONGEST)),
                act: say(taken),
            });
        }
    }
}

/// What people put on stages that take what they select.
fn selects(frame: &Frame<'_>, items: &mut Vec<Item>) {
    if frame.cast.selects.is_empty() {
        return;
    }
    let mut all = Random::of(frame.seed, key("selects"));
    for i in 0..all.between(2, 9) {
        let number = mix(key("select") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let (stage, own) = random.pick(&frame.cast.selects).clone();
        let branch = match random.chance(800) {
            true => own,
            false => random.pick(&frame.cast.branches).clone(),
        };
        let command = Command::Deploy {
            revision: Revision::new(branch),
            reference: None,
        };
        items.push(Item {
            number,
            at: frame.instant(&mut random),
            act: Act::Command {
                stage,
                principal: Principal::Person {
                    name: "alice".to_owned(),
                },
                command,
            },
        });
    }
}

/// Stages are kept and given up.
fn ends(frame: &Frame<'_>, items: &mut Vec<Item>) {
    let mut all = Random::of(frame.seed, key("ends"));
    for i in 0..all.between(1, 8) {
        let number = mix(key("end") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let at = frame.instant(&mut random);
        let reason = "it is mine".to_owned();
        let until = Some(soon(at, random.between(600, 2 * LONGEST)));
        let command = match random.below(7) {
            0 => Command::Extend {
                until: until.filter(|_| random.chance(500)),
            },
            1 => Command::Park { reason, until },
            2 => Command::Unpark,
            3 => Command::Pin { reason },
            4 => Command::Unpin,
            _ => Command::Destroy { reason },
        };
        let name = (*random.pick(&["alice", "bob", "heidi", "mallory"])).to_owned();
        items.push(Item {
            number,
            at,
            act: Act::Command {
                stage: random.pick(&frame.cast.stages).clone(),
                principal: Principal::Person { name },
                command,
            },
        });
    }
}

/// Out of the blue; most are refused, because nothing is closed.
fn overrides(frame: &Frame<'_>, items: &mut Vec<Item>) {
    for i in 0..4 {
        let number = mix(key("override") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let name = (*random.pick(&["heidi", "mallory"])).to_owned();
        items.push(Item {
            number,
            at: frame.instant(&mut random),
            act: Act::Command {
                stage: random.pick(&frame.cast.stages).clone(),
                principal: Principal::Person { name },
                command: Command::Override {
                    reason: "it cannot wait".to_owned(),
                    revision: None,
                },
            },
        });
    }
}
