//! Remembers what the core has answered. The core is a pure function, so each different question
//! is asked once; and a stage is a number here, which makes states small.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use greenroom_core::stage::Stage;

use crate::decide::{self, Read};
use crate::setup::{Move, Setup, Tick, Wish};
use crate::state::{Head, Input, Out};

/// A stage record, by the order in which they turned up. Two are equal if the records are.
pub type StageKey = u32;

/// Everything a decision depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Question {
    pub stage: StageKey,
    pub upstream: Option<StageKey>,
    pub file: u8,
    pub tick: Tick,
    pub skew: i8,
    pub nonce: u8,
    pub input: Input,
}

/// What the core answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Refused,
    Planned {
        next: StageKey,
        out: Vec<Out>,
        /// Planned again at once, it would stay as it is.
        settled: bool,
    },
}

/// How the upstream was before, what becomes of it, with which head if with a newer one, and when
/// by which clock.
type UpstreamMove = (Option<StageKey>, Move, Head, Tick, i8);

#[derive(Debug, Default)]
struct Pages {
    stages: Vec<Arc<Stage>>,
    keys: HashMap<String, StageKey>,
    answers: HashMap<Question, Answer>,
    moves: HashMap<UpstreamMove, Option<StageKey>>,
    dry: HashMap<(StageKey, Option<StageKey>, u8, Tick), bool>,
}

/// All records and answers so far.
#[derive(Debug, Default)]
pub struct Book {
    pages: Mutex<Pages>,
}

impl Book {
    /// The number of this record.
    pub fn key(&self, stage: Stage) -> StageKey {
        self.pages().key(stage)
    }

    /// The record of this number.
    pub fn stage(&self, key: StageKey) -> Arc<Stage> {
        self.pages().stage(key)
    }

    /// What the core answers to `question`.
    pub fn ask(&self, setup: &Setup, question: Question) -> Answer {
        let mut pages = self.pages();
        if let Some(known) = pages.answers.get(&question) {
            return known.clone();
        }
        let stage = pages.stage(question.stage);
        let upstream = question.upstream.map(|key| pages.stage(key));
        let read = Read {
            stage: &stage,
            upstream: upstream.as_deref(),
            file: question.file,
            now: setup.clock(question.tick, question.skew),
            nonce: question.nonce,
        };
        let answer = match decide::decide(setup, &read, question.input) {
            None => Answer::Refused,
            Some(planned) => Answer::Planned {
                settled: decide::is_settled(setup, &read, &planned.next),
                out: decide::outs(&planned.effects),
                next: pages.key(planned.next),
            },
        };
        pages.answers.insert(question, answer.clone());
        answer
    }

    /// The upstream after this; `None`: it cannot be.
    pub fn upstream(&self, setup: &Setup, question: UpstreamMove) -> Option<StageKey> {
        let mut pages = self.pages();
        if let Some(known) = pages.moves.get(&question) {
            return *known;
        }
        let (before, step, newer, tick, skew) = question;
        let now = setup.clock(tick, skew);
        let upstream = Setup {
            rule: "preprod",
            fault: None,
            ..setup.clone()
        };
        let stage = match before {
            Some(key) => Stage::clone(&pages.stage(key)),
            None => decide::blank(upstream.rule, now),
        };
        let (first, passes) = match step {
            Move::Green => (Input::Head(newer), true),
            Move::Red => (Input::Head(newer), false),
            Move::Back => (Input::Wish(Wish::Rollback, None), true),
        };
        let next = decide::deployed(&upstream, &stage, first, passes, now);
        let key = next.map(|next| pages.key(next));
        pages.moves.insert(question, key);
        key
    }

    /// Whether the run of this stage ends if nobody ever answers again.
    pub fn runs_dry(
        &self,
        setup: &Setup,
        stage: StageKey,
        upstream: Option<StageKey>,
        file: u8,
        tick: Tick,
    ) -> bool {
        let mut pages = self.pages();
        let question = (stage, upstream, file, tick);
        if let Some(known) = pages.dry.get(&question) {
            return *known;
        }
        let record = pages.stage(stage);
        let upstream = upstream.map(|key| pages.stage(key));
        let read = Read {
            stage: &record,
            upstream: upstream.as_deref(),
            file,
            now: setup.clock(tick, 0),
            nonce: u8::MAX,
        };
        let dry = decide::runs_dry(setup, &read);
        pages.dry.insert(question, dry);
        dry
    }

    /// How many different records, and how many different questions.
    pub fn size(&self) -> (usize, usize) {
        let pages = self.pages();
        (pages.stages.len(), pages.answers.len())
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn key(&mut self, stage: Stage) -> StageKey {
        let json = serde_json::to_string(&stage).expect("a stage can be written");
        if let Some(known) = self.keys.get(&json) {
            return *known;
        }
        let key = StageKey::try_from(self.stages.len()).expect("few stages");
        self.stages.push(Arc::new(stage));
        self.keys.insert(json, key);
        key
    }

    fn stage(&self, key: StageKey) -> Arc<Stage> {
        let index = usize::try_from(key).expect("a number of this book");
        Arc::clone(&self.stages[index])
    }
}
