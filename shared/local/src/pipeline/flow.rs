//! An execution from its beginning to its result.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use greenroom_app::ports::pipelines::{Observation, Purpose, StartRequest};
use greenroom_app::ports::secrets::Secrets;
use greenroom_core::name::ExecutionId;
use greenroom_core::release::{Artifact, Outputs};
use greenroom_core::stage_file::Step;
use jiff::Timestamp;

use super::environment::{self, Environment};
use super::evidence::Collected;
use super::folder::{Folder, Status};
use super::log::{self, LogWriter};
use super::mask::Mask;
use super::step::{self, End};
use super::stop::Stop;
use super::{Inner, Presence, output_file};
use crate::artifact::ArtifactError;

/// Outputs travel with the run's record; one step's file is bounded, and so is their sum.
const OUTPUTS_MAX: usize = 32 * 1024;

/// What an execution works with.
pub(super) struct Flow<S> {
    pub inner: Arc<Inner<S>>,
    pub execution: ExecutionId,
    pub folder: Folder,
    pub request: StartRequest,
    pub stop: Stop,
    /// What we ourselves did, shown before the steps' logs.
    pub journal: LogWriter,
}

/// What a successful execution made.
struct Made {
    artifact: Option<Artifact>,
    outputs: Outputs,
    collected: Collected,
}

/// Runs the execution and saves its result. `presence` ends last.
pub(super) async fn run<S: Secrets>(
    inner: Arc<Inner<S>>,
    presence: Presence<S>,
    folder: Folder,
    request: StartRequest,
    mut stop: Stop,
) {
    let execution = presence.execution.clone();
    let result = {
        let slot = stop.unless_told(inner.slots.clone().acquire_owned()).await;
        match slot {
            Err(stopped) => stopped,
            // Held until the end of this block.
            Ok(_slot) => Box::pin(execute(&inner, &execution, &folder, request, stop)).await,
        }
    };
    let result = super::gone::told_by(&inner.settings.clock, result);
    inner.save(&execution, &folder, result).await;
    drop(presence);
}

async fn execute<S: Secrets>(
    inner: &Arc<Inner<S>>,
    execution: &ExecutionId,
    folder: &Folder,
    request: StartRequest,
    stop: Stop,
) -> Observation {
    let journal = folder.make_work().and_then(|()| {
        let path = folder.log(0, log::OURS);
        LogWriter::create(&path, inner.settings.log_max, &Mask::default())
    });
    let journal = match journal {
        Ok(journal) => journal,
        Err(error) => return unwritable(&error),
    };
    let mut flow = Flow {
        inner: inner.clone(),
        execution: execution.clone(),
        folder: folder.clone(),
        request,
        stop,
        journal,
    };
    let result = match flow.all().await {
        Ok(made) => Observation::Succeeded {
            artifact: made.artifact,
            outputs: made.outputs,
            at: Timestamp::now(),
            evidence: made.collected.into_evidence(),
        },
        Err(ended) => ended,
    };
    flow.journal.say(&sentence(&result));
    flow.journal.finish();
    result
}

impl<S: Secrets> Flow<S> {
    async fn all(&mut self) -> Result<Made, Observation> {
        self.check_out().await?;
        self.ask_fence().await?;
        let artifact = self.fetch_artifact().await?;
        let (variables, mask) = self.variables().await?;
        let common = environment::of_execution(
            &self.execution,
            &self.request,
            &self.folder,
            &self.inner.settings,
            variables,
            artifact.as_deref(),
        );
        let mut made = Made {
            artifact: None,
            outputs: Outputs::new(),
            collected: self.look_before().await?,
        };
        for (index, step) in self.request.steps.clone().iter().enumerate() {
            // Also a stop that came while something could not be interrupted.
            self.stop.unless_told(std::future::ready(())).await?;
            self.step(index + 1, step, &common, &mask, &mut made)
                .await?;
        }
        Ok(made)
    }

    async fn step(
        &mut self,
        number: usize,
        step: &Step,
        common: &Environment,
        mask: &Mask,
        made: &mut Made,
    ) -> Result<(), Observation> {
        let path = self.folder.log(number, &step.name);
        let mut log = LogWriter::create(&path, self.inner.settings.log_max, mask)
            .map_err(|error| unwritable(&error))?;
        let done = self
            .run_and_collect(number, step, common, mask, &mut log, made)
            .await;
        log.finish();
        done
    }

