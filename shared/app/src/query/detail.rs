//! One stage's history, one run, and how far behind the work is.

use greenroom_core::history::Entry;
use greenroom_core::name::StageId;
use greenroom_core::stage::Run;
use jiff::Timestamp;
use serde::Serialize;

use super::{RunView, run_view};
use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::table;

/// How much is pending, and since when.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Backlog {
    pub kind: String,
    pub pending: usize,
    pub overdue: usize,
    pub oldest: Option<Timestamp>,
}

impl<P: Ports> App<P> {
    /// The newest lines of a stage's log, newest first.
    pub async fn stage_log(&self, id: &StageId, limit: usize) -> Result<Vec<Entry>, Error> {
        table::list(
            self.ports.store(),
            &keys::stage_partition(id),
            "log#",
            limit,
        )
        .await
    }

    /// The newest runs of a stage, newest first.
    pub async fn stage_runs(&self, id: &StageId, limit: usize) -> Result<Vec<RunView>, Error> {
        let runs: Vec<Run> = table::list(
            self.ports.store(),
            &keys::stage_partition(id),
            "run#",
            limit,
        )
        .await?;
        Ok(runs.iter().map(run_view).collect())
    }

    /// One run of a stage.
    pub async fn run(&self, id: &StageId, generation: u64) -> Result<RunView, Error> {
        let run = table::load::<Run>(self.ports.store(), &keys::run(id, generation)).await?;
        let help = format!("greenroom log {}", id.stage);
        run.map(|read| run_view(&read.record))
            .ok_or_else(|| Error::NotFound {
                what: format!("run {generation} of {}", id.stage),
                help,
            })
    }

    /// How much of each kind is pending.
    pub async fn backlog(&self) -> Result<Vec<Backlog>, Error> {
        let now = self.ports.now();
        let mut all: Vec<Backlog> = Vec::new();
        for due in self.pending(None).await? {
            let kind = due.work.kind();
            let overdue = usize::from(due.since <= now);
            match all.iter_mut().find(|known| known.kind == kind) {
                Some(known) => {
                    known.pending += 1;
                    known.overdue += overdue;
                    known.oldest = known.oldest.min(Some(due.since));
                }
                None => all.push(Backlog {
                    kind: kind.to_owned(),
                    pending: 1,
                    overdue,
                    oldest: Some(due.since),
                }),
            }
        }
        Ok(all)
    }
}
