//! The pipeline service, behind a network.

use greenroom_app::ports::pipelines::{Observation, PipelineError, Pipelines, StartRequest};
use greenroom_app::work::Work;
use greenroom_core::name::ExecutionId;
use jiff::SignedDuration;

use super::{Failure, SimPorts};
use crate::fault::Port;
use crate::inner::{Event, Inner, Next};
use crate::model::executor::By;
use crate::random::{key, mix};
use crate::truth::Happened;

fn away(_: Failure) -> PipelineError {
    PipelineError::Unavailable {
        why: "no route".to_owned(),
    }
}

impl Pipelines for SimPorts {
    async fn start(&self, request: &StartRequest) -> Result<ExecutionId, PipelineError> {
        let fault = self.enter(Port::Pipelines, "start").await.map_err(away)?;
        let id = self.shared.lock().start(request, By::Greenroom);
        self.leave(fault).await.map_err(away)?;
        id.ok_or_else(|| PipelineError::Unavailable {
            why: "too many executions are under way".to_owned(),
        })
    }

    async fn observe(&self, execution: &ExecutionId) -> Result<Observation, PipelineError> {
        let fault = self.enter(Port::Pipelines, "observe").await.map_err(away)?;
        let seen = self.shared.lock().truth.executor.observe(execution);
        self.leave(fault).await.map_err(away)?;
        Ok(seen)
    }

    async fn stop(&self, execution: &ExecutionId, _: &str) -> Result<(), PipelineError> {
        let fault = self.enter(Port::Pipelines, "stop").await.map_err(away)?;
        self.shared.lock().stop(execution);
        self.leave(fault).await.map_err(away)
    }
}

impl Inner {
    /// Starts an execution, whoever asks; it will move by itself. `None` when there are too many.
    pub fn start(&mut self, request: &StartRequest, by: By) -> Option<ExecutionId> {
        let now = self.truth.now;
        let (index, fresh) = self.truth.executor.start(request, by, now)?;
        let id = self.truth.executor.get(index).id.clone();
        self.happened(&Happened::Started {
            execution: index,
            fresh,
        });
        self.note("started", || format!("{id} starts for {}", request.token));
        if fresh {
            self.moved(index);
            self.goes_on(index);
        }
        Some(id)
    }

    /// It goes into the next stage in a while, if it may then.
    pub fn goes_on(&mut self, index: usize) {
        let execution = self.truth.executor.get(index);
        let (id, name) = (execution.id.clone(), key(&execution.request.token));
        let mut random = self.draws(name);
        let mut wait = random.between(1, 60);
        let number = self.occurrence(mix(name ^ 9));
        let slow = self.truth.setup.rates.slow_start;
        if self.goes_wrong(number, slow, || format!("{id} waits for a machine")) {
            wait = random.between(60, 1500);
        }
        self.after(seconds(wait), Event::Execution(index, Next::Enter));
    }

    /// Where an execution has moved, others of its pipeline are overtaken or have their turn.
    pub fn moved(&mut self, index: usize) {
        let at = self.truth.now;
        for older in self.truth.executor.superseded(index) {
            let why = "a newer execution superseded it".to_owned();
            let how = Observation::Errored { why, at };
            self.truth.executor.end(older, how, at);
            let id = self.truth.executor.get(older).id.clone();
            self.note("superseded", || format!("{id} is superseded"));
            self.happened(&Happened::Ended { execution: older });
            self.after(seconds(2), Event::Hint(Work::Execution(id)));
        }
        for held in self.truth.executor.held(index) {
            self.after(seconds(2), Event::Execution(held, Next::Enter));
        }
    }

    /// Somebody asks an execution to stop, and its steps too. It does in its own time.
    pub fn stop(&mut self, id: &ExecutionId) {
        let Some(index) = self.truth.executor.find(id) else {
            return;
        };
        if self.truth.executor.get(index).has_ended() {
            return;
        }
        self.truth.executor.stop(index, false);
        let mut random = self.draws(mix(key(id.as_str()) ^ 1));
        let number = self.occurrence(mix(key(id.as_str()) ^ 2));
        let slow = self.truth.setup.rates.slow_stop;
        let slow = self.goes_wrong(number, slow, || format!("{id} takes long to stop"));
        let wait = if slow {
            random.between(60, 1200)
        } else {
            random.between(1, 20)
        };
        self.after(seconds(wait), Event::Execution(index, Next::Stopped));
    }
}

pub fn seconds(n: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(n).unwrap_or(0))
}
