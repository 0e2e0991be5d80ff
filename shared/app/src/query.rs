//! What people look at: the board, one stage, one run, breaks, where a commit went. Read from
//! current records only, so that history does not make it slower.

pub mod board;
pub mod detail;
pub mod diff;
pub mod document;
pub mod duty;
pub mod freeze;
pub mod gates;
pub mod journey;
pub mod life;
pub mod toggle;

use greenroom_core::name::{Actor, AppId, RepoName, Revision, StageName};
use greenroom_core::stage::{Break, Candidate, Failing, Health, Phase, Run, Stage};
use greenroom_core::waiting::Explained;
use jiff::Timestamp;
use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::ports::Ports;
use crate::records::AppRecord;

/// Finds a stage by what people type: `prod`, or `orders:prod` and `acme/orders:prod` where
/// several apps have one.
impl<P: Ports> App<P> {
    pub async fn find_stage(&self, typed: &str) -> Result<greenroom_core::name::StageId, Error> {
        let (app, stage) = match typed.split_once(':') {
            Some((app, stage)) => (Some(app), stage),
            None => (None, typed),
        };
        let mut found = Vec::new();
        let mut known = Vec::new();
        for record in self
            .apps()
            .await?
            .into_iter()
            .filter(|record| app.is_none_or(|app| is_called(record, app)))
        {
            for name in self.stage_names(record.id).await? {
                if name.as_str() == stage {
                    found.push((
                        record.name.clone(),
                        greenroom_core::name::StageId {
                            app: record.id,
                            stage: name,
                        },
                    ));
                } else {
                    known.push(name.to_string());
                }
            }
        }
        match found.as_slice() {
            [(_, id)] => Ok(id.clone()),
            [] => Err(Error::NotFound {
                what: format!("stage {typed}"),
                help: no_such(&known),
            }),
            several => {
                let names: Vec<_> = several
                    .iter()
                    .map(|(app, id)| format!("{app}:{}", id.stage))
                    .collect();
                Err(Error::Invalid {
                    why: format!("several apps have a stage {stage}"),
                    help: format!("say which: {}", names.join(", ")),
                })
            }
        }
    }

    /// Finds an app by its name or the part after the `/`; the only one if `typed` is `None`.
    pub async fn find_app(&self, typed: Option<&str>) -> Result<AppRecord, Error> {
        let mut apps = self.apps().await?;
        let names: Vec<_> = apps.iter().map(|app| app.name.to_string()).collect();
        apps.retain(|app| typed.is_none_or(|typed| is_called(app, typed)));
        match (apps.len(), typed) {
            (1, _) => Ok(apps.remove(0)),
            (0, _) => Err(Error::NotFound {
                what: format!("app {}", typed.unwrap_or("at all")),
                help: "`greenroom app add OWNER/REPO` adds one".to_owned(),
            }),
            _ => Err(Error::Invalid {
                why: "there are several apps".to_owned(),
                help: format!("say which: {}", names.join(", ")),
            }),
        }
    }
}

fn is_called(app: &AppRecord, typed: &str) -> bool {
    let name = app.name.as_str();
    name == typed
        || name
            .split_once('/')
            .is_some_and(|(_, short)| short == typed)
}

fn no_such(known: &[String]) -> String {
    if known.is_empty() {
        "no app has a stage yet".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    }
}

/// A stage as the board shows it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StageCard {
    pub app: AppId,
    pub stage: StageName,
    pub rule: String,
    pub health: Health,
    /// `idle`, `starting`, `deploying`, `verifying` or `stopping`.
    pub phase: &'static str,
    pub deployed: Option<ReleaseView>,
    /// Since when what is deployed is continuously green.
    pub green_since: Option<Timestamp>,
    pub url: Option<String>,
    pub candidate: Option<CandidateView>,
    pub run: Option<RunView>,
    pub last: Option<RunView>,
    #[serde(rename = "break")]
    pub brk: Option<BreakView>,
    pub lock: Option<greenroom_core::stage::Lock>,
    pub hold: Option<greenroom_core::stage::Hold>,
    pub approvals: Vec<String>,
    /// The most decisive first; never empty.
    pub waiting_on: Vec<Explained>,
    /// Whether something wanted is kept from the stage.
    pub blocked: bool,
    /// The stage promotions come from.
    pub upstream: Option<StageName>,
    pub refresh_skipped: Option<greenroom_core::stage::RefreshSkip>,
    /// What waits, or what runs, was let through closed windows.
    pub overridden: Option<greenroom_core::stage::Override>,
    /// What people say of what stands here and of what waits.
    pub marks: Vec<MarkView>,
    /// How long it lives, if anything was said or seen of that.
    pub life: Option<life::LifeView>,
    /// With `queue: fifo`: what waits behind the candidate, in the order of its turns.
    pub queue: Vec<CandidateView>,
    /// What gave way to the next without having been deployed, newest last.
    pub passed: Vec<greenroom_core::stage::Passed>,
    /// Nothing is told of it until then.
    pub mute: Option<greenroom_core::stage::Mute>,
    /// Which of it and the stage it takes turns with people use.
    pub toggle: Option<toggle::ToggleView>,
}

