//! Finds everything that is pending from the table alone: the due markers up to now, and nothing
//! else. It runs the same code as a hint does.

use std::time::Duration;

use greenroom_core::name::ExecutionId;
use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::door::chain;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::store::{Condition, Item, Key, Store, StoreError, Write};
use crate::table::{self, mark, unmark};
use crate::work::Work;

/// Markers read of one shard in one sweep; the next sweep goes on.
const PER_SHARD: usize = 200;

/// What did not succeed is tried again after this, and up to five seconds more.
const POSTPONED: Duration = Duration::from_secs(5);

/// Something due, and the marker that said so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    pub work: Work,
    pub marker: Key,
    /// The marker's own, when it was found.
    pub version: u64,
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
            self.pending_in(shard, until, &mut all).await?;
        }
        Ok(all)
    }

    /// Markers that this version cannot read are passed over, and keep no place from others.
    async fn pending_in(
        &self,
        shard: u8,
        until: Option<Timestamp>,
        all: &mut Vec<Due>,
    ) -> Result<(), Error> {
        let partition = keys::due_partition(shard);
        let enough = all.len() + PER_SHARD;
        let mut after: Option<String> = None;
        loop {
            let page = self
                .ports
                .store()
                .query(&partition, "", after.as_deref(), PER_SHARD)
                .await?;
            after = page.items.last().map(|item| item.key.sort.clone());
            for item in page.items {
                let Some(due) = read_marker(item) else {
                    continue;
                };
                if until.is_some_and(|until| due.since > until) || all.len() >= enough {
                    return Ok(());
                }
                all.push(due);
            }
            if !page.more {
                return Ok(());
            }
        }
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

    /// Looks at whatever the execution belongs to. One that is not ours belongs to nothing; whether
    /// somebody should hear of it is looked at where others can begin executions.
    pub(crate) async fn execution_changed(&self, id: &ExecutionId) -> Result<(), Error> {
        let owner = table::load::<String>(self.ports.store(), &keys::execution(id)).await?;
        let owner = owner.and_then(|owner| Work::parse(&owner.record));
        if self.settings.applied_pipelines && !self.is_watched(id, owner.as_ref()).await? {
            self.look_for_strangers(id, owner.as_ref()).await?;
        }
        match owner {
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
            if let Err(error) = self.postpone(due).await {
                tracing::warn!(work = due.work.name(), error = %chain(&error), "it stays first in line");
            }
            return;
        }
        if let Err(error) = self.tidy(due).await {
            tracing::warn!(work = due.work.name(), error = %chain(&error), "a left-over marker stays for now");
        }
    }

    /// Takes the marker away if nobody owns it. What is still pending gets its own marker back: it
    /// lost it if it was [put off](Self::postpone), and then found not to be due yet by a
    /// process whose clock is slower. One marker too many is found and goes; one too few would be
    /// for ever.
    pub async fn tidy(&self, due: &Due) -> Result<(), Error> {
        let own = self.stands_at(&due.work).await?;
        let own = own.map(|at| due.work.marker(at));
        if own.as_ref() == Some(&due.marker) {
            return Ok(());
        }
        let mut writes = vec![unmark(due.marker.clone())];
        writes.extend(own.map(mark));
        Ok(self.ports.store().commit(writes).await?)
    }

    /// What does not succeed makes room for what waits behind it. Its marker stands later than its
    /// record says; it goes as left over once the work has succeeded.
    ///
    /// Of several processes that found one marker only the first puts it off. Would each leave a
    /// marker of its own, each of those would be found by all of them, and so on until their number
    /// alone kept everything else of the shard waiting.
    async fn postpone(&self, due: &Due) -> Result<(), Error> {
        let wait = POSTPONED.saturating_add(Duration::from_millis(self.ports.random() % 5_000));
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
        let at = self.ports.now().saturating_add(wait).unwrap_or(due.since);
        let found = Write::Delete {
            key: due.marker.clone(),
            condition: Condition::Version(due.version),
        };
        let writes = vec![mark(due.work.marker(at)), found];
        match self.ports.store().commit(writes).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the record the marker belongs to still says that it stands there.
    pub async fn owns(&self, due: &Due) -> Result<bool, Error> {
        let own = self.stands_at(&due.work).await?;
        Ok(own.is_some_and(|at| due.work.marker(at) == due.marker))
    }

    /// Where the marker of what is pending stands, as its record says; `None` if it is not pending.
    async fn stands_at(&self, work: &Work) -> Result<Option<Timestamp>, Error> {
        Ok(match work {
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
        })
    }
}

/// What a marker stands for; `None` for one that this version cannot read.
fn read_marker(item: Item) -> Option<Due> {
    let (at, name) = item.key.sort.split_once('#')?;
    Some(Due {
        since: keys::parse_instant(at)?,
        work: Work::parse(name)?,
        marker: item.key,
        version: item.version,
    })
}
