//! A branch that the rules lead elsewhere is no longer what its old stage follows.

use greenroom_core::fact::Fact;
use greenroom_core::name::StageId;
use greenroom_core::stage_file::StageFile;
use greenroom_github::SourceEvent;
use greenroom_github::event::What;

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::poll::leads_there;
use crate::ports::Ports;
use crate::ports::store::{Condition, Write};
use crate::records::{AppRecord, HeadRecord};
use crate::stages::Input;
use crate::table;

impl<P: Ports> App<P> {
    /// Takes a branch that the rules lead elsewhere by now off the stage it led to before, which
    /// would otherwise never hear of its end.
    pub(super) async fn leave(
        &self,
        app: &AppRecord,
        file: &StageFile,
        event: &SourceEvent,
    ) -> Result<(), Error> {
        let What::Push(push) = &event.what else {
            return Ok(());
        };
        let key = keys::head(app.id, &push.reference);
        let known = table::load::<HeadRecord>(self.ports.store(), &key).await?;
        let Some(known) = known.filter(|known| !leads_there(app, Some(file), &known.record)) else {
            return Ok(());
        };
        let Some(stage) = known.record.stage else {
            return Ok(());
        };
        let left = Fact::HeadGone {
            reference: push.reference.clone(),
            at: self.ports.now(),
        };
        // Unless somebody has decided about the branch since.
        let unchanged = Write::Check {
            key,
            condition: Condition::Version(known.version),
        };
        let id = StageId { app: app.id, stage };
        match self
            .step(&id, None, &Input::Facts(&[left]), &[unchanged])
            .await
        {
            Err(Error::NotFound { .. }) => Ok(()),
            stepped => stepped.map(drop),
        }
    }
}