/// A mark of a revision, for people.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MarkView {
    pub revision: Revision,
    pub mark: String,
    pub by: String,
    pub at: Timestamp,
    pub note: Option<String>,
}

/// A release, for people.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ReleaseView {
    pub revision: Revision,
    pub artifact: Option<greenroom_core::name::Digest>,
    pub since: Timestamp,
    /// False while a deployment is under way: nobody can say what stands there.
    pub complete: bool,
    /// The branch or tag it came from, if it came from one.
    pub reference: Option<greenroom_core::name::RefName>,
    /// The branch that had the stage before, if it was another.
    pub took_over: Option<greenroom_core::name::RefName>,
}

/// What waits.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CandidateView {
    pub revision: Revision,
    pub cause: String,
    pub since: Timestamp,
    pub contains: Vec<Revision>,
}

/// A run, for people.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RunView {
    pub generation: u64,
    pub revision: Revision,
    pub artifact: Option<greenroom_core::name::Digest>,
    pub cause: String,
    pub phase: &'static str,
    pub outcome: Option<greenroom_core::stage::Outcome>,
    pub why: Option<String>,
    pub execution: Option<greenroom_core::name::ExecutionId>,
    pub claimed_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub contains: Vec<Revision>,
    pub suites: Vec<SuiteView>,
    pub attempt: u32,
}

/// How far a suite of a run is.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SuiteView {
    pub suite: String,
    pub attempt: u32,
    /// `None` while it runs.
    pub verdict: Option<greenroom_core::verdict::Verdict>,
    pub total: u32,
    pub failed: u32,
    pub failures: Vec<greenroom_core::verdict::TestFailure>,
    pub error: Option<String>,
}

/// An open break, for people.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct BreakView {
    pub app: AppId,
    pub stage: StageName,
    pub episode: u64,
    pub since: Timestamp,
    pub revision: Revision,
    pub last_green: Option<Revision>,
    pub failing: Failing,
    pub reds: u32,
    pub acknowledged: Option<greenroom_core::stage::Acknowledged>,
}

/// An app as the board shows it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AppCard {
    pub id: AppId,
    pub name: RepoName,
    pub config: Option<greenroom_core::name::ConfigHash>,
    pub config_from: crate::records::ConfigFrom,
    pub config_invalid: Option<crate::records::InvalidConfig>,
    /// Fixed stages in file order, then those named from a template, by name.
    pub stages: Vec<StageCard>,
    pub attention: Vec<crate::records::Attention>,
    /// The pause that holds now.
    pub pause: Option<greenroom_core::pause::Pause>,
    /// Stages that people speak of together, by the group's name.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub groups: std::collections::BTreeMap<String, Vec<StageName>>,
}

pub(crate) fn run_view(run: &Run) -> RunView {
    let suites = run.suites.iter().map(|(suite, progress)| {
        let report = progress.report.as_ref();
        SuiteView {
            suite: suite.to_string(),
            attempt: progress.attempt,
            verdict: report.map(|report| report.verdict),
            total: report.map_or(0, |report| report.total),
            failed: report.map_or(0, |report| report.failed),
            failures: report.map_or_else(Vec::new, |report| report.failures.clone()),
            error: report.and_then(|report| report.error.clone()),
        }
    });
    RunView {
        generation: run.generation,
        revision: run.release.revision.clone(),
        artifact: run.release.artifact.clone(),
        cause: run.cause.sentence(),
        phase: phase(Some(run)),
        outcome: run.outcome,
        why: run.why.clone(),
        execution: run.execution.clone(),
        claimed_at: run.claimed_at,
        ended_at: run.ended_at,
        contains: run
            .contains
            .iter()
            .map(|skipped| skipped.revision.clone())
            .collect(),
        suites: suites.collect(),
        attempt: run.attempt,
    }
}

pub(crate) fn candidate_view(candidate: &Candidate) -> CandidateView {
    CandidateView {
        revision: candidate.revision.clone(),
        cause: candidate.cause.sentence(),
        since: candidate.since,
        contains: candidate
            .contains
            .iter()
            .map(|skipped| skipped.revision.clone())
            .collect(),
    }
}

pub(crate) fn break_view(stage: &Stage, brk: &Break) -> BreakView {
    BreakView {
        app: stage.id.app,
        stage: stage.id.stage.clone(),
        episode: brk.episode,
        since: brk.since,
        revision: brk.release.revision.clone(),
        last_green: brk
            .last_green
            .as_ref()
            .map(|green| green.release.revision.clone()),
        failing: brk.failing.clone(),
        reds: brk.reds,
        acknowledged: brk.acknowledged.clone(),
    }
}

pub(crate) fn phase(run: Option<&Run>) -> &'static str {
    match run.map(|run| &run.phase) {
        None => "idle",
        Some(Phase::Starting) => "starting",
        Some(Phase::Deploying) => "deploying",
        Some(Phase::Verifying { .. }) => "verifying",
        Some(Phase::Stopping { .. }) => "stopping",
        Some(Phase::Ended) => "ended",
    }
}

/// Who a stage belongs to, if it is somebody's own.
pub fn owner(stage: &Stage) -> Option<&Actor> {
    stage.spec.actor.as_ref()
}
