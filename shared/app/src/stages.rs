//! The loop around the core: load a stage and what it depends on, record or accept, plan, and
//! commit all of it in one transaction; if somebody else was faster, from the start.

mod commit;
mod look;
mod sharers;
mod toggle;
mod view;

use greenroom_core::accept::{Rejection, accept};
use greenroom_core::build::Build;
use greenroom_core::command::Command;
use greenroom_core::fact::Fact;
use greenroom_core::name::StageId;
use greenroom_core::plan::{Plan, follow_queue, plan};
use greenroom_core::policy::View;
use greenroom_core::principal::Principal;
use greenroom_core::record::record;
use greenroom_core::stage::{Spec, Stage};

pub use view::{Loaded, no_such_stage};

use crate::App;
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::store::{StoreError, Write};
use crate::table::names;

/// How often a decision is made anew because somebody else was faster.
const TRIES: u32 = 32;

/// Why a stage is looked at.
#[derive(Debug)]
pub enum Input<'a> {
    /// Only because time has passed or something it depends on has changed.
    Nothing,
    Facts(&'a [Fact]),
    Command {
        principal: &'a Principal,
        command: &'a Command,
    },
}

/// What came of it.
#[derive(Debug)]
pub enum Stepped {
    Planned(Box<Plan>),
    Rejected(Rejection),
}

impl<P: Ports> App<P> {
    /// Looks at the stage again and commits what follows, together with `extra`.
    ///
    /// `spec` makes the stage if it does not exist; without it a missing stage is `NotFound`. A
    /// condition of `extra` that does not hold is a `Conflict`.
    pub async fn step(
        &self,
        id: &StageId,
        spec: Option<&Spec>,
        input: &Input<'_>,
        extra: &[Write],
    ) -> Result<Stepped, Error> {
        for _ in 0..TRIES {
            let loaded = self.load_stage(id, spec).await?;
            match self.try_step(&loaded, input, extra).await {
                Err(Error::Store(StoreError::Conflict { key })) if !names(extra, &key) => {}
                other => return other,
            }
        }
        Err(Error::Contended {
            what: format!("stage {}", id.stage),
        })
    }

    /// One attempt over what was loaded; a `Conflict` means it was out of date.
    pub async fn try_step(
        &self,
        loaded: &Loaded,
        input: &Input<'_>,
        extra: &[Write],
    ) -> Result<Stepped, Error> {
        let nonce = self.ports.nonce();
        let now = self.ports.now();
        let policy = loaded.policy(self.settings.clock_error);
        // What is in force says what a fact or a command means for those that wait.
        let followed = follow_queue(Stage::clone(&loaded.stage), policy.as_ref());
        let followed = Box::new(followed);
        let asked = loaded.asked_about(input);
        let mut said = self
            .also_said(&loaded.said, loaded.stage.id.app, asked)
            .await?;
        let admitted = self.build_of_admission(loaded, input).await?;
        let view = View {
            build: admitted.as_ref().or(loaded.build.as_ref()),
            marks: &said.marks,
            ..loaded.view(&followed, &nonce, now)
        };
        let stage = match input {
            Input::Nothing => followed.clone(),
            Input::Facts(facts) => Box::new(facts.iter().fold(Stage::clone(&followed), record)),
            Input::Command { principal, command } => {
                match accept(&view, policy.as_ref(), principal, command) {
                    Ok(stage) => Box::new(stage),
                    Err(rejection) => return Ok(Stepped::Rejected(rejection)),
                }
            }
        };
        let build = match loaded.other_build(&stage, policy.as_ref()) {
            Some((revision, recipe)) => self
                .load_build(loaded.stage.id.app, &revision, &recipe)
                .await?
                .map(|build| build.record.build),
            None => loaded.build.clone(),
        };
        let wanted = stage.line().map(|candidate| &candidate.revision);
        said = self
            .also_said(&said, stage.id.app, wanted.collect())
            .await?;
        let view = View {
            stage: &stage,
            build: build.as_ref(),
            marks: &said.marks,
            ..loaded.view(&stage, &nonce, now)
        };
        let planned = plan(&view, policy.as_ref());
        self.commit_stage(loaded, &said, &planned, now, extra)
            .await?;
        Ok(Stepped::Planned(Box::new(planned)))
    }

    /// The build of the release that asks to be admitted; the stage's candidate may be another.
    async fn build_of_admission(
        &self,
        loaded: &Loaded,
        input: &Input<'_>,
    ) -> Result<Option<Build>, Error> {
        let (Input::Command { command, .. }, Some(run)) = (input, &loaded.stage.run) else {
            return Ok(None);
        };
        if !matches!(command, Command::Admit { .. }) {
            return Ok(None);
        }
        let (app, release) = (loaded.stage.id.app, &run.release);
        let read = self
            .load_build(app, &release.revision, &release.recipe)
            .await?;
        Ok(read.map(|read| read.record.build))
    }

    /// What the stage waits for right now, without changing anything.
    pub async fn explain(&self, id: &StageId) -> Result<(Stage, Plan), Error> {
        let loaded = self.load_stage(id, None).await?;
        let nonce = self.ports.nonce();
        let policy = loaded.policy(self.settings.clock_error);
        let view = loaded.view(&loaded.stage, &nonce, self.ports.now());
        Ok((Stage::clone(&loaded.stage), plan(&view, policy.as_ref())))
    }
}
