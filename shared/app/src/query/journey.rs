//! Where is my commit? For each stage of an app: there, on its way, kept out, or not. A commit is
//! followed into whatever contains it: a newer one of its branch, or a merge.

mod ancestry;

use greenroom_core::build::BuildState;
use greenroom_core::name::{AppId, RefName, RepoName, Revision, StageId, StageName};
use greenroom_core::plan::Plan;
use greenroom_core::policy::Policy;
use greenroom_core::stage::{Deployed, Health, Run, Stage};
use greenroom_core::stage_file::StageFile;
use greenroom_core::waiting::Explained;
use jiff::Timestamp;
use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::source::Source;
use crate::records::{AppRecord, Journey};
use crate::table;
use ancestry::Ancestry;

/// Runs of a stage that are looked through for the one that brought the commit.
const RUNS_MAX: usize = 20;

/// The way of one commit over the stages of an app.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Way {
    pub app: AppId,
    pub name: RepoName,
    pub revision: Revision,
    /// The branch or tag it was named by.
    pub reference: Option<RefName>,
    /// First line of its message; `None` when the repository does not tell.
    pub subject: Option<String>,
    pub author: Option<String>,
    pub at: Option<Timestamp>,
    /// In the board's order.
    pub stages: Vec<Leg>,
}

/// How it is with the commit on one stage.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Leg {
    pub stage: StageName,
    pub state: Where,
    /// What carries it there: itself, or a newer commit that contains it.
    pub revision: Option<Revision>,
    /// Since when it is there, or waits; of one that is gone, when it came.
    pub since: Option<Timestamp>,
    /// The run that brought it.
    pub generation: Option<u64>,
    /// Of what stands there, where it is there.
    pub health: Option<Health>,
    /// The stage that has to verify it first.
    pub after: Option<StageName>,
    /// When the next refresh is, if one brings it.
    pub until: Option<Timestamp>,
    /// What it waits for, or what keeps it out.
    pub why: Option<Explained>,
    /// Why nobody can tell.
    pub unknown: Option<String>,
    /// Of a stage that takes turns with another, where it is there: whether people use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
}

/// How far a commit is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Where {
    Here,
    /// It is being deployed or tested there.
    UnderWay,
    /// It is what comes next.
    Waiting,
    /// It did not succeed there, or a person does not want it there.
    KeptOut,
    /// It comes once another stage has verified it, or with the next refresh.
    Comes,
    /// It is built, and comes if somebody selects it.
    Selectable,
    /// It was there, and what stands there now does not contain it.
    Gone,
    NotOnTheWay,
    /// It changes none of the paths the stage is about; the next commit that does brings it.
    PassedBy,
    /// The repository does not tell what contains what.
    Unknown,
}

impl Leg {
    fn new(stage: &StageName, state: Where) -> Self {
        Self {
            stage: stage.clone(),
            state,
            revision: None,
            since: None,
            generation: None,
            health: None,
            after: None,
            until: None,
            why: None,
            unknown: None,
            live: None,
        }
    }
}

impl<P: Ports> App<P> {
    /// The way of what `typed` names: a branch, a tag, a commit or its beginning.
    ///
    /// # Errors
    /// `NotFound` if it names nothing, `Invalid` with a list if it names several commits.
    pub async fn journey(&self, app: &AppRecord, typed: &str) -> Result<Way, Error> {
        let found = self.find_release(app.id, typed).await?;
        let revision = found.revision;
        let commit = self.ports.source().commit(&app.repository, &revision).await;
        // Its texts are for people only; without them it goes the same way.
        let commit = commit.ok();
        let file = match &app.config {
            Some(hash) => Some(self.stage_file(app.id, hash).await?),
            None => None,
        };
        let file = file.as_deref();
        let mut names = self.stage_names(app.id).await?;
        names.sort_by_key(|name| (super::board::place(file, name), name.clone()));
        let records = self.recorded(app.id, &revision).await?;
        let mut ancestry = Ancestry::of(self, &app.repository, &revision);
        ancestry.learn(&records);
        let mut stages: Vec<Leg> = Vec::new();
        for stage in names {
            let id = StageId { app: app.id, stage };
            let record = records.iter().find(|record| record.stage == id.stage);
            let mut leg = match self.leg(&id, record, &mut ancestry).await? {
                Ok(leg) => leg,
                Err(why) => Leg {
                    unknown: Some(why),
                    ..Leg::new(&id.stage, Where::Unknown)
                },
            };
            // What people use gets nothing new.
            let live = self.is_live(&id, file).await?;
            if matches!(leg.state, Where::NotOnTheWay | Where::Gone)
                && live != Some(true)
                && let Some(better) = self.to_come(&id, file, &stages, &mut ancestry).await?
            {
                leg = better;
            }
            if leg.state == Where::Here {
                leg.live = live;
            }
            stages.push(leg);
        }
        Ok(Way {
            app: app.id,
            name: app.name.clone(),
            reference: found.reference,
            subject: commit.as_ref().map(|commit| commit.subject.clone()),
            author: commit.as_ref().map(|commit| commit.author.clone()),
            at: commit.map(|commit| commit.at),
            revision,
            stages,
        })
    }

