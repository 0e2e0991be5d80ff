//! What is left of executions for people to read.

use greenroom_app::ports::pipelines::PipelineError;
use greenroom_core::name::{Digest, ExecutionId};
use greenroom_local::pipeline::StepLog;

use super::{Execution, WorldPipelines, unavailable};

impl WorldPipelines {
    /// What the steps of an execution printed, as the pipelines of one machine answer it.
    ///
    /// # Errors
    /// Away.
    pub async fn log(
        &self,
        execution: &ExecutionId,
    ) -> Result<Option<Vec<StepLog>>, PipelineError> {
        let state = self.state();
        if state.away {
            return Err(unavailable());
        }
        let known = state.executions.iter().find(|known| known.id == *execution);
        let printed = |known: &Execution| {
            let steps = known.request.steps.iter();
            steps
                .map(|step| StepLog {
                    step: step.name.clone(),
                    text: format!("$ {}\n", step.run),
                })
                .collect()
        };
        Ok(known.map(printed))
    }

    /// The API's document that a build has left; these builds leave none.
    ///
    /// # Errors
    /// Away.
    pub async fn document(&self, _: &Digest) -> Result<Option<Vec<u8>>, PipelineError> {
        if self.state().away {
            return Err(unavailable());
        }
        Ok(None)
    }
}
