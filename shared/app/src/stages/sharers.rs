//! The stages that one takes turns with, as they are while it is decided about.

use std::collections::BTreeSet;

use greenroom_core::name::StageId;
use greenroom_core::sharing::Use;

use super::Loaded;
use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::store::{Condition, Key, Write};
use crate::records::StageRecord;
use crate::table::{self, Versioned, unchanged};

/// What is known of them.
#[derive(Debug, Default)]
pub struct Sharers {
    pub uses: Vec<Use>,
    /// What a claim or an admission relies on; not of a stage that was loaded for something else, for a
    /// commit names nothing twice.
    relied_on: Vec<(Key, Condition)>,
}

impl Sharers {
    /// None of them has changed since, and none has come into being.
    pub(super) fn unchanged(&self) -> impl Iterator<Item = Write> {
        let relied_on = self.relied_on.iter().cloned();
        relied_on.map(|(key, condition)| Write::Check { key, condition })
    }
}

impl<P: Ports> App<P> {
    /// Reads the stages that this one takes turns with.
    pub(super) async fn load_sharers(&self, loaded: &Loaded) -> Result<Sharers, Error> {
        let policy = loaded.policy(self.settings.clock_error);
        let stages = policy.iter().flat_map(|policy| &policy.sharers);
        let stages: BTreeSet<_> = stages.map(|sharer| sharer.stage.clone()).collect();
        let mut sharers = Sharers::default();
        for stage in stages {
            let id = StageId {
                app: loaded.stage.id.app,
                stage,
            };
            if let Some(known) = known(loaded, &id) {
                sharers.uses.extend(Use::of(&known.record.stage));
                continue;
            }
            let key = keys::stage(&id);
            let read: Option<Versioned<StageRecord>> =
                table::load(self.ports.store(), &key).await?;
            sharers.relied_on.push((key, unchanged(read.as_ref())));
            let used = read.and_then(|read| Use::of(&read.record.stage));
            sharers.uses.extend(used);
        }
        Ok(sharers)
    }
}

/// It was loaded already, and what is claimed relies on it anyway.
fn known<'a>(loaded: &'a Loaded, id: &StageId) -> Option<&'a Versioned<StageRecord>> {
    let upstream = loaded.upstream.as_ref();
    let through = loaded.through.as_deref();
    let mut known = upstream.into_iter().chain(through);
    known.find(|read| read.record.stage.id == *id)
}
