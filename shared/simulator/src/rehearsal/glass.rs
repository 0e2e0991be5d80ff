//! Looks at stages through glass: the shipped code says why nothing moves, at once, without a
//! trace, and can change nothing.

use greenroom_app::ports::Ports;
use greenroom_app::ports::store::{Item, Key, Page, Store, StoreError, Write};
use greenroom_app::work::Work;
use greenroom_app::{App, Settings};
use greenroom_core::name::{AppId, Nonce, StageName};
use jiff::{SignedDuration, Timestamp};

use crate::inner::Shared;
use crate::ports::{SimPorts, at_once};

/// What looks: the table can be read, and everything else is out of reach.
#[derive(Debug)]
pub struct Glass {
    table: Table,
    rest: SimPorts,
}

/// The table, read only.
#[derive(Debug)]
pub struct Table(Shared);

/// What one stage waits for most of all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    pub stage: StageName,
    pub code: &'static str,
    pub who: String,
    /// Whether something wanted is kept from the stage.
    pub blocked: bool,
}

impl Glass {
    pub fn app(shared: &Shared) -> App<Self> {
        let rest = SimPorts {
            shared: shared.clone(),
            process: 0,
        };
        let settings = Settings {
            instance: "glass".to_owned(),
            alone: false,
            clock_error: SignedDuration::ZERO,
            applied_pipelines: false,
            public_url: None,
        };
        let table = Table(shared.clone());
        App::new(Self { table, rest }, settings)
    }
}

/// What every stage waits for now; of a stage that cannot be read, nothing.
pub fn waits(glass: &App<Glass>, app: AppId) -> Vec<Waiting> {
    at_once(async {
        let mut all = Vec::new();
        for stage in glass.stage_names(app).await.unwrap_or_default() {
            let id = greenroom_core::name::StageId { app, stage };
            let Ok((stage, plan)) = glass.explain(&id).await else {
                continue;
            };
            let Some(first) = plan.waiting_on.first() else {
                continue;
            };
            all.push(Waiting {
                code: first.code(),
                who: first.explain(&id.stage).who,
                blocked: first.blocks() && (stage.candidate.is_some() || !stage.greens.is_empty()),
                stage: id.stage,
            });
        }
        all
    })
}

impl Store for Table {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        at_once(self.0.lock().store.get(key))
    }

    async fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        at_once(self.0.lock().store.query(partition, prefix, after, limit))
    }

    async fn commit(&self, _: Vec<Write>) -> Result<(), StoreError> {
        Err(StoreError::Unavailable {
            why: "this is only looked at".to_owned(),
            ambiguous: false,
            source: None,
        })
    }
}

impl Ports for Glass {
    type Store = Table;
    type Source = SimPorts;
    type Pipelines = SimPorts;
    type Suites = SimPorts;
    type Channels = SimPorts;

    fn store(&self) -> &Table {
        &self.table
    }
    fn source(&self) -> &SimPorts {
        &self.rest
    }
    fn pipelines(&self) -> &SimPorts {
        &self.rest
    }
    fn suites(&self) -> &SimPorts {
        &self.rest
    }
    fn channels(&self) -> &SimPorts {
        &self.rest
    }
    fn now(&self) -> Timestamp {
        self.rest.shared.lock().truth.now
    }
    fn nonce(&self) -> Nonce {
        Nonce::new("0")
    }
    fn random(&self) -> u64 {
        0
    }
    fn hint(&self, _: Work) {}
}
