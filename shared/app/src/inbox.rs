//! The durable inbox: a webhook is acknowledged when its record is in the table, not before.

use greenroom_core::name::DeliveryId;
use greenroom_github::SourceEvent;

use crate::App;
use crate::attention;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::store::{Condition, Store, StoreError};
use crate::records::{Delivery, DeliveryStatus};
use crate::table::{self, Versioned, mark, put};
use crate::work::Work;

/// Apps that are shown a parked delivery.
pub(crate) const APPS_MAX: usize = 20;

/// What people are shown of a parked delivery is called.
pub(crate) fn attention_name(id: &DeliveryId) -> String {
    format!("delivery-{id}")
}

/// What happened to a delivery at the door.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Received {
    /// It is in the inbox now.
    New,
    /// It was there already; this is what became of it.
    Again(DeliveryStatus),
}

impl<P: Ports> App<P> {
    /// Puts an event into the inbox. The same id a second time changes nothing, unless it was
    /// parked: then it is tried anew.
    pub async fn receive(
        &self,
        id: &DeliveryId,
        event: SourceEvent,
        polled: bool,
    ) -> Result<Received, Error> {
        let now = self.ports.now();
        let work = Work::Delivery(id.clone());
        let delivery = Delivery {
            id: id.clone(),
            received_at: now,
            event,
            polled,
            status: DeliveryStatus::Received,
            due: Some(now),
            tries: 0,
        };
        let writes = vec![
            put(keys::delivery(id), &delivery, Condition::Absent)?,
            mark(work.marker(now)),
        ];
        match self.ports.store().commit(writes).await {
            Ok(()) => {
                self.ports.hint(work);
                Ok(Received::New)
            }
            Err(StoreError::Conflict { .. }) => self.received_again(delivery).await,
            Err(error) => Err(error.into()),
        }
    }

    /// What was decided about a parked delivery before stays decided.
    async fn received_again(&self, mut fresh: Delivery) -> Result<Received, Error> {
        let Some(known) = self.delivery(&fresh.id).await? else {
            return Err(Error::Contended {
                what: format!("delivery {}", fresh.id),
            });
        };
        let DeliveryStatus::Parked {
            apps, stages, open, ..
        } = known.record.status
        else {
            self.look_now(&known).await?;
            return Ok(Received::Again(known.record.status));
        };
        if !stages.is_empty() {
            fresh.status = DeliveryStatus::Decided { stages, open };
        }
        let work = Work::Delivery(fresh.id.clone());
        let now = self.ports.now();
        let mut writes = vec![
            put(
                keys::delivery(&fresh.id),
                &fresh,
                Condition::Version(known.version),
            )?,
            mark(work.marker(now)),
        ];
        let shown = apps.iter().take(APPS_MAX);
        writes.extend(shown.map(|app| attention::over(*app, &attention_name(&fresh.id))));
        match self.ports.store().commit(writes).await {
            Ok(()) => {
                self.ports.hint(work);
                Ok(Received::New)
            }
            // Somebody else has just taken it up again.
            Err(StoreError::Conflict { .. }) => Ok(Received::Again(DeliveryStatus::Received)),
            Err(error) => Err(error.into()),
        }
    }

    /// One that was put off, maybe for hours, is due at once: that it is told again, or that a poll
    /// got to its branch, says that what was away is back.
    async fn look_now(&self, known: &Versioned<Delivery>) -> Result<(), Error> {
        let now = self.ports.now();
        let Some(due) = known.record.due.filter(|due| *due > now) else {
            return Ok(());
        };
        let work = Work::Delivery(known.record.id.clone());
        let mut next = known.record.clone();
        next.due = Some(now);
        let mut writes = table::move_marker(&work, Some(due), Some(now));
        let unchanged = Condition::Version(known.version);
        writes.push(put(keys::delivery(&next.id), &next, unchanged)?);
        match self.ports.store().commit(writes).await {
            Ok(()) => self.ports.hint(work),
            // Somebody else is at it.
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// What became of a delivery.
    pub async fn delivery(&self, id: &DeliveryId) -> Result<Option<Versioned<Delivery>>, Error> {
        table::load(self.ports.store(), &keys::delivery(id)).await
    }
}
