//! What stands between a release and the stages: every gate, open or closed, and why.

use std::collections::BTreeSet;

use greenroom_core::name::{AppId, Revision, StageId, StageName};
use greenroom_core::plan::{Row, release_of, table};
use greenroom_core::policy::View;
use greenroom_core::release::Release;
use greenroom_core::stage::Stage;
use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::store::Store;
use crate::records::AppRecord;
use crate::stages::Loaded;

/// Items of each kind that are looked at for a revision; more of one beginning are ambiguous.
const LOOKED_AT_MAX: usize = 200;

/// The gates of one stage for one release.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StageGates {
    pub app: AppId,
    pub stage: StageName,
    pub revision: Revision,
    pub artifact: Option<greenroom_core::name::Digest>,
    /// True when none is closed.
    pub open: bool,
    pub gates: Vec<Row>,
}

impl<P: Ports> App<P> {
    /// The gates of the app's stages, or of `only`, for the release of the revision that begins
    /// with `prefix`. Stages without a rule in force, and local ones, are left out.
    ///
    /// # Errors
    /// `NotFound` when nothing is known of such a revision, or `only` has no gates; `Invalid` when
    /// there are several revisions.
    pub async fn gates(
        &self,
        app: &AppRecord,
        prefix: &str,
        only: Option<&StageName>,
    ) -> Result<Vec<StageGates>, Error> {
        let none = |only: &StageName| Error::NotFound {
            what: format!("gate of {only}: the stage file in force deploys nothing there"),
            help: "`greenroom validate` shows what a stage file says".to_owned(),
        };
        let file = match (&app.config, only) {
            (Some(hash), _) => self.stage_file(app.id, hash).await?,
            (None, Some(only)) => return Err(none(only)),
            (None, None) => return Ok(Vec::new()),
        };
        let mut stages = Vec::new();
        for stage in self.stage_names(app.id).await? {
            if only.is_none_or(|only| *only == stage) {
                let id = StageId { app: app.id, stage };
                stages.push(self.load_stage(&id, None).await?);
            }
        }
        stages.sort_by_key(|loaded| {
            let rule = &loaded.stage.spec.rule;
            let place = file.rules.iter().position(|known| known.name == *rule);
            (place.unwrap_or(usize::MAX), loaded.stage.id.stage.clone())
        });
        let revision = self.revision(app.id, prefix, &stages).await?;
        let mut all = Vec::new();
        for loaded in &stages {
            all.extend(self.stage_gates(loaded, &revision).await?);
        }
        // Where nothing was judged nothing is open.
        match only.filter(|_| all.is_empty()) {
            Some(only) => Err(none(only)),
            None => Ok(all),
        }
    }

    async fn stage_gates(
        &self,
        loaded: &Loaded,
        revision: &Revision,
    ) -> Result<Option<StageGates>, Error> {
        let Some(policy) = loaded.policy(self.settings.clock_error) else {
            return Ok(None);
        };
        let id = &loaded.stage.id;
        let nonce = self.ports.nonce();
        let view = loaded.view(&loaded.stage, &nonce, self.ports.now());
        let known = known(loaded).find(|known| known.revision == *revision);
        let recipe = known.map_or(&policy.build_recipe, |known| &known.recipe);
        let build = self.load_build(id.app, revision, recipe).await?;
        let said = self.also_said(&loaded.said, id.app, vec![revision]).await?;
        let view = View {
            build: build.as_ref().map(|read| &read.record.build),
            marks: &said.marks,
            ..view
        };
        let release = known
            .cloned()
            .unwrap_or_else(|| release_of(revision, &view, &policy));
        let gates = table(&release, &view, &policy);
        Ok(Some(StageGates {
            app: id.app,
            stage: id.stage.clone(),
            revision: revision.clone(),
            artifact: release.artifact,
            open: gates.iter().all(|row| row.open),
            gates,
        }))
    }

    /// The one revision that begins with `prefix`, of those that were built, deployed or wait.
    async fn revision(
        &self,
        app: AppId,
        prefix: &str,
        stages: &[Loaded],
    ) -> Result<Revision, Error> {
        let mut found: BTreeSet<String> = BTreeSet::new();
        for kind in ["build", "release"] {
            let (partition, begin) = (keys::app_partition(app), format!("{kind}#{prefix}"));
            let page = self
                .ports
                .store()
                .query(&partition, &begin, None, LOOKED_AT_MAX)
                .await?;
            let names = page
                .items
                .iter()
                .filter_map(|item| item.key.sort.split('#').nth(1));
            found.extend(names.map(str::to_owned));
        }
        for loaded in stages {
            let waiting = loaded.stage.candidate.as_ref().map(|it| &it.revision);
            let all = waiting
                .into_iter()
                .chain(known(loaded).map(|it| &it.revision));
            let meant = all.filter(|revision| revision.as_str().starts_with(prefix));
            found.extend(meant.map(ToString::to_string));
        }
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(Revision::new(one)),
            (Some(_), Some(_)) => Err(Error::Invalid {
                why: format!("several revisions begin with {prefix}"),
                help: "give more of its digits".to_owned(),
            }),
            (None, _) => Err(Error::NotFound {
                what: format!("release of {prefix}"),
                help: "nothing was built or deployed of it, and no stage waits for it; `greenroom \
                       status` shows what there is"
                    .to_owned(),
            }),
        }
    }
}

/// The exact bytes that are known on the stage and the one it takes promotions from.
fn known(loaded: &Loaded) -> impl Iterator<Item = &Release> {
    let upstream = loaded.upstream.as_ref().map(|read| &*read.record.stage);
    let own = loaded.stage.candidate.as_ref();
    own.and_then(|candidate| candidate.release.as_ref())
        .into_iter()
        .chain(upstream.into_iter().flat_map(standing))
        .chain(standing(&loaded.stage))
}

fn standing(stage: &Stage) -> impl Iterator<Item = &Release> {
    let verified = stage.verified.as_ref().map(|green| &green.release);
    let run = stage.run.as_ref().map(|run| &run.release);
    let deployed = stage.deployed.as_ref().map(|deployed| &deployed.release);
    [verified, run, deployed].into_iter().flatten()
}
