//! Looking at a stage again: whatever is said to have happened, its execution is read first.

use greenroom_core::fact::Fact;
use greenroom_core::name::StageId;

use super::Input;
use crate::App;
use crate::error::Error;
use crate::ports::Ports;

impl<P: Ports> App<P> {
    /// Reads the stage's execution, if one runs or would not stop, and plans the stage again.
    pub async fn look_at_stage(&self, id: &StageId) -> Result<(), Error> {
        let facts = match self.load_stage(id, None).await {
            Ok(loaded) => self.read_execution(&loaded.stage).await?,
            Err(Error::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.step(id, None, &Input::Facts(&facts), &[])
            .await
            .map(drop)
    }

    async fn read_execution(
        &self,
        stage: &greenroom_core::stage::Stage,
    ) -> Result<Vec<Fact>, Error> {
        let Some((generation, execution)) = stage.watched() else {
            return Ok(Vec::new());
        };
        let observation = self.observe_execution(execution).await?;
        Ok(vec![Fact::ExecutionObserved {
            generation,
            execution: execution.clone(),
            observation,
        }])
    }
}
