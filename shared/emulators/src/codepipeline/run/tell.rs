//! What an execution tells: how it, its stages and its actions begin and end.

use greenroom_executions::Status;
use serde_json::json;

use super::super::declaration::Stage;
use super::super::events::{Event, Kind};
use super::Driver;

impl Driver {
    pub(super) fn ended(&self) {
        let event = self.look(|pipeline, index| {
            let one = pipeline.machine.get(index);
            let state = match one.status {
                Status::Succeeded => "SUCCEEDED",
                Status::Failed => "FAILED",
                Status::Stopped => "STOPPED",
                Status::Superseded => "SUPERSEDED",
                Status::InProgress | Status::Stopping => return None,
            };
            let execution = &pipeline.executions[index];
            Some(Event::new(
                Kind::Pipeline,
                &self.pipeline,
                execution,
                one.attempt,
                state,
            ))
        });
        if let Some(event) = event.flatten() {
            self.service.tell(event);
        }
    }

    pub(super) fn tell_of_stage(&self, stage: &Stage, what: &str) {
        let event = self.look(|pipeline, index| {
            let attempt = pipeline.machine.get(index).attempt;
            let execution = &pipeline.executions[index];
            let event = Event::new(Kind::Stage, &self.pipeline, execution, attempt, what);
            event.with("stage", json!(stage.name))
        });
        if let Some(event) = event {
            self.service.tell(event);
        }
    }

    pub(super) fn tell_of_action(&self, id: &str, what: &str) {
        let event = self.look(|pipeline, index| {
            let execution = &pipeline.executions[index];
            let action = execution.actions.iter().find(|action| action.id == id)?;
            let event = Event::new(
                Kind::Action,
                &self.pipeline,
                execution,
                action.attempt,
                what,
            );
            let bucket = execution.declaration.bucket();
            Some(event.of_action(&self.service.options.region, action, bucket))
        });
        if let Some(event) = event.flatten() {
            self.service.tell(event);
        }
    }
}