    /// What was written down when runs that carried it were claimed.
    async fn recorded(&self, app: AppId, revision: &Revision) -> Result<Vec<Journey>, Error> {
        let prefix = format!("release#{revision}#");
        let partition = keys::app_partition(app);
        table::list(self.ports.store(), &partition, &prefix, usize::MAX).await
    }

    /// What the stage itself knows of the commit; the inner error says why nobody can tell.
    async fn leg(
        &self,
        id: &StageId,
        record: Option<&Journey>,
        ancestry: &mut Ancestry<'_, P>,
    ) -> Result<Result<Leg, String>, Error> {
        let (stage, plan) = self.explain(id).await?;
        if let Some(deployed) = stage.stands() {
            match ancestry.is_in(&deployed.release.revision).await {
                Ok(true) => return self.here(&stage, deployed, ancestry).await.map(Ok),
                Ok(false) => {}
                Err(why) => return Ok(Err(why)),
            }
        }
        for (state, revision, since, generation) in coming(&stage) {
            match ancestry.is_in(revision).await {
                Ok(true) => {
                    let waits = matches!(state, Where::Waiting | Where::KeptOut);
                    return Ok(Ok(Leg {
                        revision: Some(revision.clone()),
                        since,
                        generation,
                        why: first_wait(&plan, id).filter(|_| waits),
                        ..Leg::new(&id.stage, state)
                    }));
                }
                Ok(false) => {}
                Err(why) => return Ok(Err(why)),
            }
        }
        match passed_by(&stage, ancestry).await {
            Ok(None) => {}
            Ok(Some(leg)) => return Ok(Ok(leg)),
            Err(why) => return Ok(Err(why)),
        }
        Ok(Ok(match record {
            Some(record) => Leg {
                revision: record.contained_in.clone(),
                since: Some(record.at),
                generation: Some(record.generation),
                ..Leg::new(&id.stage, Where::Gone)
            },
            None => Leg::new(&id.stage, Where::NotOnTheWay),
        }))
    }

    /// It stands there: since the oldest run from which on it was never away.
    async fn here(
        &self,
        stage: &Stage,
        deployed: &Deployed,
        ancestry: &mut Ancestry<'_, P>,
    ) -> Result<Leg, Error> {
        let partition = keys::stage_partition(&stage.id);
        let runs: Vec<Run> = table::list(self.ports.store(), &partition, "run#", RUNS_MAX).await?;
        let (mut since, mut generation) = (deployed.at, deployed.generation);
        let older = runs
            .iter()
            .filter(|run| run.generation < deployed.generation);
        for run in older {
            let Some(admitted) = run.admitted_at else {
                continue;
            };
            // What nobody can tell of does not make it older.
            if ancestry.is_in(&run.release.revision).await != Ok(true) {
                break;
            }
            (since, generation) = (run.ended_at.unwrap_or(admitted), run.generation);
        }
        Ok(Leg {
            revision: Some(deployed.release.revision.clone()),
            since: Some(since),
            generation: Some(generation),
            health: Some(stage.health),
            ..Leg::new(&stage.id.stage, Where::Here)
        })
    }

