//! Events in the shape EventBridge delivers CodePipeline's: numbers as floats, the version of an
//! action's type as a text.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::error::ACCOUNT;
use super::faults::EventFault;
use super::options::EventSink;
use super::service::{Service, Telling};
use super::state::{ActionExecution, Execution};
use super::wire_out;

/// What happened, without the envelope.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Event {
    pub kind: Kind,
    pub pipeline: String,
    pub at: Timestamp,
    pub detail: Map<String, Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Pipeline,
    Stage,
    Action,
}

impl Kind {
    fn detail_type(self) -> &'static str {
        match self {
            Self::Pipeline => "CodePipeline Pipeline Execution State Change",
            Self::Stage => "CodePipeline Stage Execution State Change",
            Self::Action => "CodePipeline Action Execution State Change",
        }
    }
}

impl Event {
    /// Of an execution of `pipeline`, in `attempt`.
    pub fn new(
        kind: Kind,
        pipeline: &str,
        execution: &Execution,
        attempt: u32,
        state: &str,
    ) -> Self {
        let at = Timestamp::now();
        let version = u32::try_from(execution.version).map_or(0.0, f64::from);
        let detail = json!({
            "pipeline": pipeline,
            "execution-id": execution.id,
            "start-time": shown(execution.started),
            "state": state,
            "version": version,
            "pipeline-execution-attempt": f64::from(attempt),
        });
        let mut event = Self {
            kind,
            pipeline: pipeline.to_owned(),
            at,
            detail: detail.as_object().cloned().unwrap_or_default(),
        };
        if kind == Kind::Pipeline && state == "STARTED" {
            let trigger = json!({
                "trigger-type": "StartPipelineExecution",
                "trigger-detail": execution.started_by,
            });
            event = event.with("execution-trigger", trigger);
        }
        if let (true, Some(reason)) = (state == "STOPPING", &execution.stop_reason) {
            event = event.with("stop-execution-comments", json!(reason));
        }
        event
    }

    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.detail.insert(name.to_owned(), value);
        self
    }

    /// Adds what is known of an action.
    pub fn of_action(self, region: &str, action: &ActionExecution, bucket: &str) -> Self {
        let of = &action.action.action_type_id;
        let kind = json!({"owner": of.owner, "provider": of.provider,
            "category": of.category, "version": of.version});
        let artifacts = |named: &[super::declaration::Named]| {
            let all = named.iter().map(
                |one| json!({"name": one.name, "s3location": {"bucket": bucket, "key": one.name}}),
            );
            Value::Array(all.collect())
        };
        let mut event = self
            .with("stage", json!(action.stage))
            .with("action", json!(action.action.name))
            .with("action-execution-id", json!(action.id))
            .with("region", json!(region))
            .with("type", kind)
            .with("input-artifacts", artifacts(&action.action.input_artifacts))
            .with(
                "output-artifacts",
                artifacts(&action.action.output_artifacts),
            );
        let mut result = Map::new();
        if let Some(id) = &action.external_id {
            result.insert("external-execution-id".to_owned(), json!(id));
        }
        let message = action.error.as_ref().map(|(_, message)| message);
        if let Some(summary) = message.or(action.summary.as_ref()) {
            result.insert("external-execution-summary".to_owned(), json!(summary));
        }
        if let Some((code, _)) = &action.error {
            result.insert("error-code".to_owned(), json!(code));
        }
        if !result.is_empty() {
            event = event.with("execution-result", Value::Object(result));
        }
        event
    }
}

fn shown(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// As a rule's target gets it.
fn envelope(service: &Service, event: &Event) -> Value {
    json!({
        "version": "0",
        "id": service.new_id(),
        "detail-type": event.kind.detail_type(),
        "source": "aws.codepipeline",
        "account": ACCOUNT,
        "time": format!("{:.0}", event.at),
        "region": service.options.region,
        "resources": [service.arn("codepipeline", &event.pipeline)],
        "detail": event.detail,
    })
}

/// Tells everybody, in order but for the faults that are planned.
pub(super) async fn teller(service: Service, mut told: UnboundedReceiver<Telling>) {
    let mut held: Option<Event> = None;
    while let Some(telling) = told.recv().await {
        let event = match telling {
            Telling::Event(event) => *event,
            Telling::Done(done) => {
                let _ = done.send(());
                continue;
            }
        };
        let fault = service.faults.of_event();
        match fault {
            Some(EventFault::Lost) => continue,
            Some(EventFault::Later) if held.is_none() => {
                held = Some(event);
                continue;
            }
            Some(EventFault::Twice) => deliver(&service, &event).await,
            _ => {}
        }
        deliver(&service, &event).await;
        if let Some(held) = held.take() {
            deliver(&service, &held).await;
        }
    }
}

async fn deliver(service: &Service, event: &Event) {
    let whole = envelope(service, event);
    for sink in &service.options.events {
        let sent = match sink {
            EventSink::Call(call) => {
                call(whole.clone());
                Ok(())
            }
            EventSink::EventBridge { endpoint, source } => {
                wire_out::put_event(service, endpoint, source, &whole).await
            }
            EventSink::Function { endpoint, name } => {
                wire_out::invoke(service, endpoint, name, &whole).await
            }
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "an event could not be told");
        }
    }
}
