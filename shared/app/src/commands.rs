//! What people and pipelines ask for, through the one door of the core.

use greenroom_core::accept::Rejection;
use greenroom_core::command::Command;
use greenroom_core::effect::{Effect, News};
use greenroom_core::name::{AppId, ChannelName, ExecutionId, Nonce, Revision, StageId, StageName};
use greenroom_core::plan::Plan;
use greenroom_core::principal::Principal;

use crate::App;
use crate::error::Error;
use crate::outbox;
use crate::ports::Ports;
use crate::ports::pipelines::AdmissionRequest;
use crate::ports::store::Store;
use crate::records::OutboxEntry;
use crate::stages::{Input, Stepped};

impl<P: Ports> App<P> {
    /// Grants or refuses a command; a granted one is planned at once.
    pub async fn command(
        &self,
        id: &StageId,
        principal: &Principal,
        command: &Command,
    ) -> Result<Result<Box<Plan>, Rejection>, Error> {
        let resolved = self.resolved(id, command).await?;
        let command = resolved.as_ref().unwrap_or(command);
        let stepped = self
            .step(id, None, &Input::Command { principal, command }, &[])
            .await?;
        Ok(match stepped {
            Stepped::Planned(plan) => Ok(plan),
            Stepped::Rejected(rejection) => Err(rejection),
        })
    }

    /// A selection with the commit that its name stands for now.
    async fn resolved(&self, id: &StageId, command: &Command) -> Result<Option<Command>, Error> {
        let Command::Deploy {
            revision,
            reference: None,
        } = command
        else {
            return Ok(None);
        };
        let found = self.find_release(id.app, revision.as_str()).await?;
        Ok(Some(Command::Deploy {
            revision: found.revision,
            reference: found.reference,
        }))
    }

    /// The fence, as a pipeline asks it. One that was rendered from another file than the one that
    /// governs the run is refused: its steps are not those that were claimed.
    pub async fn admit(&self, request: &AdmissionRequest) -> Result<Result<(), Rejection>, Error> {
        let invalid = || Error::Invalid {
            why: format!("{} is not an app", request.app),
            help: "the pipeline must pass on what it was started with".to_owned(),
        };
        let app = AppId(request.app.parse().map_err(|_| invalid())?);
        let id = StageId {
            app,
            stage: StageName::new(&request.stage),
        };
        if let Some(rendered) = &request.definition
            && let Err(rejection) = self.as_claimed(&id, request.generation, rendered).await?
        {
            return Ok(Err(rejection));
        }
        let command = Command::Admit {
            generation: request.generation,
            nonce: Nonce::new(request.nonce.as_str()),
            execution: ExecutionId::new(request.execution.as_str()),
            revision: Revision::new(request.revision.as_str()),
        };
        Ok(self
            .command(&id, &Principal::Pipeline, &command)
            .await?
            .map(drop))
    }

    /// Sends a test message on a channel of an app's stage file; answers the effect's id.
    pub async fn notify_test(&self, app: AppId, channel: &ChannelName) -> Result<String, Error> {
        let record = self.app(app).await?;
        let config = record.config.ok_or_else(|| Error::NotFound {
            what: format!("stage file of {}", record.name),
            help: "push a greenroom.yaml to the default branch".to_owned(),
        })?;
        let file = self.stage_file(app, &config).await?;
        if !file.channels.contains_key(channel) {
            let known: Vec<_> = file.channels.keys().map(ToString::to_string).collect();
            return Err(Error::NotFound {
                what: format!("channel {channel}"),
                help: format!("the stage file has {}", known.join(", ")),
            });
        }
        let now = self.ports.now();
        let owner = outbox::of_app(app);
        let effect = Effect::Announce {
            stage: owner.stage.clone(),
            channel: channel.clone(),
            config,
            news: Box::new(News::Test {
                at: now,
                nonce: Some(self.ports.nonce()),
            }),
        };
        let id = effect.id(&owner);
        let mut writes = Vec::new();
        let work = outbox::enter(&mut writes, &owner, effect, now)?;
        self.ports.store().commit(writes).await?;
        self.ports.hint(work);
        Ok(id)
    }

    /// An effect that is still to be done; `None` once it is.
    pub async fn effect(&self, id: &str) -> Result<Option<OutboxEntry>, Error> {
        Ok(self.outbox_entry(id).await?.map(|read| read.record))
    }
}