    async fn run_and_collect(
        &mut self,
        number: usize,
        step: &Step,
        common: &Environment,
        mask: &Mask,
        log: &mut LogWriter,
        made: &mut Made,
    ) -> Result<(), Observation> {
        let output = self.folder.output(number);
        std::fs::write(&output, b"").map_err(|error| unwritable(&error))?;
        let environment = environment::of_step(common, &output);
        // A timeout that is no duration cannot come from a validated stage file.
        let timeout = Duration::try_from(step.timeout).unwrap_or_default();
        let run = step::Run {
            command: &step.run,
            folder: &self.folder.checkout(),
            environment: &environment,
            timeout,
            grace: self.inner.settings.grace,
        };
        let idle = || Status::queued(self.inner.me.clone(), Timestamp::now());
        let mut begun = idle();
        begun.step = Some(step.name.clone());
        let folder = &self.folder;
        let record = move |leader| {
            begun.group = Some(leader);
            folder.set_status(&begun)
        };
        let end = step::run(run, log, &mut self.stop, record)
            .await
            .map_err(|error| errored(format!("step {} could not be run: {error}", step.name)))?;
        let at = Timestamp::now();
        match end {
            // What it left running is no longer ours to end, whatever becomes of this server.
            End::Exited(status) if status.success() => {
                self.folder
                    .set_status(&idle())
                    .map_err(|error| unwritable(&error))?;
            }
            End::Exited(status) => return Err(failed(step, &how_it_ended(status), log)),
            End::TimedOut => {
                return Err(Observation::TimedOut {
                    step: step.name.clone(),
                    after: timeout,
                    at,
                });
            }
            End::Stopped(cause) => return Err(cause.observation()),
        }
        let told = output_file::read(&output).map_err(|why| {
            log.say(&why);
            failed(step, &why, log)
        })?;
        take_outputs(step, told, mask, log, &mut made.outputs)?;
        if let (Purpose::Build, Some(path)) = (&self.request.purpose, &step.artifact) {
            made.artifact = Some(self.pack(step, path, log).await?);
        }
        self.collect(step, &mut made.collected, log).await?;
        Ok(())
    }

    async fn pack(
        &self,
        step: &Step,
        path: &str,
        log: &mut LogWriter,
    ) -> Result<Artifact, Observation> {
        let (store, root, name) = (
            self.inner.artifacts.clone(),
            self.folder.checkout(),
            path.to_owned(),
        );
        let packed = tokio::task::spawn_blocking(move || store.pack(&root, &name)).await;
        match packed.map_err(|error| errored(error.to_string()))? {
            Ok(artifact) => {
                log.say(&format!("{path} is the artifact {}", artifact.digest));
                Ok(artifact)
            }
            Err(ArtifactError::Io { what, source }) => Err(errored(format!("{what}: {source}"))),
            Err(error) => {
                let why = format!("it ended well, but its artifact cannot be taken: {error}");
                log.say(&why);
                Err(failed(step, &why, log))
            }
        }
    }
}

/// Takes the outputs the step declares; a warning in its log tells of the others.
fn take_outputs(
    step: &Step,
    told: output_file::Pairs,
    mask: &Mask,
    log: &mut LogWriter,
    outputs: &mut Outputs,
) -> Result<(), Observation> {
    for (name, value) in told {
        if !step.outputs.contains(&name) {
            log.say(&format!(
                "warning: output {name} is not taken, the step does not declare it under `outputs`"
            ));
        } else if mask.finds_in(&value) {
            log.say(&format!(
                "warning: output {name} is not taken, it holds a secret"
            ));
        } else {
            outputs.insert(name, value);
        }
    }
    let total: usize = outputs
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if total > OUTPUTS_MAX {
        let why = format!("the outputs have more than {OUTPUTS_MAX} bytes in all");
        return Err(failed(step, &why, log));
    }
    Ok(())
}

fn failed(step: &Step, what: &str, log: &LogWriter) -> Observation {
    let last = log.last_lines();
    let why = if last.is_empty() || last.ends_with(what) {
        what.to_owned()
    } else {
        format!("{what}\n{last}")
    };
    Observation::Failed {
        step: step.name.clone(),
        why,
        at: Timestamp::now(),
    }
}

fn how_it_ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => status.to_string(),
    }
}

pub(super) fn errored(why: String) -> Observation {
    Observation::Errored {
        why,
        at: Timestamp::now(),
    }
}

fn unwritable(error: &std::io::Error) -> Observation {
    errored(format!("the data folder cannot be written: {error}"))
}

/// The journal's last line.
fn sentence(result: &Observation) -> String {
    let word = super::gone::word(result);
    match result {
        Observation::Failed { step, .. } | Observation::TimedOut { step, .. } => {
            format!("{word} in step {step}")
        }
        Observation::Errored { why, .. } | Observation::Refused { why, .. } => {
            format!("{word}: {why}")
        }
        _ => word.to_owned(),
    }
}
