//! Finds everything that is pending from the table alone: the due markers up to now, and nothing
//! else. It runs the same code as a hint does.

use greenroom_core::name::ExecutionId;
use jiff::Timestamp;

use crate::App;
use crate::door::chain;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::store::{Key, Store};
use crate::table::{self, unmark};
use crate::work::Work;

/// Markers read of one shard in one sweep; the next sweep goes on.
const PER_SHARD: usize = 200;

/// Something due, and the marker that said so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    pub work: Work,
    pub marker: Key,
    pub since: Timestamp,
}

impl<P: Ports> App<P> {
    /// Everything that is due now, the oldest of each shard first.
    pub async fn due(&self) -> Result<Vec<Due>, Error> {
        self.pending(Some(self.ports.now())).await
    }

    /// Everything pending whose marker stands at `until` or before.
    pub async fn pending(&self, until: Option<Timestamp>) -> Result<Vec<Due>, Error> {
        let mut all = Vec::new();
        for shard in 0..keys::SHARDS {
            let page = self
                .ports
                .store()
                .query(&keys::due_partition(shard), "", None, PER_SHARD)
                .await?;
            for item in page.items {
                let Some((at, name)) = item.key.sort.split_once('#') else {
                    continue;
                };
                let (Some(since), Some(work)) = (keys::parse_instant(at), Work::parse(name)) else {
                    continue;
                };
                if until.is_some_and(|until| since > until) {
                    break;
                }
                all.push(Due {
                    work,
                    marker: item.key,
                    since,
                });
            }
        }
        Ok(all)
    }

    /// Does one pending thing.
    pub async fn perform_work(&self, work: &Work) -> Result<(), Error> {
        match work {
            Work::Delivery(id) => self.decide(id).await,
            Work::Effect(id) => self.perform(id).await,
            Work::Stage(id) => self.look_at_stage(id).await,
            Work::Build(app, revision, recipe) => self.look_at_build(*app, revision, recipe).await,
            Work::Execution(id) => self.execution_changed(id).await,
        }
    }

    /// Looks at whatever the execution belongs to; one that is not ours belongs to nothing.
    async fn execution_changed(&self, id: &ExecutionId) -> Result<(), Error> {
        let Some(owner) = table::load::<String>(self.ports.store(), &keys::execution(id)).await?
        else {
            return Ok(());
        };
        match Work::parse(&owner.record) {
            Some(Work::Stage(id)) => self.look_at_stage(&id).await,
            Some(Work::Build(app, revision, recipe)) => {
                self.look_at_build(app, &revision, &recipe).await
            }
            _ => Ok(()),
        }
    }

    /// Does what a marker stands for, and takes the marker away if nobody owns it any more.
    pub async fn perform_due(&self, due: &Due) {
        if let Err(error) = self.perform_work(&due.work).await {
            tracing::error!(work = due.work.name(), error = %chain(&error), "pending work did not succeed");
            return;
        }
        match self.owns(due).await {
            Ok(true) => {}
            Ok(false) => {
                if let Err(error) = self
                    .ports
                    .store()
                    .commit(vec![unmark(due.marker.clone())])
                    .await
                {
                    tracing::warn!(work = due.work.name(), error = %chain(&error), "a left-over marker stays for now");
                }
            }
            Err(error) => {
                tracing::warn!(work = due.work.name(), error = %chain(&error), "a marker could not be checked")
            }
        }
    }

    /// Whether the record the marker belongs to still says that it stands there.
    async fn owns(&self, due: &Due) -> Result<bool, Error> {
        let stands_at = match &due.work {
            Work::Delivery(id) => self.delivery(id).await?.and_then(|read| read.record.due),
            Work::Effect(id) => self.outbox_entry(id).await?.map(|read| read.record.due),
            Work::Stage(id) => match self.load_stage(id, None).await {
                Ok(loaded) => loaded.read.and_then(|read| read.record.due),
                Err(Error::NotFound { .. }) => None,
                Err(error) => return Err(error),
            },
            Work::Build(app, revision, recipe) => self
                .load_build(*app, revision, recipe)
                .await?
                .and_then(|read| read.record.due),
            Work::Execution(_) => None,
        };
        Ok(stands_at.is_some_and(|at| due.work.marker(at) == due.marker))
    }
}
