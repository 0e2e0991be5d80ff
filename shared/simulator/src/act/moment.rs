//! Misfortune that does not come by chance: somebody waits for a moment in which it hurts most,
//! such as that between a claim and its admission, and strikes then.

use greenroom_core::command::Command;
use jiff::SignedDuration;

use super::script::Frame;
use super::{Act, Item};
use crate::fault::Port;
use crate::model::repository::Quality;
use crate::ports::seconds;
use crate::random::{Random, key, mix};
use crate::setup::cast::PUSHERS;
use crate::setup::draft::Draft;

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// Somebody's yes was taken.
    Approved,
    /// A run was claimed.
    Claimed,
    /// The service has taken an execution on, which has not asked the fence yet.
    Started,
    /// The fence let an execution through.
    Admitted,
    /// A release was verified.
    Green,
    /// A break has opened.
    Red,
    /// A run is to stop, and its execution has not ended yet.
    Stopping,
}

/// Where a blow falls, seen from the stage at which the moment came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Where {
    Here,
    /// At the stage it promotes from.
    Above,
    /// At a stage that promotes from it.
    Below,
}

/// What is done when the moment has come.
#[derive(Clone, PartialEq, Debug)]
pub enum Blow {
    /// What has nothing to do with the stage.
    Act(Box<Act>),
    Lock {
        at: Where,
        lasts: Option<SignedDuration>,
    },
    /// Somebody with the installation's token asks for it.
    Ask { at: Where, command: Command },
    /// A commit on the branch that leads there.
    Push { at: Where, quality: Quality },
}

/// Waits from when it is done.
#[derive(Clone, PartialEq, Debug)]
pub struct Lurk {
    pub moment: Moment,
    /// Only there; `None`: at any stage.
    pub stage: Option<String>,
    /// Moments that it lets pass first.
    pub passes: u32,
    /// How often it strikes.
    pub times: u32,
    /// It strikes at most so many seconds after the moment.
    pub within: u64,
    pub blows: Vec<Blow>,
}

impl Lurk {
    /// Somebody pushes right after the next approval.
    pub fn push_after_a_yes(branch: &str) -> Self {
        let push = Act::Push {
            branch: branch.to_owned(),
            actor: PUSHERS[1].to_owned(),
            quality: Quality::Good,
        };
        Self {
            moment: Moment::Approved,
            stage: None,
            passes: 0,
            times: 1,
            within: 20,
            blows: vec![Blow::Act(Box::new(push))],
        }
    }
}

/// Stages by what can be done around them.
struct Stages {
    /// Each promotes from another.
    promoted: Vec<String>,
    /// Each is promoted from.
    above: Vec<String>,
}

