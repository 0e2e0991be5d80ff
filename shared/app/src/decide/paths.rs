//! Heads that change none of the paths a stage is about.

use greenroom_core::fact::Fact;
use greenroom_core::paths;
use greenroom_core::record::record;
use greenroom_core::stage::Stage;

use crate::App;
use crate::ports::Ports;
use crate::ports::source::{Changed, Source, SourceError};
use crate::records::AppRecord;
use crate::stages::Loaded;

impl<P: Ports> App<P> {
    /// The heads that were read, one after the other, as the stage's `paths` have it. What cannot be
    /// compared is deployed.
    pub(crate) async fn concerning(
        &self,
        app: &AppRecord,
        loaded: &Loaded,
        facts: Vec<Fact>,
    ) -> Result<Vec<Fact>, SourceError> {
        let Some(policy) = loaded.policy(self.settings.clock_error) else {
            return Ok(facts);
        };
        if policy.rule.paths.is_empty() {
            return Ok(facts);
        }
        let mut stage = Stage::clone(&loaded.stage);
        let mut judged = Vec::with_capacity(facts.len());
        for fact in facts {
            let fact = match (paths::compared_with(&stage, policy.rule, &fact), &fact) {
                (Some(since), Fact::HeadObserved { revision, .. }) => {
                    let source = self.ports.source();
                    match source.changed(&app.repository, since, revision).await {
                        Ok(Changed::Paths(changed)) => {
                            paths::judged(fact, since.clone(), policy.rule, &changed)
                        }
                        Ok(Changed::Unknown) | Err(SourceError::NotFound { .. }) => fact,
                        Err(error) => return Err(error),
                    }
                }
                _ => fact,
            };
            stage = record(stage, &fact);
            judged.push(fact);
        }
        Ok(judged)
    }
}
