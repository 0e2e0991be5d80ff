//! What comes next to a stage by itself, where that depends on what stands there.

use greenroom_core::message::Next;
use greenroom_core::name::StageId;
use greenroom_core::release::Release;
use greenroom_core::stage::{Break, Deployed, Failing};
use greenroom_core::stage_file::StageFile;
use jiff::Timestamp;

use super::words;
use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::records::StageRecord;
use crate::table::{self, Versioned};

impl<P: Ports> App<P> {
    /// What ends this break without anybody giving a command.
    pub(super) async fn next(
        &self,
        file: &StageFile,
        id: &StageId,
        brk: &Break,
        at: Timestamp,
    ) -> Result<Next, Error> {
        let retest = match &brk.failing {
            Failing::Tests { .. } => self.retest(file, id, None).await?,
            Failing::Step { .. } => None,
        };
        Ok(retest.unwrap_or_else(|| words::next(file, id, at)))
    }

    /// The next look at what stands on a stage that is watched; none if it is not `release` that stands
    /// there. It counts from when that was judged last, which may be long before it is told.
    pub(super) async fn retest(
        &self,
        file: &StageFile,
        id: &StageId,
        release: Option<&Release>,
    ) -> Result<Option<Next>, Error> {
        let read: Option<Versioned<StageRecord>> =
            table::load(self.ports.store(), &keys::stage(id)).await?;
        let Some(stage) = read.map(|read| read.record.stage) else {
            return Ok(None);
        };
        let is_it = |stands: &&Deployed| release.is_none_or(|release| *release == stands.release);
        let stands = stage.stands().filter(is_it).map(|it| it.generation);
        let judged = stage.watch.of.as_ref();
        let judged = judged.filter(|of| stands == Some(of.generation));
        let every = file.rule(&stage.spec.rule).and_then(|rule| rule.watch);
        Ok(every.zip(judged).map(|(every, of)| Next::Retest {
            at: of.at.saturating_add(every).unwrap_or(Timestamp::MAX),
        }))
    }
}