/// Those who lurk, in most seeds.
pub(super) fn lurks(frame: &Frame<'_>, draft: &Draft) -> Vec<Item> {
    let mut random = Random::of(frame.seed, key("lurks"));
    let n = if random.chance(600) {
        random.between(1, 6)
    } else {
        0
    };
    let edges = draft.stages.iter().filter_map(|entry| {
        let upstream = entry.upstream.clone()?;
        Some((entry.key.clone(), upstream))
    });
    let (promoted, above) = edges.unzip();
    let stages = Stages { promoted, above };
    let lurk = |i: u64| {
        let number = mix(key("lurk") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        // Not at the very end, when there is nothing to wait for.
        let at = frame.instant(&mut random).min(frame.instant(&mut random));
        let act = Act::Lurk(drawn(&stages, draft, &mut random));
        Item { number, at, act }
    };
    (0..n).map(lurk).collect()
}

fn drawn(stages: &Stages, draft: &Draft, random: &mut Random) -> Lurk {
    let (moment, place, blows) = match random.below(11) {
        0 => late_lock(random),
        1 => early_end(stages, random),
        2 => rollback(random),
        3 | 4 => upstream(stages, random),
        5 => (
            Moment::Green,
            None,
            vec![edit(draft, Draft::rework, random)],
        ),
        6 => late_start(draft, random),
        7 => (
            Moment::Admitted,
            None,
            vec![edit(draft, Draft::rework, random)],
        ),
        8 => (Moment::Stopping, None, vec![impatience(random)]),
        9 => too_soon(stages, random),
        _ => (Moment::Red, None, vec![edit(draft, Draft::rewire, random)]),
    };
    let soon = random.chance(500);
    Lurk {
        moment,
        stage: place,
        passes: u32::try_from(random.below(3)).unwrap_or(0),
        times: u32::try_from(random.between(1, 3)).unwrap_or(1),
        within: if soon { 2 } else { 45 },
        blows,
    }
}

type Plan = (Moment, Option<String>, Vec<Blow>);

/// A stage is locked when its run is claimed and not admitted yet.
fn late_lock(random: &mut Random) -> Plan {
    let moment = *random.pick(&[Moment::Claimed, Moment::Started]);
    let lasts = random
        .chance(500)
        .then(|| seconds(random.between(600, 7200)));
    let at = Where::Here;
    (moment, None, vec![Blow::Lock { at, lasts }])
}

/// A lock ends soon, and somebody waits for it.
fn early_end(stages: &Stages, random: &mut Random) -> Plan {
    let lasts = Some(seconds(random.between(60, 2400)));
    let at = Where::Below;
    let above = Some(random.pick(&stages.above).clone());
    (Moment::Green, above, vec![Blow::Lock { at, lasts }])
}

/// Somebody goes back while the stage is locked, or is locked before the old release begins.
fn rollback(random: &mut Random) -> Plan {
    let lasts = Some(seconds(random.between(900, 7200)));
    let at = Where::Here;
    let lock = Blow::Lock { at, lasts };
    let back = Blow::Ask {
        at,
        command: Command::Rollback {
            to: None,
            reason: "as it was".to_owned(),
        },
    };
    let blows = match random.below(2) {
        0 => vec![lock, back],
        _ => vec![back, lock],
    };
    (Moment::Green, None, blows)
}

/// What a run relies on is put in doubt before it begins.
fn upstream(stages: &Stages, random: &mut Random) -> Plan {
    let at = Where::Above;
    let blow = match random.below(3) {
        0 => Blow::Ask {
            at,
            command: Command::Refresh,
        },
        _ => Blow::Push {
            at,
            quality: *random.pick(&[Quality::Good, Quality::TestsFail, Quality::DeployFails]),
        },
    };
    let moment = *random.pick(&[Moment::Claimed, Moment::Started, Moment::Approved]);
    let stage = random.pick(&stages.promoted).clone();
    (moment, Some(stage), vec![blow])
}

/// Somebody who cannot wait for the end of what is being stopped.
fn impatience(random: &mut Random) -> Blow {
    let at = Where::Here;
    let ask = |command| Blow::Ask { at, command };
    match random.below(4) {
        0 | 1 => ask(Command::Retry),
        2 => ask(Command::Promote),
        _ => Blow::Push {
            at,
            quality: Quality::Good,
        },
    }
}

/// The stage file changes while nothing can be started.
fn late_start(draft: &Draft, random: &mut Random) -> Plan {
    let away = Act::Outage {
        ports: vec![Port::Pipelines],
        lasts: seconds(random.between(60, 900)),
    };
    let edit = edit(draft, Draft::rework, random);
    (Moment::Claimed, None, vec![Blow::Act(Box::new(away)), edit])
}

/// Somebody wants what was green while something else is put there.
fn too_soon(stages: &Stages, random: &mut Random) -> Plan {
    let ask = Blow::Ask {
        at: Where::Below,
        command: Command::Promote,
    };
    let above = random.pick(&stages.above).clone();
    (Moment::Admitted, Some(above), vec![ask])
}

fn edit(draft: &Draft, how: fn(&mut Draft, &mut Random) -> String, random: &mut Random) -> Blow {
    let mut draft = draft.clone();
    let what = how(&mut draft, random);
    Blow::Act(Box::new(Act::Edit {
        what,
        text: draft.valid(),
        actor: PUSHERS[0].to_owned(),
    }))
}
