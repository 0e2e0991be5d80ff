//! Builds, as CodeBuild tells of them.

use aws_sdk_codebuild::types::{BuildPhaseType, StatusType};
use greenroom_app::ports::pipelines::PipelineError;

use super::CodePipelines;
use super::failure::unavailable;

/// How a build ended, or did not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    UnderWay,
    Succeeded,
    Failed,
    /// AWS's own fault.
    Fault,
    TimedOut,
    Stopped,
}

/// One build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Build {
    pub status: Status,
    /// What its buildspec exported, by name; empty until the first command has ended.
    pub exported: Vec<(String, String)>,
    /// The first phase that did not end well: whether commands of the buildspec ran in it, and
    /// what CodeBuild says of it.
    pub failed: Option<(bool, String)>,
    pub timeout_minutes: u64,
    /// Where people read what it wrote.
    pub log: Option<String>,
}

impl Build {
    /// An exported variable; `None` also when it is empty.
    pub fn exported(&self, name: &str) -> Option<&str> {
        let mut all = self.exported.iter();
        let found = all.find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

impl CodePipelines {
    /// A build by its id; `None` when CodeBuild does not know it.
    pub(super) async fn build(&self, id: &str) -> Result<Option<Build>, PipelineError> {
        let answer = self.builds.batch_get_builds().ids(id).send().await;
        let answer = answer.map_err(|error| unavailable(&error))?;
        Ok(answer.builds.unwrap_or_default().first().map(of))
    }
}

fn of(build: &aws_sdk_codebuild::types::Build) -> Build {
    let status = match build.build_status.as_ref() {
        Some(StatusType::Succeeded) => Status::Succeeded,
        Some(StatusType::Failed) => Status::Failed,
        Some(StatusType::TimedOut) => Status::TimedOut,
        Some(StatusType::Stopped) => Status::Stopped,
        Some(StatusType::InProgress) | None => Status::UnderWay,
        Some(_) => Status::Fault,
    };
    let mut phases = build.phases.iter().flatten();
    let failed = phases.find(|phase| {
        let status = phase.phase_status.as_ref();
        status.is_some_and(|status| *status != StatusType::Succeeded)
    });
    let failed = failed.map(|phase| {
        let ours = matches!(
            phase.phase_type,
            Some(
                BuildPhaseType::Install
                    | BuildPhaseType::PreBuild
                    | BuildPhaseType::Build
                    | BuildPhaseType::PostBuild
            )
        );
        let context = phase.contexts.iter().flatten().next();
        let told = context
            .and_then(|context| context.message.clone())
            .unwrap_or_default();
        (ours, told)
    });
    let exported = build.exported_environment_variables.iter().flatten();
    Build {
        status,
        exported: exported
            .filter_map(|one| Some((one.name.clone()?, one.value.clone().unwrap_or_default())))
            .collect(),
        failed,
        timeout_minutes: build
            .timeout_in_minutes
            .and_then(|minutes| u64::try_from(minutes).ok())
            .unwrap_or_default(),
        log: build.logs.as_ref().and_then(|logs| logs.deep_link.clone()),
    }
}
