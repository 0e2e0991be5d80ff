//! What people do with pipelines past Greenroom, as far as tests say so.

use greenroom_app::ports::pipelines::{PipelineError, Provenance, Purpose, Recent};
use greenroom_core::name::ExecutionId;
use jiff::Timestamp;

use super::{WorldPipelines, unavailable};

impl WorldPipelines {
    /// Somebody did something with an execution, or began one, past Greenroom.
    pub fn by_hand(&self, execution: &ExecutionId, told: Provenance, at: Timestamp) {
        let mut state = self.state();
        state.by_hand.insert(execution.clone(), (told, at));
    }

    /// Where an execution of ours comes from, as its variables say.
    pub fn own(&self, execution: &ExecutionId) -> Option<Provenance> {
        let state = self.state();
        let known = state.executions.iter().find(|known| known.id == *execution);
        known.map(|known| {
            let (run, token) = match &known.request.purpose {
                Purpose::Build => (None, Some(known.request.token.clone())),
                Purpose::Deploy { run, nonce, .. } => (Some((run.clone(), nonce.clone())), None),
            };
            Provenance {
                run,
                token,
                usual: true,
                by: "greenroom".to_owned(),
                past_fence: None,
            }
        })
    }

    pub(super) fn told_by_hand(
        &self,
        execution: &ExecutionId,
    ) -> Result<Option<Provenance>, PipelineError> {
        if self.state().away {
            return Err(unavailable());
        }
        let told = self.state().by_hand.get(execution).cloned();
        Ok(told.map(|(told, _)| told).or_else(|| self.own(execution)))
    }

    pub(super) fn recent_by_hand(&self, pipeline: &str) -> Result<Vec<Recent>, PipelineError> {
        let state = self.state();
        if state.away {
            return Err(unavailable());
        }
        let of = |id: &ExecutionId| id.as_str().split_once('/').map(|(of, _)| of) == Some(pipeline);
        let all = state.by_hand.iter().filter(|(id, _)| of(id));
        let recent = all.map(|(id, (_, changed))| Recent {
            execution: id.clone(),
            changed: *changed,
        });
        Ok(recent.collect())
    }
}
