//! Build actions: a project's buildspec, run as processes in the files of the source.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::buildspec::{Buildspec, PHASES};
use super::declaration::{Action, EnvironmentVariable};
use super::process::{Container, Shell};
use super::run::{Failure, Outcome, Place};
use super::service::Service;
use super::state::{Build, Phase, Source};

mod prepare;

/// Minutes that a project may take which does not say.
const TIMEOUT_DEFAULT: u64 = 60;

/// What a build is started with.
struct Request {
    id: String,
    buildspec: Option<String>,
    variables: Vec<EnvironmentVariable>,
    timeout: Duration,
    source: Source,
    folder: PathBuf,
}

/// Runs a build for an action, which knows the build's id as soon as there is one.
pub(super) async fn perform(
    service: &Service,
    place: &Place,
    action: &Action,
    action_id: &str,
    configuration: &BTreeMap<String, String>,
    artifacts: &BTreeMap<String, Source>,
) -> Result<Outcome, Failure> {
    let request = begin(service, place, action, action_id, configuration, artifacts)?;
    let id = request.id.clone();
    service.change(|state| {
        let pipeline = state.pipelines.get_mut(&place.pipeline)?;
        let actions = &mut pipeline.executions.get_mut(place.index)?.actions;
        let action = actions.iter_mut().find(|action| action.id == action_id)?;
        action.external_id = Some(id.clone());
        Some(())
    });
    let running = Running {
        service: service.clone(),
        request,
    };
    running.run().await;
    let build = service.read(|state| state.builds.get(&id).cloned());
    let build = build.ok_or_else(|| Failure::job("the build is gone".to_owned()))?;
    if build.status == "SUCCEEDED" {
        return Ok(Outcome {
            outputs: build
                .exported
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            external_id: Some(id),
            summary: None,
        });
    }
    let phase = build.phases.iter().find(|phase| phase.context.is_some());
    let detail = phase.map_or_else(String::new, |phase| {
        let (code, message) = phase.context.clone().unwrap_or_default();
        format!(". Phase: {}, Code: {code}, Message: {message}", phase.kind)
    });
    Err(Failure {
        code: "JobFailed".to_owned(),
        message: format!("Build terminated with state: {}{detail}", build.status),
        external_id: Some(id),
    })
}

fn begin(
    service: &Service,
    place: &Place,
    action: &Action,
    action_id: &str,
    configuration: &BTreeMap<String, String>,
    artifacts: &BTreeMap<String, Source>,
) -> Result<Request, Failure> {
    let wrong = |message: String| Failure {
        code: "ConfigurationError".to_owned(),
        message,
        external_id: None,
    };
    let project = configuration.get("ProjectName").map_or("", String::as_str);
    let told = service.read(|state| state.projects.get(project).map(|one| one.told.clone()));
    let told = told.ok_or_else(|| {
        let arn = service.arn("codebuild", &format!("project/{project}"));
        wrong(format!("Error calling startBuild: Project cannot be found: {arn} (Service: AWSCodeBuild; Status Code: 400; Error Code: ResourceNotFoundException)"))
    })?;
    if told["source"]["type"] != "CODEPIPELINE" || told["artifacts"]["type"] != "CODEPIPELINE" {
        return Err(wrong(format!(
            "Error calling startBuild: Project {project} is not of type CODEPIPELINE"
        )));
    }
    let input = action
        .input_artifacts
        .first()
        .map_or("", |input| input.name.as_str());
    let source = artifacts.get(input).cloned();
    let source = source.ok_or_else(|| wrong(format!("there is no artifact {input}")))?;
    let of = |value: &Value| serde_json::from_value(value.clone()).unwrap_or_default();
    let mut variables: Vec<EnvironmentVariable> = of(&told["environment"]["environmentVariables"]);
    if let Some(text) = configuration.get("EnvironmentVariables") {
        let further: Vec<EnvironmentVariable> = serde_json::from_str(text).map_err(|error| {
            wrong(format!(
                "EnvironmentVariables is no JSON once its references are resolved: {error}"
            ))
        })?;
        variables.extend(further);
    }
    let minutes = told["timeoutInMinutes"].as_u64().unwrap_or(TIMEOUT_DEFAULT);
    let id = format!("{project}:{}", service.new_id());
    let folder = service.folder.path().join("builds").join(action_id);
    let build = |number| Build {
        id: id.clone(),
        project: project.to_owned(),
        number,
        initiator: format!("codepipeline/{}", place.pipeline),
        revision: source.revision.clone(),
        timeout_minutes: minutes,
        started: service.now(),
        ended: None,
        status: "IN_PROGRESS",
        phases: Vec::new(),
        exported: Vec::new(),
        stop: false,
    };
    service.change(|state| {
        let number = state
            .builds
            .values()
            .filter(|one| one.project == project)
            .count()
            + 1;
        state.builds.insert(id.clone(), build(number));
    });
    Ok(Request {
        id,
        buildspec: told["source"]["buildspec"].as_str().map(str::to_owned),
        variables,
        timeout: service
            .options
            .minute
            .saturating_mul(u32::try_from(minutes).unwrap_or(u32::MAX)),
        source,
        folder,
    })
}

