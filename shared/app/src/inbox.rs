//! The durable inbox: a webhook is acknowledged when its record is in the table, not before.

use greenroom_core::name::DeliveryId;
use greenroom_github::SourceEvent;

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::store::{Condition, Store, StoreError, Write};
use crate::records::{Delivery, DeliveryStatus};
use crate::table::{self, Versioned, mark, put};
use crate::work::Work;

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
        extra: Vec<Write>,
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
        let mut writes = extra;
        writes.push(put(keys::delivery(id), &delivery, Condition::Absent)?);
        writes.push(mark(work.marker(now)));
        match self.ports.store().commit(writes).await {
            Ok(()) => {
                self.ports.hint(work);
                Ok(Received::New)
            }
            Err(StoreError::Conflict { .. }) => self.received_again(delivery).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn received_again(&self, fresh: Delivery) -> Result<Received, Error> {
        let Some(known) = self.delivery(&fresh.id).await? else {
            return Err(Error::Contended {
                what: format!("delivery {}", fresh.id),
            });
        };
        if !matches!(known.record.status, DeliveryStatus::Parked { .. }) {
            return Ok(Received::Again(known.record.status));
        }
        let work = Work::Delivery(fresh.id.clone());
        let now = self.ports.now();
        let writes = vec![
            put(
                keys::delivery(&fresh.id),
                &fresh,
                Condition::Version(known.version),
            )?,
            mark(work.marker(now)),
        ];
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

    /// What became of a delivery.
    pub async fn delivery(&self, id: &DeliveryId) -> Result<Option<Versioned<Delivery>>, Error> {
        table::load(self.ports.store(), &keys::delivery(id)).await
    }
}
