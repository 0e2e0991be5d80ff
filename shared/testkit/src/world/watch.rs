//! What must hold at every moment, checked against what is really committed, deployed and sent.
//! It knows nothing of how Greenroom decides: it remembers what was, and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use greenroom_app::ports::channels::SendError;
use greenroom_app::ports::store::Write;
use greenroom_app::records::StageRecord;
use greenroom_core::message::Kind;
use greenroom_core::name::Digest;
use greenroom_core::stage::Stage;

use super::pipelines::{Deployment, artifact_of};
use super::tests_and_talk::Sent;

mod stage;

/// What was until now.
#[derive(Clone, Debug, Default)]
struct Past {
    stages: BTreeMap<String, Stage>,
    /// By the stage that takes promotions, the one they come from.
    feeds: BTreeMap<String, String>,
    /// How many approvals a stage demands.
    approvals: BTreeMap<String, usize>,
    verified: BTreeSet<(String, Digest)>,
    opened: BTreeSet<(String, u64)>,
    closed: BTreeSet<(String, u64)>,
    deployed: BTreeSet<(String, u64)>,
    /// Ids of attempts at suites that passed.
    passed: BTreeSet<String>,
    sent: Vec<Sent>,
    /// Deliveries that were answered 2xx.
    acknowledged: Vec<String>,
    broken: Vec<String>,
}

/// Remembers what was, and what should not have been.
#[derive(Debug, Default)]
pub struct Watch {
    past: Mutex<Past>,
}

impl Watch {
    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn copy(&self) -> Self {
        Self {
            past: Mutex::new(self.past().clone()),
        }
    }

    /// `below` takes only what is verified on `above`.
    pub fn feeds(&self, above: &str, below: &str) {
        self.past().feeds.insert(below.to_owned(), above.to_owned());
    }

    /// Nothing is admitted on `stage` without so many approvals.
    pub fn demands(&self, stage: &str, approvals: usize) {
        self.past().approvals.insert(stage.to_owned(), approvals);
    }

    /// What should never have been, in the order it was.
    pub fn broken(&self) -> Vec<String> {
        self.past().broken.clone()
    }

    /// Deliveries that were answered 2xx.
    pub fn acknowledged(&self) -> Vec<String> {
        self.past().acknowledged.clone()
    }

    pub(super) fn acknowledge(&self, delivery: &str) {
        self.past().acknowledged.push(delivery.to_owned());
    }

    /// A commit was made.
    pub(super) fn committed(&self, writes: &[Write]) {
        let mut past = self.past();
        for write in writes {
            let Write::Put { key, value, .. } = write else {
                continue;
            };
            if key.sort != "state" || !key.partition.starts_with("app#") {
                continue;
            }
            let Ok(record) = serde_json::from_slice::<StageRecord>(value) else {
                continue;
            };
            past.written(*record.stage);
        }
    }

    /// The suite's attempt of this id passed, in truth.
    pub(super) fn passed(&self, id: &str) {
        self.past().passed.insert(id.to_owned());
    }

    /// An execution was started although its run has one.
    pub(super) fn started_again(&self, stage: &str, generation: u64) {
        let what = format!("C4: run {generation} of {stage} was started twice");
        self.past().broken.push(what);
    }

    /// So many executions change a stage now.
    pub(super) fn admitted(&self, stage: &str, at_once: usize) {
        if at_once > 1 {
            let what = format!("C1: {at_once} admitted executions on {stage} at once");
            self.past().broken.push(what);
        }
    }

    /// Bytes were put on a stage.
    pub(super) fn deployed(&self, deployment: &Deployment) {
        let mut past = self.past();
        let Deployment {
            stage,
            generation,
            revision,
            artifact,
        } = deployment;
        if !past.deployed.insert((stage.clone(), *generation)) {
            let what = format!("C2: run {generation} of {stage} was deployed twice");
            past.broken.push(what);
        }
        if *artifact != Some(artifact_of(revision).digest) {
            let what = format!("D2: other bytes than those of {revision} on {stage}");
            past.broken.push(what);
        }
        let above = past.feeds.get(stage).cloned();
        if let (Some(above), Some(artifact)) = (above, artifact)
            && !past.verified.contains(&(above.clone(), artifact.clone()))
        {
            let what = format!("D1: {stage} got bytes that {above} never verified");
            past.broken.push(what);
        }
    }

    /// A message was sent, or offered.
    pub(super) fn sent(&self, sent: &Sent) {
        let mut past = self.past();
        past.stateless(sent);
        past.copied(sent);
        past.sent.push(sent.clone());
    }
}

impl Past {
    /// A message speaks of a state that was, and of the end of a break only after the break.
    fn stateless(&mut self, sent: &Sent) {
        let told = &sent.announcement;
        let (Some(stage), Some(episode)) = (&told.stage, told.episode) else {
            return;
        };
        let break_of = (stage.to_string(), episode);
        let ends = matches!(told.kind, Kind::Recovered { .. });
        if !self.opened.contains(&break_of) || ends && !self.closed.contains(&break_of) {
            let what = format!(
                "E3: {:?} of {break_of:?} was sent before it was so",
                told.kind
            );
            self.broken.push(what);
        }
        let first = |before: &&Sent| {
            let its = &before.announcement;
            before.channel == sent.channel
                && its.kind == Kind::Broke
                && its.stage == told.stage
                && its.episode == told.episode
                && (before.may_have_arrived()
                    || matches!(before.answer, Err(SendError::Refused { .. })))
        };
        if ends && !self.sent.iter().any(|before| first(&before)) {
            let what = format!(
                "E4: {} heard of the end of {break_of:?} before it heard of it",
                sent.channel
            );
            self.broken.push(what);
        }
    }

    /// Of all copies that may have arrived, all but one say that they may be copies.
    fn copied(&mut self, sent: &Sent) {
        let unsaid = |one: &&Sent| {
            one.key == sent.key && one.may_have_arrived() && !one.announcement.possibly_repeated
        };
        let others = self.sent.iter().filter(unsaid).count();
        if others + usize::from(unsaid(&sent)) > 1 {
            let what = format!("E2: {} was repeated without saying so", sent.key);
            self.broken.push(what);
        }
    }
}