    /// Whether it comes to a stage that knows nothing of it yet: from the stage before, with the
    /// next refresh, or by somebody's choice.
    async fn to_come(
        &self,
        id: &StageId,
        file: Option<&StageFile>,
        before: &[Leg],
        ancestry: &mut Ancestry<'_, P>,
    ) -> Result<Option<Leg>, Error> {
        let loaded = self.load_stage(id, None).await?;
        let rule = &loaded.stage.spec.rule;
        let Some(policy) = file.and_then(|file| Policy::of(file, rule, self.settings.clock_error))
        else {
            return Ok(None);
        };
        if let Some(upstream) = &policy.upstream {
            let there = before.iter().find(|leg| leg.stage == upstream.stage);
            let Some(there) = there.filter(|leg| leg.moves_on()) else {
                return Ok(None);
            };
            return Ok(Some(Leg {
                after: Some(upstream.stage.clone()),
                revision: there.revision.clone(),
                why: self.kept_by(id).await?,
                ..Leg::new(&id.stage, Where::Comes)
            }));
        }
        if policy.selects() {
            let recipe = &policy.build_recipe;
            let build = self.load_build(id.app, ancestry.revision(), recipe).await?;
            let is_built = |state: &BuildState| matches!(state, BuildState::Succeeded { .. });
            let built = build.is_some_and(|build| is_built(&build.record.build.state));
            return Ok(built.then(|| Leg {
                revision: Some(ancestry.revision().clone()),
                ..Leg::new(&id.stage, Where::Selectable)
            }));
        }
        self.by_its_branch(id, &policy, ancestry).await
    }

    /// What its branch has already and the stage has not: a refresh brings it.
    async fn by_its_branch(
        &self,
        id: &StageId,
        policy: &Policy<'_>,
        ancestry: &mut Ancestry<'_, P>,
    ) -> Result<Option<Leg>, Error> {
        let (Some(branch), Some(schedule)) = (policy.branch(), policy.schedule) else {
            return Ok(None);
        };
        let head = match ancestry.head(&branch).await {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(None),
            Err(why) => return Ok(Some(unknown(id, why))),
        };
        Ok(match ancestry.is_in(&head).await {
            Ok(true) => Some(Leg {
                revision: Some(head),
                until: schedule.next_after(self.ports.now()),
                why: self.kept_by(id).await?,
                ..Leg::new(&id.stage, Where::Comes)
            }),
            Ok(false) => None,
            Err(why) => Some(unknown(id, why)),
        })
    }
}

impl<P: Ports> App<P> {
    /// What keeps something from the stage that is to come.
    async fn kept_by(&self, id: &StageId) -> Result<Option<Explained>, Error> {
        let (_, plan) = self.explain(id).await?;
        let first = plan.waiting_on.first().filter(|wait| wait.blocks());
        Ok(first.map(|wait| wait.explain(&id.stage)))
    }
}

impl Leg {
    /// Whether the stages after this one may expect it.
    fn moves_on(&self) -> bool {
        match self.state {
            Where::Here | Where::UnderWay | Where::Waiting | Where::Comes => true,
            Where::KeptOut
            | Where::Selectable
            | Where::Gone
            | Where::NotOnTheWay
            | Where::PassedBy
            | Where::Unknown => false,
        }
    }
}

/// It came after what was deployed, and changes nothing here.
async fn passed_by<P: Ports>(
    stage: &Stage,
    ancestry: &mut Ancestry<'_, P>,
) -> Result<Option<Leg>, String> {
    let Some(head) = &stage.head else {
        return Ok(None);
    };
    let Some(since) = &head.untouched else {
        return Ok(None);
    };
    if ancestry.is_in(since).await? || !ancestry.is_in(&head.revision).await? {
        return Ok(None);
    }
    Ok(Some(Leg {
        revision: Some(head.revision.clone()),
        since: Some(head.seen_at),
        ..Leg::new(&stage.id.stage, Where::PassedBy)
    }))
}

fn unknown(id: &StageId, why: String) -> Leg {
    Leg {
        unknown: Some(why),
        ..Leg::new(&id.stage, Where::Unknown)
    }
}

type Coming<'a> = (Where, &'a Revision, Option<Timestamp>, Option<u64>);

/// What comes to the stage or is kept from it, the nearest first.
fn coming(stage: &Stage) -> impl Iterator<Item = Coming<'_>> {
    let run = stage.run.as_ref().map(|run| {
        let generation = Some(run.generation);
        let revision = &run.release.revision;
        (Where::UnderWay, revision, Some(run.claimed_at), generation)
    });
    let waits = stage.line().map(|candidate| {
        let revision = &candidate.revision;
        (Where::Waiting, revision, Some(candidate.since), None)
    });
    let rejected = stage.rejected.as_ref().map(|no| &no.release.revision);
    let tried = stage.tried.as_ref().map(|tried| &tried.revision);
    let kept = rejected.into_iter().chain(tried);
    let kept = kept.map(|revision| (Where::KeptOut, revision, None, None));
    run.into_iter().chain(waits).chain(kept)
}

fn first_wait(plan: &Plan, id: &StageId) -> Option<Explained> {
    let wait = plan.waiting_on.first()?;
    Some(wait.explain(&id.stage))
}
