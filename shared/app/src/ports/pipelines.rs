//! What builds and deploys: processes on one machine, CodePipeline on AWS. It executes and
//! never decides.

use std::collections::BTreeMap;
use std::future::Future;

use greenroom_core::definition::{Definition, DefinitionHash};
use greenroom_core::name::{Digest, ExecutionId, Nonce, Revision, SecretName};
use greenroom_core::stage_file::{Step, Values};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::source::{Access, Repository};

/// Which of the two kinds of pipeline is started.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Purpose {
    /// The `once` steps: no stage, no stage variables, no fence.
    Build,
    /// The other steps, for one run; the fence is asked before the first of them.
    Deploy {
        app: String,
        stage: String,
        /// `<app>/<stage>/<generation>`.
        run: String,
        generation: u64,
        nonce: Nonce,
        /// Bytes that must be fetched, and found to have this digest, before the first step.
        artifact: Option<Digest>,
    },
}

/// Everything an execution needs; nothing is left for it to choose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StartRequest {
    /// The same token never starts a second execution, however often it is sent.
    pub token: String,
    pub purpose: Purpose,
    pub repository: Repository,
    pub revision: Revision,
    /// In order; only those of this purpose.
    pub steps: Vec<Step>,
    /// Stage variables whose value is plain text.
    pub variables: BTreeMap<String, String>,
    /// Stage variables whose value is a secret, by the secret's name.
    pub secrets: BTreeMap<String, SecretName>,
    /// The pipeline this is, where pipelines have names and were made before; elsewhere it says
    /// nothing that `steps` do not.
    #[serde(default)]
    pub definition: Definition,
    /// What `variables` were rendered with, for pipelines that render them themselves; see
    /// [`greenroom_core::definition::start_variables`].
    #[serde(default)]
    pub values: Values,
}

pub use greenroom_core::execution::Observation;

/// Why a pipeline could not be driven, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The request will never work as it is.
    #[error("the pipeline refuses this start: {why}")]
    Refused { why: String },
    /// Try later with the same token.
    #[error("the pipeline cannot be reached: {why}")]
    Unavailable { why: String },
}

/// What an execution tells the fence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdmissionRequest {
    pub app: String,
    pub stage: String,
    pub generation: u64,
    pub nonce: Nonce,
    pub execution: ExecutionId,
    pub revision: Revision,
    /// What the pipeline was rendered from; `None` where pipelines are not rendered: there the
    /// execution got its steps with its start.
    pub definition: Option<DefinitionHash>,
}

/// What there is to know of an execution that Greenroom may not have begun, or that somebody ran
/// again. It names nobody to be believed: an execution that knows what only a claim knows is ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provenance {
    /// The run it says it deploys for, `<app>/<stage>/<generation>`, and the nonce it has.
    pub run: Option<(String, Nonce)>,
    /// The token of the build it says it is.
    pub token: Option<String>,
    /// It was begun as Greenroom begins its own; not, for instance, by a rollback of the pipeline's.
    pub usual: bool,
    /// Who began it, as the pipeline tells.
    pub by: String,
    /// Steps that nobody of ours let run, for people, and when they changed last.
    pub past_fence: Option<(String, Timestamp)>,
}

/// An execution, and when it changed last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recent {
    pub execution: ExecutionId,
    pub changed: Timestamp,
}

/// Starts, watches and stops executions.
pub trait Pipelines: Send + Sync + 'static {
    /// Starts an execution, or finds the one this token started before.
    fn start(
        &self,
        request: &StartRequest,
    ) -> impl Future<Output = Result<ExecutionId, PipelineError>> + Send;
    /// What the execution is doing now.
    fn observe(
        &self,
        execution: &ExecutionId,
    ) -> impl Future<Output = Result<Observation, PipelineError>> + Send;
    /// Asks it to stop; the answer comes by `observe`. Stopping what has ended is not an error.
    fn stop(
        &self,
        execution: &ExecutionId,
        reason: &str,
    ) -> impl Future<Output = Result<(), PipelineError>> + Send;
    /// Where an execution comes from. `None` when there is no such execution, and where nobody but
    /// Greenroom can begin or repeat one.
    fn provenance(
        &self,
        _execution: &ExecutionId,
    ) -> impl Future<Output = Result<Option<Provenance>, PipelineError>> + Send {
        std::future::ready(Ok(None))
    }
    /// Whether a pipeline that was not rendered can be started as a stage's, and asks the fence before
    /// it changes anything. `None` where there are no such pipelines.
    fn inspect(
        &self,
        _pipeline: &str,
    ) -> impl Future<Output = Result<Option<Access>, PipelineError>> + Send {
        std::future::ready(Ok(None))
    }
    /// The newest executions of a pipeline that stands by itself, whoever began them; none where
    /// pipelines do not.
    fn recent(
        &self,
        _pipeline: &str,
    ) -> impl Future<Output = Result<Vec<Recent>, PipelineError>> + Send {
        std::future::ready(Ok(Vec::new()))
    }
}
