//! The promises, each checked against the world's truth right after whatever happens. The numbers
//! are those of ARCHITECTURE.md.

mod calendar;
mod claim;
mod deadline;
mod effort;
mod execution;
mod heads;
mod ingest;
mod lease;
mod life;
mod line;
mod mark;
mod passage;
mod promotion;
pub mod quiet;
mod reliance;
mod resolution;
mod schedule;
mod security;
mod settled;
mod state;
mod storm;
mod suite;
mod talk;
mod watch;
mod window;
mod wish;

use std::collections::{BTreeMap, BTreeSet};

use greenroom_app::keys;
use greenroom_app::ports::store::Key;
use greenroom_app::records::StageRecord;
use greenroom_core::name::ConfigHash;
use greenroom_core::stage::Stage;
use jiff::Timestamp;

use crate::truth::{Glance, Happened, Truth};

/// The numbers of all that is checked.
pub const PROMISES: &[&str] = &[
    "A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8",
    "C9", "D1", "D2", "D3", "D5", "D6", "D8", "D9", "D10", "E1", "E2", "E3", "E4", "E5", "E6",
    "F1", "F2", "F3", "G2", "G3", "G4", "G5", "G6", "H1", "H2", "H5", "H6", "H7", "H13", "I1",
    "I4", "I6",
];

/// A promise that was not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The number of the invariant.
    pub invariant: &'static str,
    pub at: Timestamp,
    pub what: String,
}

/// All checks and what they remember.
#[derive(Debug, Default)]
pub struct Checks {
    /// Stage files that came into force, the newest last.
    in_force: Vec<ConfigHash>,
    ingest: ingest::Ingest,
    heads: heads::Heads,
    execution: execution::Execution,
    promotion: promotion::Promotion,
    talk: talk::Talk,
    wishes: wish::Wishes,
    marks: mark::Marks,
    lines: line::Lines,
    pub(crate) watches: watch::Watches,
    pub(crate) passages: passage::Passages,
    commit: Commit,
    /// Each stage as the table has it, and since when.
    stages: Stages,
}

/// Stages as the table has them, by name, and since when.
type Stages = BTreeMap<String, (Timestamp, StageRecord)>;

/// What is known of the commit that is looked at.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// When whoever commits decided, by the true time and by his clock.
    glance: Option<Glance>,
    /// What must not have changed since.
    relies_on: BTreeSet<Key>,
}

/// Broken promises are collected here.
#[derive(Debug, Default)]
pub struct Found(Vec<Violation>);

impl Found {
    /// `invariant` is broken.
    pub fn broken(&mut self, truth: &Truth, invariant: &'static str, what: impl Into<String>) {
        self.0.push(Violation {
            invariant,
            at: truth.now,
            what: what.into(),
        });
    }

    pub fn first(&self) -> Option<&Violation> {
        self.0.first()
    }
}

/// A stage's record was replaced.
#[derive(Clone, Copy, Debug)]
pub struct Replaced<'a> {
    pub commit: &'a Commit,
    /// When the record before was committed.
    pub since: Timestamp,
    pub before: Option<&'a Stage>,
    pub after: &'a Stage,
}

impl Replaced<'_> {
    /// A run was claimed by this commit.
    pub fn claims(&self) -> bool {
        let before = self.before.map_or(0, |before| before.generation);
        self.after.generation > before
    }

    /// An execution was let through by this commit.
    pub fn admits(&self) -> bool {
        let admitted = |stage: &Stage| {
            let run = stage.run.as_ref()?;
            run.admitted_at.map(|_| run.generation)
        };
        let after = admitted(self.after);
        after.is_some() && self.before.and_then(admitted) != after
    }
}

impl Checks {
    /// Looks at what has just happened.
    pub fn see(&mut self, truth: &Truth, happened: &Happened<'_>, found: &mut Found) {
        if let Happened::Stage { before, after } = happened {
            self.replaced(truth, *before, after, found);
            return;
        }
        if let Happened::Commits { glance, relies_on } = happened {
            self.commit = Commit {
                glance: *glance,
                relies_on: relies_on.iter().map(|key| (*key).clone()).collect(),
            };
            return;
        }
        if let Happened::Committed { changes } = happened {
            state::committed(truth, changes, found);
            security::committed(truth, changes, found);
            effort::committed(truth, changes, found);
            self.marks.committed(changes);
            self.watches.committed(changes);
            for change in *changes {
                if change.key.partition == keys::APPS {
                    security::in_force(truth, change, &mut self.in_force, found);
                }
            }
        }
        if let Happened::Started {
            execution,
            fresh: true,
        } = happened
        {
            claim::started(
                truth,
                *execution,
                &self.promotion.files,
                &self.stages,
                found,
            );
        }
        if let Happened::Tested {
            stage,
            generation,
            request,
            ..
        } = happened
        {
            let of = (*stage, *generation);
            let files = &self.promotion.files;
            suite::tested(truth, of, request, files, &self.stages, found);
        }
        self.watches.see(truth, happened);
        self.wishes.see(truth, happened, found);
        self.ingest
            .see(truth, happened, &self.promotion.files, found);
        self.execution
            .see(truth, happened, &self.wishes, &self.stages, found);
        self.promotion.see(truth, happened, found);
        self.talk.see(truth, happened, &self.commit, found);
        security::see(truth, happened, found);
    }

    /// E1: in the end every break was told wherever it was to be.
    pub fn end(&self, truth: &Truth, found: &mut Found) {
        self.talk.end(truth, found);
        self.execution.end(truth, found);
    }

    /// Every delivery that was acknowledged.
    pub fn acknowledged(&self) -> Vec<String> {
        self.ingest.acknowledged()
    }

    fn replaced(
        &mut self,
        truth: &Truth,
        before: Option<&StageRecord>,
        after: &StageRecord,
        found: &mut Found,
    ) {
        let name = after.stage.id.stage.as_str();
        let since = self
            .stages
            .get(name)
            .map_or(truth.setup.start, |(at, _)| *at);
        let replaced = Replaced {
            commit: &self.commit,
            since,
            before: before.map(|before| &*before.stage),
            after: &after.stage,
        };
        state::replaced(truth, &replaced, found);
        self.wishes.replaced(truth, &replaced, found);
        deadline::replaced(truth, &replaced, found);
        effort::replaced(truth, &replaced, found);
        suite::replaced(truth, &replaced, found);
        self.heads.replaced(truth, &replaced, found);
        self.execution.replaced(truth, &replaced, found);
        let command = self.wishes.command(truth, replaced.after);
        let files = &self.promotion.files;
        self.lines.replaced(truth, &replaced, files, command, found);
        self.watches.replaced(truth, &replaced, files, found);
        let others = promotion::Others {
            stages: &self.stages,
            lines: &self.lines,
        };
        self.promotion
            .replaced(truth, &replaced, &self.wishes, &others, found);
        self.talk.replaced(truth, &replaced, found);
        schedule::replaced(truth, &replaced, found);
        life::replaced(truth, &replaced, found);
        let files = &self.promotion.files;
        reliance::replaced(truth, &replaced, files, found);
        self.marks.replaced(truth, &replaced, files, found);
        self.passages
            .replaced(truth, &replaced, files, &self.stages, found);
        claim::replaced(truth, &replaced, files, &self.stages, &self.lines, found);
        let green = self.promotion.green.get(name).map(|(since, _)| *since);
        calendar::replaced(truth, &replaced, files, &self.in_force, green, found);
        self.stages
            .insert(name.to_owned(), (truth.now, after.clone()));
    }
}
