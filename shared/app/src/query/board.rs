//! The board: what is where, is it good, what is blocked and why.

use greenroom_core::name::{StageId, StageName};
use greenroom_core::plan::Plan;
use greenroom_core::stage::Stage;
use greenroom_core::stage_file::{From, StageFile};
use jiff::Timestamp;
use serde::Serialize;

use super::life::life_view;
use super::{
    AppCard, BreakView, MarkView, ReleaseView, StageCard, break_view, candidate_view, phase,
    run_view,
};
use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::records::AppRecord;
use crate::table;

/// Attention items shown.
const ATTENTION_MAX: usize = 50;

/// Everything at one glance.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Board {
    /// `board/v1`
    pub schema: &'static str,
    pub now: Timestamp,
    pub apps: Vec<AppCard>,
}

impl<P: Ports> App<P> {
    /// The board of all apps, or of one.
    pub async fn board(&self, only: Option<&AppRecord>) -> Result<Board, Error> {
        let apps = match only {
            Some(app) => vec![app.clone()],
            None => self.apps().await?,
        };
        let mut cards = Vec::new();
        for app in apps {
            cards.push(self.app_card(app).await?);
        }
        Ok(Board {
            schema: "board/v1",
            now: self.ports.now(),
            apps: cards,
        })
    }

    async fn app_card(&self, app: AppRecord) -> Result<AppCard, Error> {
        let file = match &app.config {
            Some(hash) => Some(self.stage_file(app.id, hash).await?),
            None => None,
        };
        let mut names = self.stage_names(app.id).await?;
        names.sort_by_key(|name| (place(file.as_deref(), name), name.clone()));
        let mut stages = Vec::new();
        for stage in names {
            let id = StageId { app: app.id, stage };
            let (stage, plan) = self.explain(&id).await?;
            let marks = self.marks_shown(&stage).await?;
            let toggle = self.toggle_shown(&stage, file.as_deref()).await?;
            let mut card = stage_card(&stage, &plan, file.as_deref(), marks);
            card.toggle = toggle;
            stages.push(card);
        }
        let attention = table::list(
            self.ports.store(),
            &keys::app_partition(app.id),
            "attention#",
            ATTENTION_MAX,
        )
        .await?;
        Ok(AppCard {
            groups: file.map(|file| file.groups.clone()).unwrap_or_default(),
            id: app.id,
            name: app.name,
            config: app.config,
            config_from: app.config_from,
            config_invalid: app.invalid,
            stages,
            attention,
            pause: app
                .pause
                .filter(|pause| pause.holds(self.ports.now(), self.settings.clock_error)),
        })
    }

    /// One stage, as the board shows it.
    pub async fn stage_card(&self, id: &StageId) -> Result<StageCard, Error> {
        let (stage, plan) = self.explain(id).await?;
        let app = self.app(id.app).await?;
        let file = match &app.config {
            Some(hash) => Some(self.stage_file(id.app, hash).await?),
            None => None,
        };
        let marks = self.marks_shown(&stage).await?;
        let mut card = stage_card(&stage, &plan, file.as_deref(), marks);
        card.toggle = self.toggle_shown(&stage, file.as_deref()).await?;
        Ok(card)
    }

    /// What people say of what stands on the stage and of what waits.
    async fn marks_shown(&self, stage: &Stage) -> Result<Vec<MarkView>, Error> {
        let deployed = stage.deployed.as_ref().map(|it| &it.release.revision);
        let waits = stage.candidate.as_ref().map(|it| &it.revision);
        let waits = waits.filter(|revision| deployed != Some(*revision));
        let mut all = Vec::new();
        for revision in deployed.into_iter().chain(waits) {
            let read = self.marks(stage.id.app, revision).await?;
            let marks = read.map(|read| read.record.marks).unwrap_or_default();
            all.extend(marks.into_iter().map(|(mark, given)| MarkView {
                revision: revision.clone(),
                mark,
                by: given.by,
                at: given.at,
                note: given.note,
            }));
        }
        Ok(all)
    }

    /// All open breaks.
    pub async fn breaks(&self) -> Result<Vec<BreakView>, Error> {
        let board = self.board(None).await?;
        Ok(board
            .apps
            .into_iter()
            .flat_map(|app| app.stages)
            .filter_map(|stage| stage.brk)
            .collect())
    }
}

/// Fixed stages in file order; those named from a template where their rule is.
pub(super) fn place(file: Option<&StageFile>, name: &StageName) -> usize {
    let is = |rule: &greenroom_core::stage_file::Rule| rule.is_of(name);
    file.and_then(|file| file.rules.iter().position(is))
        .unwrap_or(usize::MAX)
}

fn stage_card(
    stage: &Stage,
    plan: &Plan,
    file: Option<&StageFile>,
    marks: Vec<MarkView>,
) -> StageCard {
    let deployed = stage.deployed.as_ref();
    let rule = file.and_then(|file| file.rule(&stage.spec.rule));
    let upstream = match rule.map(|rule| &rule.from) {
        Some(From::Promote { rule: from }) => file
            .and_then(|file| file.rule(from))
            .and_then(|from| from.stage.as_literal())
            .map(StageName::from),
        _ => None,
    };
    StageCard {
        app: stage.id.app,
        stage: stage.id.stage.clone(),
        rule: stage.spec.rule.to_string(),
        health: stage.health,
        phase: phase(stage.run.as_ref()),
        deployed: deployed.map(|deployed| ReleaseView {
            revision: deployed.release.revision.clone(),
            artifact: deployed.release.artifact.clone(),
            since: deployed.at,
            complete: deployed.complete,
            reference: deployed.reference.clone(),
            took_over: deployed.took_over.clone(),
        }),
        green_since: stage.verified.as_ref().map(|verified| verified.since),
        url: deployed.and_then(|deployed| deployed.outputs.get("URL").cloned()),
        candidate: stage.candidate.as_ref().map(candidate_view),
        run: stage.run.as_ref().map(run_view),
        last: stage.last.as_ref().map(run_view),
        brk: stage.brk.as_ref().map(|brk| break_view(stage, brk)),
        lock: stage.lock.clone(),
        hold: stage.hold.clone(),
        // What has been deployed is not waited for any more.
        approvals: stage
            .approvals
            .iter()
            .filter(|approval| deployed.is_none_or(|it| it.release != approval.release))
            .map(|approval| format!("{} for {}", approval.by, approval.release.revision.short()))
            .collect(),
        waiting_on: plan
            .waiting_on
            .iter()
            .map(|wait| wait.explain(&stage.id.stage))
            .collect(),
        blocked: plan
            .waiting_on
            .iter()
            .any(greenroom_core::waiting::Wait::blocks),
        upstream,
        refresh_skipped: stage.refresh.skipped.clone(),
        overridden: stage
            .overridden
            .as_ref()
            .or_else(|| stage.run.as_ref()?.overridden.as_ref())
            .cloned(),
        marks,
        life: life_view(stage),
        queue: stage.queue.waiting.iter().map(candidate_view).collect(),
        passed: stage.queue.passed.clone(),
        mute: plan.next.quiet.mute.clone(),
        toggle: None,
    }
}