struct Running {
    service: Service,
    request: Request,
}

/// How a phase ended, when not well: status, and its context.
type Bad = (&'static str, (String, String));

impl Running {
    async fn run(&self) {
        let stopped = self.service.until(|state| {
            let stop = state
                .builds
                .get(&self.request.id)
                .is_none_or(|build| build.stop);
            stop.then_some(())
        });
        let container = Container::of(&self.request.id);
        let status = tokio::select! {
            status = self.all() => status,
            () = stopped => self.cut("STOPPED", ("BUILD_STOPPED", "Build was stopped.")),
            () = tokio::time::sleep(self.request.timeout) => {
                self.cut("TIMED_OUT", ("BUILD_TIMED_OUT", "Build has timed out."))
            }
        };
        drop(container);
        self.change(|build| {
            let now = jiff::Timestamp::now();
            build.status = status;
            build.ended = Some(now);
            build.phases.push(Phase {
                kind: "COMPLETED",
                status: None,
                started: now,
                ended: None,
                context: None,
            });
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Build) -> T) -> Option<T> {
        self.service
            .change(|state| state.builds.get_mut(&self.request.id).map(change))
    }

    /// Ends the phase that runs.
    fn cut(&self, status: &'static str, context: (&str, &str)) -> &'static str {
        let context = (context.0.to_owned(), context.1.to_owned());
        self.end_phase(Some((status, context)));
        status
    }

    fn begin_phase(&self, kind: &'static str) {
        self.change(|build| {
            build.phases.push(Phase {
                kind,
                status: None,
                started: jiff::Timestamp::now(),
                ended: None,
                context: None,
            });
        });
    }

    fn end_phase(&self, bad: Option<Bad>) {
        self.change(|build| {
            let last = build.phases.last_mut();
            if let Some(phase) = last.filter(|phase| phase.status.is_none()) {
                phase.ended = Some(jiff::Timestamp::now());
                phase.status = Some(bad.as_ref().map_or("SUCCEEDED", |(status, _)| status));
                phase.context = bad.map(|(_, context)| context);
            }
        });
    }

    async fn all(&self) -> &'static str {
        for kind in ["SUBMITTED", "QUEUED", "PROVISIONING"] {
            self.begin_phase(kind);
            self.end_phase(None);
        }
        self.begin_phase("DOWNLOAD_SOURCE");
        let prepared = self.prepare().await;
        let (shell, buildspec) = match prepared {
            Ok(prepared) => prepared,
            Err((code, message)) => {
                self.end_phase(Some(("FAILED", (code.to_owned(), message))));
                return "FAILED";
            }
        };
        self.end_phase(None);
        let mut succeeding = true;
        for (name, kind) in PHASES {
            let Some(phase) = buildspec.phases.get(name) else {
                self.begin_phase(kind);
                self.end_phase(None);
                continue;
            };
            self.begin_phase(kind);
            let bad = self
                .commands(&shell, &buildspec, phase, &mut succeeding)
                .await;
            let failed = bad.is_some() && !phase.goes_on;
            self.end_phase(bad);
            // After a failed build its `post_build` still runs; after anything else, nothing.
            if failed && name != "build" {
                break;
            }
        }
        for kind in ["UPLOAD_ARTIFACTS", "FINALIZING"] {
            self.begin_phase(kind);
            self.end_phase(None);
        }
        if succeeding { "SUCCEEDED" } else { "FAILED" }
    }

    async fn commands(
        &self,
        shell: &Shell,
        buildspec: &Buildspec,
        phase: &super::buildspec::Phase,
        succeeding: &mut bool,
    ) -> Option<Bad> {
        let mut bad = None;
        for (commands, finally) in [(&phase.commands, false), (&phase.finally, true)] {
            for command in commands {
                let reason = match shell.run(command, *succeeding).await {
                    Ok(status) if status.success() => None,
                    Ok(status) => Some(match status.code() {
                        Some(code) => format!("exit status {code}"),
                        None => status.to_string().replace(" (SIGKILL)", ""),
                    }),
                    Err(error) => Some(error.to_string()),
                };
                let exported = shell.exported(&buildspec.exported).await;
                self.change(|build| build.exported = exported);
                if let Some(reason) = reason {
                    let message =
                        format!("Error while executing command: {command}. Reason: {reason}");
                    if !finally || bad.is_none() {
                        bad = Some(("FAILED", ("COMMAND_EXECUTION_ERROR".to_owned(), message)));
                    }
                    *succeeding = *succeeding && phase.goes_on;
                    break;
                }
            }
        }
        bad
    }
}
