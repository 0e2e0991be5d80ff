//! A push that nothing is deployed for: it is built, and waits until a person selects it.

use std::sync::Arc;

use greenroom_core::effect::Effect;
use greenroom_core::name::{Revision, StageId};
use greenroom_core::policy::Policy;
use greenroom_core::stage_file::{From, StageFile};

use super::{TRIES, close, is_over, reference, replacement};
use crate::App;
use crate::dispatch::fail::source_error;
use crate::error::Error;
use crate::keys;
use crate::outbox;
use crate::ports::Ports;
use crate::ports::source::Source;
use crate::ports::store::{Store, StoreError};
use crate::records::{AppRecord, Decision, Delivery, HeadRecord};
use crate::table::{self, Versioned, put, unchanged};

impl<P: Ports> App<P> {
    /// The stage file of the decision, if its stage takes only what a person selects.
    pub(super) async fn selects(
        &self,
        decision: &Decision,
    ) -> Result<Option<Arc<StageFile>>, Error> {
        let file = self.stage_file(decision.app, &decision.config).await?;
        let rule = file.rule(&decision.rule);
        let selects = rule.is_some_and(|rule| matches!(rule.from, From::Select { .. }));
        Ok(selects.then_some(file))
    }

    /// Asks for the build of what the branch holds now. The head is read after what is known of
    /// it, so that whoever commits first has read no later than whoever commits second.
    pub(super) async fn build_selectable(
        &self,
        app: &AppRecord,
        file: &StageFile,
        delivery: &Versioned<Delivery>,
        decision: &Decision,
    ) -> Result<(), Error> {
        let mut next = delivery.record.clone();
        close(&mut next, decision.app);
        let event = &next.event;
        let reference = &reference(event);
        for _ in 0..TRIES {
            let key = keys::head(app.id, reference);
            let known: Option<Versioned<HeadRecord>> =
                table::load(self.ports.store(), &key).await?;
            let head = self.ports.source().head(&app.repository, reference).await;
            let head = head.map_err(|error| source_error(&error))?;
            let revision = head.filter(|_| !is_over(event)).map(|head| head.revision);
            let record = HeadRecord {
                reference: reference.clone(),
                revision: revision.clone(),
                actor: event.actor.clone(),
                seen_at: next.received_at,
                config: Some(decision.config.clone()),
                stage: Some(decision.stage.clone()),
                built: self
                    .built_before(file, decision, known.as_ref(), revision.as_ref())
                    .await?,
            };
            let mut writes = vec![put(key, &record, unchanged(known.as_ref()))?];
            let mut hints = Vec::new();
            if let Some(effect) = revision.and_then(|it| build(file, decision, it)) {
                let owner = StageId {
                    app: app.id,
                    stage: decision.stage.clone(),
                };
                let now = self.ports.now();
                hints.push(outbox::enter(&mut writes, &owner, effect, now)?);
            }
            writes.extend(replacement(delivery, &next)?);
            match self.ports.store().commit(writes).await {
                Err(StoreError::Conflict { key }) if key != keys::delivery(&next.id) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    hints.into_iter().for_each(|work| self.ports.hint(work));
                    return Ok(());
                }
            }
        }
        Err(Error::Contended {
            what: format!("the head of {reference}"),
        })
    }

    /// The newest commit of the branch so far that was built.
    async fn built_before(
        &self,
        file: &StageFile,
        decision: &Decision,
        known: Option<&Versioned<HeadRecord>>,
        now: Option<&Revision>,
    ) -> Result<Option<Revision>, Error> {
        let Some(known) = known.map(|known| &known.record) else {
            return Ok(None);
        };
        let policy = Policy::of(file, &decision.rule, self.settings.clock_error);
        let before = known.revision.as_ref().filter(|known| now != Some(*known));
        if let (Some(revision), Some(policy)) = (before, policy) {
            let recipe = &policy.build_recipe;
            let build = self.load_build(decision.app, revision, recipe).await?;
            if build.is_some_and(|build| build.record.build.outputs().is_some()) {
                return Ok(Some(revision.clone()));
            }
        }
        let built = known.built.as_ref();
        Ok(built.filter(|built| now != Some(*built)).cloned())
    }
}

/// The build of `revision` by the stage's pipeline; `None` if that builds nothing.
fn build(file: &StageFile, decision: &Decision, revision: Revision) -> Option<Effect> {
    let policy = Policy::of(file, &decision.rule, jiff::SignedDuration::ZERO)?;
    policy.builds().then(|| Effect::RequestBuild {
        stage: decision.stage.clone(),
        revision,
        recipe: policy.build_recipe.clone(),
        pipeline: policy.pipeline.name.clone(),
        config: file.hash.clone(),
        again: None,
    })
}
