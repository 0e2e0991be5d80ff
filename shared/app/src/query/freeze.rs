//! The windows of stages: which are open, why the others are not, and when that changes.

use greenroom_core::freeze::{Edge, Freeze};
use greenroom_core::name::{AppId, RepoName, StageId, StageName};
use greenroom_core::pause::Pause;
use greenroom_core::stage::Override;
use greenroom_core::stage_file::{Window, WindowKind, format_duration};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::ports::Ports;
use crate::records::AppRecord;

/// A stage and its windows.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FrozenStage {
    pub app: AppId,
    pub name: RepoName,
    pub stage: StageName,
    /// Whether its windows, all together, let something through now.
    pub open: bool,
    #[serde(flatten)]
    pub turns: Turns,
    /// In the order in which the stage lists them.
    pub windows: Vec<WindowView>,
    /// What is let through all the same.
    pub overridden: Option<Override>,
    /// The pause that holds, which closes it as well.
    pub pause: Option<Pause>,
}

/// One window, as far as it alone says.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct WindowView {
    pub window: String,
    pub kind: WindowKind,
    /// Whether a stage with no other window could change now.
    pub open: bool,
    #[serde(flatten)]
    pub turns: Turns,
    pub reason: String,
    pub cron: String,
    pub timezone: String,
    #[serde(rename = "for")]
    pub length: String,
    /// Roles whose holders may override it; operators may always.
    #[serde(rename = "override")]
    pub overriders: Vec<String>,
}

/// When something open closes, or something closed opens; neither is known of what stays as it is.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Turns {
    pub changes_at: Option<Timestamp>,
    /// Not before this; further was not looked.
    pub changes_after: Option<Timestamp>,
}

impl From<Edge> for Turns {
    fn from(edge: Edge) -> Self {
        let (changes_at, changes_after) = match edge {
            Edge::At(at) => (Some(at), None),
            Edge::After(at) => (None, Some(at)),
            Edge::Never => (None, None),
        };
        Self {
            changes_at,
            changes_after,
        }
    }
}

impl<P: Ports> App<P> {
    /// The windows of all stages, of one app's, or of one stage.
    pub async fn freeze(
        &self,
        app: Option<&AppRecord>,
        stage: Option<&StageId>,
    ) -> Result<Vec<FrozenStage>, Error> {
        if let Some(id) = stage {
            return Ok(vec![self.frozen_stage(id).await?]);
        }
        let apps = match app {
            Some(app) => vec![app.clone()],
            None => self.apps().await?,
        };
        let mut all = Vec::new();
        for app in apps {
            for stage in self.stage_names(app.id).await? {
                let id = StageId { app: app.id, stage };
                all.push(self.frozen_stage(&id).await?);
            }
        }
        Ok(all)
    }

    async fn frozen_stage(&self, id: &StageId) -> Result<FrozenStage, Error> {
        let (now, clock_error) = (self.ports.now(), self.settings.clock_error);
        let loaded = self.load_stage(id, None).await?;
        let policy = loaded.policy(clock_error);
        let windows = policy.map_or_else(Vec::new, |policy| policy.windows);
        let freeze = Freeze::of(windows.iter().copied());
        let app = &loaded.app.record;
        let pause = app.pause.as_ref();
        Ok(FrozenStage {
            app: id.app,
            name: app.name.clone(),
            stage: id.stage.clone(),
            open: freeze.is_open(now, clock_error),
            turns: freeze.turns(now, clock_error).into(),
            windows: windows
                .into_iter()
                .map(|window| view(window, now, clock_error))
                .collect(),
            overridden: loaded.stage.overridden.clone(),
            pause: pause.filter(|it| it.holds(now, clock_error)).cloned(),
        })
    }
}

fn view(window: &Window, now: Timestamp, clock_error: SignedDuration) -> WindowView {
    let alone = Freeze::of([window]);
    WindowView {
        window: window.name.clone(),
        kind: window.kind,
        open: alone.is_open(now, clock_error),
        turns: alone.turns(now, clock_error).into(),
        reason: window.reason.clone(),
        cron: window.cron.clone(),
        timezone: window.timezone.clone(),
        length: format_duration(window.length),
        overriders: window.overriders.clone(),
    }
}
