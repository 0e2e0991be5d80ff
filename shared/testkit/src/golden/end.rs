//! What people see when all is over.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_app::records::DeliveryStatus;
use greenroom_core::message::Kind;
use greenroom_core::name::{DeliveryId, Revision, StageName};
use greenroom_core::stage::{Health, Outcome, Stage};
use greenroom_core::waiting::Wait;

use crate::world::World;

/// Lines of a difference that are shown.
const LINES_SHOWN: usize = 60;

/// What people see when all is over. Two runs of a scenario that differ in it differ to them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct End {
    pub stages: BTreeMap<String, Seen>,
    /// By stage, what was really put there, in that order.
    pub deployed: BTreeMap<String, Vec<Revision>>,
    /// By channel, what arrived or may have, in the order in which it first did.
    pub told: BTreeMap<String, Vec<String>>,
    /// What people are asked to look at.
    pub attention: Vec<String>,
    /// What should be done and is not.
    pub leftovers: Vec<String>,
    /// Webhooks that were taken in and are not decided.
    pub undecided: Vec<String>,
}

/// One stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    pub head: Option<Revision>,
    pub generation: u64,
    pub health: Health,
    pub verified: Option<Revision>,
    /// What stands there, if it is there whole.
    pub stands: Option<Revision>,
    /// What waits, and what it contains.
    pub candidate: Option<Vec<Revision>>,
    /// Why nothing moves, by code.
    pub waits: Vec<&'static str>,
    pub running: bool,
    /// The newest run that ended, what it contained, and how it ended.
    pub last: Option<(Vec<Revision>, Option<Outcome>)>,
    /// The open break's episode and how often it was red.
    pub broken: Option<(u64, u32)>,
    pub episodes: u64,
    pub locked: bool,
    pub held: bool,
    pub approvals: Vec<(String, Revision)>,
}

impl End {
    /// Reads it from the table and from what was really done.
    pub fn of(world: &World) -> Self {
        let names = world.now(world.app.stage_names(world.id)).expect("names");
        let seen = |name: &StageName| (name.to_string(), seen(world, name));
        let mut deployed: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for one in world.ports().pipelines.deployments() {
            deployed.entry(one.stage).or_default().push(one.revision);
        }
        let board = world.now(world.app.board(None)).expect("the board");
        let attention = board.apps.into_iter().flat_map(|app| app.attention);
        let mut attention: Vec<_> = attention.map(|attention| attention.code).collect();
        attention.sort();
        Self {
            stages: names.iter().map(seen).collect(),
            deployed,
            told: told(world),
            attention,
            leftovers: world.leftovers(),
            undecided: undecided(world),
        }
    }

    /// Whether nothing is left to be done.
    pub fn is_done(&self) -> bool {
        self.leftovers.is_empty() && self.undecided.is_empty()
    }

    /// The stage of this name.
    ///
    /// # Panics
    /// When there is none.
    pub fn stage(&self, name: &str) -> &Seen {
        &self.stages[name]
    }

    /// How often something was really put on this stage.
    pub fn deployments(&self, stage: &str) -> usize {
        self.deployed.get(stage).map_or(0, Vec::len)
    }

    /// What a channel heard.
    pub fn heard(&self, channel: &str) -> Vec<&str> {
        let told = self.told.get(channel).into_iter().flatten();
        told.map(String::as_str).collect()
    }

    /// The lines in which another end differs, with their places.
    pub fn difference(&self, other: &Self) -> String {
        let lines = |end: &Self| {
            let text = format!("{end:#?}");
            let lines = text.lines().enumerate();
            lines
                .map(|(n, line)| (n, line.trim().to_owned()))
                .collect::<BTreeSet<_>>()
        };
        let (mine, its) = (lines(self), lines(other));
        let missing = mine.difference(&its).map(|line| ("-", line));
        let strange = its.difference(&mine).map(|line| ("+", line));
        let mut all: Vec<_> = missing.chain(strange).collect();
        all.sort_by_key(|(_, (n, _))| *n);
        let shown = all
            .iter()
            .take(LINES_SHOWN)
            .map(|(sign, (n, line))| format!("{sign} {n}: {line}"));
        shown.collect::<Vec<_>>().join("\n")
    }
}

fn seen(world: &World, name: &StageName) -> Seen {
    let id = world.stage_id(name.as_str());
    let (stage, plan) = world.now(world.app.explain(&id)).expect("a stage");
    let revision = |release: &greenroom_core::release::Release| release.revision.clone();
    let Stage {
        head,
        generation,
        health,
        verified,
        candidate,
        run,
        last,
        brk,
        episodes,
        lock,
        hold,
        approvals,
        ..
    } = &stage;
    let with = |revision: &Revision, contains: &[greenroom_core::stage::Skipped]| {
        let contains = contains.iter().map(|skipped| skipped.revision.clone());
        std::iter::once(revision.clone()).chain(contains).collect()
    };
    Seen {
        head: head.as_ref().map(|head| head.revision.clone()),
        generation: *generation,
        health: *health,
        verified: verified.as_ref().map(|green| revision(&green.release)),
        stands: stage.stands().map(|stands| revision(&stands.release)),
        candidate: candidate
            .as_ref()
            .map(|one| with(&one.revision, &one.contains)),
        waits: plan.waiting_on.iter().map(Wait::code).collect(),
        running: run.is_some(),
        last: last
            .as_ref()
            .map(|run| (with(&run.release.revision, &run.contains), run.outcome)),
        broken: brk.as_ref().map(|brk| (brk.episode, brk.reds)),
        episodes: *episodes,
        locked: lock.is_some(),
        held: hold.is_some(),
        approvals: approvals
            .iter()
            .map(|yes| (yes.by.clone(), revision(&yes.release)))
            .collect(),
    }
}

fn told(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for sent in world.ports().channels.tries() {
        if sent.may_have_arrived() && keys.insert(sent.key.clone()) {
            let one = &sent.announcement;
            let kind = match &one.kind {
                Kind::Recovered { .. } => "recovered".to_owned(),
                Kind::Exhausted { about, .. } => format!("exhausted: {about}"),
                other => format!("{other:?}").to_lowercase(),
            };
            let stage = one.stage.as_ref().map_or("", |stage| stage.as_str());
            let revision = one
                .revision
                .as_ref()
                .map_or("", |revision| revision.short());
            let line = format!("{kind} {stage} {revision}");
            told.entry(sent.channel.to_string()).or_default().push(line);
        }
    }
    told
}

fn undecided(world: &World) -> Vec<String> {
    let decided = |id: &String| {
        let read = world.now(world.app.delivery(&DeliveryId::new(id.as_str())));
        match read
            .expect("the store answers")
            .map(|read| read.record.status)
        {
            Some(DeliveryStatus::Decided { open, .. }) => open.is_empty(),
            Some(DeliveryStatus::Ignored { .. }) => true,
            _ => false,
        }
    };
    let all = world.ports().watch.acknowledged();
    all.into_iter().filter(|id| !decided(id)).collect()
}
