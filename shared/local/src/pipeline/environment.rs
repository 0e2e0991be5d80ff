//! What a step finds in its environment: this, and nothing of the server's own.
//!
//! The server's environment holds its tokens and the credentials of other stages. So a step's is
//! built from nothing but what the operator passes on by name. Variables of the stage come first and may even replace `PATH`; what starts
//! with `GREENROOM_` is ours and cannot be replaced.

use std::collections::BTreeMap;
use std::path::Path;

use greenroom_app::ports::pipelines::{Purpose, StartRequest};
use greenroom_core::name::ExecutionId;

use super::PipelineSettings;
use super::folder::Folder;

/// By this the processes of an execution are recognised after its server is gone.
pub(super) const EXECUTION: &str = "GREENROOM_EXECUTION";

/// The names that are ours start with this.
pub(super) const OURS: &str = "GREENROOM_";

pub(super) type Environment = BTreeMap<String, String>;

/// What all steps of an execution have in common. `variables` are the stage's, secrets included.
pub(super) fn of_execution(
    execution: &ExecutionId,
    request: &StartRequest,
    folder: &Folder,
    settings: &PipelineSettings,
    variables: Environment,
    artifact: Option<&Path>,
) -> Environment {
    let mut environment = Environment::new();
    let mut set = |name: &str, value: &str| {
        environment.insert(name.to_owned(), value.to_owned());
    };
    set("PATH", &settings.path);
    set("HOME", &folder.home().to_string_lossy());
    set("TMPDIR", &folder.temporary().to_string_lossy());
    set("LANG", "C.UTF-8");
    environment.extend(settings.passed_on.clone());
    environment.extend(variables);
    let mut set = |name: &str, value: &str| {
        environment.insert(name.to_owned(), value.to_owned());
    };
    set(EXECUTION, execution.as_str());
    set("GREENROOM_REVISION", request.revision.as_str());
    set("GREENROOM_APP", request.repository.name.as_str());
    match &request.purpose {
        Purpose::Build => {}
        Purpose::Deploy {
            stage,
            run,
            artifact: digest,
            ..
        } => {
            set("GREENROOM_STAGE", stage);
            set("GREENROOM_RUN", run);
            if let (Some(digest), Some(artifact)) = (digest, artifact) {
                set("GREENROOM_ARTIFACT", &artifact.to_string_lossy());
                set("GREENROOM_ARTIFACT_DIGEST", digest.as_str());
            }
        }
    }
    environment
}

/// The same, for one step.
pub(super) fn of_step(common: &Environment, output: &Path) -> Environment {
    let mut environment = common.clone();
    environment.insert(
        "GREENROOM_OUTPUT".to_owned(),
        output.to_string_lossy().into_owned(),
    );
    environment
}
