//! The build of one revision by one recipe: made once, whatever number of stages want it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::bound;
use crate::effect::Effect;
use crate::evidence::Evidence;
use crate::execution::Observation;
use crate::name::{AppId, ConfigHash, ExecutionId, PipelineName, RecipeHash, Revision, StageName};
use crate::release::{Artifact, Outputs};
use crate::stage_file::{Pipeline, Reports};

/// Errored builds are tried again this often.
pub const RETRIES: u32 = 2;
/// A build that has not ended by then is stopped.
pub const TIMEOUT: SignedDuration = SignedDuration::from_hours(1);
/// Wait before an errored build's next attempt, times the number of attempts.
const BACKOFF: SignedDuration = SignedDuration::from_secs(5);
/// More waiting stages than this look for themselves, now and then.
const WAITERS_MAX: usize = 32;

/// Names what a pipeline builds: the hash of its `once` steps, 16 hex digits. Pipelines that
/// build alike share their builds.
pub fn recipe_of(pipeline: &Pipeline) -> RecipeHash {
    let mut hash = Sha256::new();
    for step in pipeline.steps.iter().filter(|step| step.once) {
        for part in [
            step.name.as_str(),
            &step.run,
            step.artifact.as_deref().unwrap_or_default(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        for output in &step.outputs {
            hash.update(output.as_bytes());
            hash.update([0]);
        }
        // What a build is to show is part of it; builds that show nothing keep their names.
        if let Some(reports) = &step.reports {
            hash_reports(&mut hash, reports);
        }
    }
    RecipeHash::new(hex::encode(&hash.finalize()[..8]))
}

fn hash_reports(hash: &mut Sha256, reports: &Reports) {
    let kinds = [
        ("junit", &reports.junit),
        ("lcov", &reports.lcov),
        ("cobertura", &reports.cobertura),
        ("openapi", &reports.openapi),
    ];
    let given = kinds
        .into_iter()
        .filter_map(|(kind, path)| Some((kind, path.as_ref()?)));
    let suites = reports.suites.iter().map(|files| ("suite", files));
    for (kind, path) in given.chain(suites) {
        for part in [kind, path.as_str()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
}

/// A build and how far it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Build {
    pub app: AppId,
    pub revision: Revision,
    pub recipe: RecipeHash,
    pub pipeline: PipelineName,
    pub config: ConfigHash,
    /// Starts at 1; one more with each start.
    pub attempt: u32,
    pub requested_at: Timestamp,
    pub state: BuildState,
    /// Stages to plan again when it has ended.
    #[serde(default)]
    pub waiters: BTreeSet<StageName>,
}

/// Where a build is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum BuildState {
    Running {
        execution: Option<ExecutionId>,
        since: Timestamp,
        deadline: Timestamp,
    },
    /// An errored attempt waits for its next.
    Waiting { why: String, retry_at: Timestamp },
    Succeeded {
        artifact: Option<Artifact>,
        outputs: Outputs,
        at: Timestamp,
        /// What its reports say; `None` when its steps declare none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Box<Evidence>>,
    },
    /// A step said no.
    Failed {
        step: String,
        why: String,
        at: Timestamp,
    },
    /// Nobody could tell, again and again.
    Errored { why: String, at: Timestamp },
}

/// A build after something happened, and what is to be done outside.
#[derive(Debug)]
pub struct BuildPlan {
    pub next: Build,
    pub effects: Vec<Effect>,
    /// When to look again if nothing else happens.
    pub wake: Option<Timestamp>,
}

/// Somebody wants this build.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    pub app: AppId,
    pub revision: Revision,
    pub recipe: RecipeHash,
    pub pipeline: PipelineName,
    pub config: ConfigHash,
    pub stage: StageName,
    /// Try once more even if it ended badly, unless it had more attempts than this already.
    pub again: Option<u32>,
}

impl Build {
    /// True when nothing more will come of it by itself.
    pub fn has_ended(&self) -> bool {
        matches!(
            self.state,
            BuildState::Succeeded { .. } | BuildState::Failed { .. } | BuildState::Errored { .. }
        )
    }

    /// What its steps told, once it has succeeded.
    pub fn outputs(&self) -> Option<&Outputs> {
        match &self.state {
            BuildState::Succeeded { outputs, .. } => Some(outputs),
            _ => None,
        }
    }

    /// What its reports say, once it has succeeded.
    pub fn evidence(&self) -> Option<&Evidence> {
        match &self.state {
            BuildState::Succeeded { evidence, .. } => evidence.as_deref(),
            _ => None,
        }
    }

    /// The execution under way.
    pub fn execution(&self) -> Option<&ExecutionId> {
        match &self.state {
            BuildState::Running { execution, .. } => execution.as_ref(),
            _ => None,
        }
    }

    fn start(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.attempt += 1;
        self.state = BuildState::Running {
            execution: None,
            since: now,
            deadline: now.saturating_add(TIMEOUT).unwrap_or(Timestamp::MAX),
        };
        effects.push(Effect::StartBuild {
            revision: self.revision.clone(),
            recipe: self.recipe.clone(),
            pipeline: self.pipeline.clone(),
            config: self.config.clone(),
            attempt: self.attempt,
        });
    }

    fn wake(&self) -> Option<Timestamp> {
        match &self.state {
            BuildState::Running { deadline, .. } => Some(*deadline),
            BuildState::Waiting { retry_at, .. } => Some(*retry_at),
            _ => None,
        }
    }

    fn planned(mut self, mut effects: Vec<Effect>) -> BuildPlan {
        if self.has_ended() {
            for stage in std::mem::take(&mut self.waiters) {
                let because = format!("build-{}-{}", self.revision.short(), self.attempt);
                effects.push(Effect::Ask { stage, because });
            }
        }
        let wake = self.wake();
        BuildPlan {
            next: self,
            effects,
            wake,
        }
    }
}

/// The build after `request`; starts it if it does not run and has not ended.
pub fn request(build: Option<Build>, request: &BuildRequest, now: Timestamp) -> BuildPlan {
    let mut effects = Vec::new();
    let mut build = match build {
        Some(build) => build,
        None => {
            let mut fresh = Build {
                app: request.app,
                revision: request.revision.clone(),
                recipe: request.recipe.clone(),
                pipeline: request.pipeline.clone(),
                config: request.config.clone(),
                attempt: 0,
                requested_at: now,
                state: BuildState::Waiting {
                    why: "requested".to_owned(),
                    retry_at: now,
                },
                waiters: BTreeSet::new(),
            };
            fresh.start(now, &mut effects);
            fresh
        }
    };
    if request.again.is_some_and(|after| build.attempt <= after)
        && matches!(
            build.state,
            BuildState::Failed { .. } | BuildState::Errored { .. }
        )
    {
        build.start(now, &mut effects);
    }
    if build.waiters.len() < WAITERS_MAX {
        build.waiters.insert(request.stage.clone());
    }
    build.planned(effects)
}

/// The build after its execution was started, or read.
pub fn observe(
    mut build: Build,
    attempt: u32,
    execution: &ExecutionId,
    observation: Option<&Observation>,
    now: Timestamp,
) -> BuildPlan {
    let current = match &mut build.state {
        BuildState::Running {
            execution: known, ..
        } if build.attempt == attempt => {
            let known = known.get_or_insert_with(|| execution.clone());
            known == execution
        }
        _ => false,
    };
    if current && let Some(observation) = observation {
        settle(&mut build, observation, now);
    }
    build.planned(Vec::new())
}

/// The build when only time has passed.
pub fn tick(mut build: Build, now: Timestamp) -> BuildPlan {
    let mut effects = Vec::new();
    match &build.state {
        BuildState::Waiting { retry_at, .. } if *retry_at <= now => build.start(now, &mut effects),
        BuildState::Running {
            deadline,
            execution,
            ..
        } if *deadline <= now => {
            if let Some(execution) = execution {
                effects.push(Effect::StopBuild {
                    revision: build.revision.clone(),
                    recipe: build.recipe.clone(),
                    attempt: build.attempt,
                    execution: execution.clone(),
                    reason: "the build took too long".to_owned(),
                });
            }
            build.state = BuildState::Errored {
                why: "it did not end within an hour".to_owned(),
                at: now,
            };
        }
        _ => {}
    }
    build.planned(effects)
}

fn settle(build: &mut Build, observation: &Observation, now: Timestamp) {
    let errored = |build: &mut Build, why: String, at: Timestamp| {
        build.state = if build.attempt > RETRIES {
            BuildState::Errored { why, at }
        } else {
            let wait = BACKOFF.saturating_mul(i32::try_from(build.attempt).unwrap_or(i32::MAX));
            BuildState::Waiting {
                why,
                retry_at: now.saturating_add(wait).unwrap_or(Timestamp::MAX),
            }
        };
    };
    match observation {
        Observation::Running { .. } => {}
        Observation::Succeeded {
            artifact,
            outputs,
            at,
            evidence,
        } => {
            let bounded = |evidence: &Evidence| Box::new(evidence.clone().bounded());
            build.state = BuildState::Succeeded {
                artifact: artifact.clone(),
                outputs: bound::outputs(outputs),
                at: *at,
                evidence: evidence.as_deref().map(bounded),
            };
        }
        Observation::Failed { step, why, at } => {
            build.state = BuildState::Failed {
                step: bound::text(step, bound::NAME_MAX),
                why: bound::text(why, bound::WHY_MAX),
                at: *at,
            };
        }
        Observation::TimedOut { step, after, at } => {
            build.state = BuildState::Failed {
                step: bound::text(step, bound::NAME_MAX),
                why: format!("it took longer than {} s", after.as_secs()),
                at: *at,
            };
        }
        Observation::Errored { why, at } | Observation::Refused { why, at } => {
            errored(build, bound::text(why, bound::WHY_MAX), *at);
        }
        Observation::Stopped { at } => errored(build, "somebody stopped it".to_owned(), *at),
        Observation::Unknown => errored(build, "the pipeline does not know it".to_owned(), now),
    }
}
