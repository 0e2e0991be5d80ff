//! A branch that leads elsewhere is no longer what its old stage follows: the rules may lead it
//! elsewhere by now, or another person, whose stage is another, pushed to it or deleted it.

use greenroom_core::fact::Fact;
use greenroom_core::name::{RefName, StageId, StageName};
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage_file::{From, StageFile};
use greenroom_github::SourceEvent;
use greenroom_github::event::What;

use crate::App;
use crate::dispatch::fail::source_error;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::source::Source;
use crate::ports::store::{Condition, Write};
use crate::records::{AppRecord, Decision, Delivery, HeadRecord};
use crate::stages::Input;
use crate::table::{self, Versioned, put};

impl<P: Ports> App<P> {
    /// Takes a branch that leads to `to` off the stage it led to before, if that is another, which
    /// would otherwise never hear of its end.
    pub(super) async fn leave(
        &self,
        app: &AppRecord,
        file: &StageFile,
        delivery: &Versioned<Delivery>,
        to: Option<&StageName>,
        known: Option<Versioned<HeadRecord>>,
    ) -> Result<(), Error> {
        let event = &delivery.record.event;
        let (What::Push(push), Some(mut known)) = (&event.what, known) else {
            return Ok(());
        };
        let Some(stage) = known.record.stage.clone().filter(|old| to != Some(old)) else {
            return Ok(());
        };
        if push.after.is_some() {
            // Should the poller find it before it is decided about, it leads there as well.
            known.record.actor.clone_from(&event.actor);
        }
        let left = Fact::HeadGone {
            reference: push.reference.clone(),
            at: self.ports.now(),
        };
        // In one commit, unless somebody has decided about the branch or the delivery since:
        // whatever happens before the new decision is written, the poller sees that it is to be
        // decided.
        let still = Write::Check {
            key: keys::delivery(&delivery.record.id),
            condition: Condition::Version(delivery.version),
        };
        let mut writes = vec![undecided(app, known)?, still];
        // The stage's own branch may have been followed there before this one came late.
        if let Some(own) = own_branch(file, &stage).filter(|own| *own != push.reference) {
            let known = self.known_head(app, &own).await?;
            writes.extend(known.map(|known| undecided(app, known)).transpose()?);
        }
        let id = StageId { app: app.id, stage };
        match self.step(&id, None, &Input::Facts(&[left]), &writes).await {
            Err(Error::NotFound { .. }) => Ok(()),
            stepped => stepped.map(drop),
        }
    }

    /// Why a push or a deletion takes its branch from nobody, if it does not: the branch leads to
    /// the stage of somebody else, and what stands there by now is not what was told. Whose stage
    /// it leads to is then said by the push that brought it, which may have been told of before. A
    /// poll only guesses who pushed, so it takes nothing from whoever has that commit already.
    pub(super) async fn comes_late(
        &self,
        app: &AppRecord,
        file: &StageFile,
        delivery: &Delivery,
        to: Option<&StageName>,
        known: Option<&Versioned<HeadRecord>>,
    ) -> Result<Option<String>, Error> {
        let (What::Push(push), Some(known)) = (&delivery.event.what, known) else {
            return Ok(None);
        };
        let (reference, known) = (&push.reference, &known.record);
        let theirs = Trigger {
            event: Event::Push,
            reference: reference.clone(),
            actor: known.actor.clone(),
            deleted: false,
        };
        let leads = |stage: &StageName| resolve(file, &theirs).stage.as_ref() == Some(stage);
        let others = known.stage.as_ref().filter(|stage| to != Some(*stage));
        let Some(stage) = others.filter(|stage| leads(stage)) else {
            return Ok(None);
        };
        if delivery.polled && known.revision == push.after {
            return Ok(Some(format!("{stage} follows {reference} already")));
        }
        let source = self.ports.source();
        let head = source.head(&app.repository, reference).await;
        let head = head.map_err(|error| source_error(&error))?;
        let other = head.filter(|head| Some(&head.revision) != push.after.as_ref());
        Ok(other.map(|head| {
            let stands = head.revision.short();
            format!("{reference} stands at {stands}, and {stage} goes on following it")
        }))
    }

    /// Right before a decision is recorded, which others may have come before since it was made:
    /// takes the branch off whatever stage it leads to by now. `None` when it comes late.
    pub(super) async fn make_way(
        &self,
        app: &AppRecord,
        delivery: &Versioned<Delivery>,
        decision: &Decision,
    ) -> Result<Option<Condition>, Error> {
        let (event, to) = (&delivery.record.event, Some(&decision.stage));
        let known = self.known_branch(app, event).await?;
        let record = known.as_ref().map(|known| &known.record);
        let follows = record.and_then(|record| record.stage.as_ref());
        let unchanged = table::unchanged(known.as_ref());
        if follows == Some(&decision.stage) {
            return Ok(Some(unchanged));
        }
        let in_force = app.config.as_ref().unwrap_or(&decision.config);
        let newer = record.and_then(|record| record.config.as_ref());
        if newer == Some(in_force) && *in_force != decision.config {
            // It was decided by a stage file that is no more, and meanwhile by the one in force.
            return Ok(None);
        }
        if follows.is_none() {
            return Ok(Some(unchanged));
        }
        let file = self.stage_file(app.id, in_force).await?;
        let late = self.comes_late(app, &file, &delivery.record, to, known.as_ref());
        if late.await?.is_some() {
            return Ok(None);
        }
        self.leave(app, &file, delivery, to, known).await?;
        let known = self.known_branch(app, event).await?;
        Ok(Some(table::unchanged(known.as_ref())))
    }

    /// What is known of the branch that a push tells of. It is read once, before anything is asked
    /// about it: what is written because of it is refused if somebody has decided since.
    pub(super) async fn known_branch(
        &self,
        app: &AppRecord,
        event: &SourceEvent,
    ) -> Result<Option<Versioned<HeadRecord>>, Error> {
        match &event.what {
            What::Push(push) => self.known_head(app, &push.reference).await,
            What::Tag(_) | What::PullRequest(_) => Ok(None),
        }
    }

    async fn known_head(
        &self,
        app: &AppRecord,
        reference: &RefName,
    ) -> Result<Option<Versioned<HeadRecord>>, Error> {
        table::load(self.ports.store(), &keys::head(app.id, reference)).await
    }
}

/// The branch stands where it stood, and the poller finds it again.
fn undecided(app: &AppRecord, known: Versioned<HeadRecord>) -> Result<Write, Error> {
    let key = keys::head(app.id, &known.record.reference);
    let unchanged = Condition::Version(known.version);
    let record = HeadRecord {
        config: None,
        stage: None,
        ..known.record
    };
    put(key, &record, unchanged)
}

/// The one branch that leads to the stage, if it is one.
fn own_branch(file: &StageFile, stage: &StageName) -> Option<RefName> {
    let rule = file
        .rules
        .iter()
        .find(|rule| rule.stage.as_literal() == Some(stage.as_str()))?;
    match &rule.from {
        From::Branch { pattern, .. } => pattern
            .literal()
            .map(|branch| RefName::new(format!("refs/heads/{branch}"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
version: 1
app: acme/orders
pipelines:
  service: { steps: [ { name: deploy, run: make deploy } ] }
suites:
  smoke: { files: "tests/*.hurl", base_url: "http://localhost" }
stages:
  own:     { name: "${actor}", from: { branch: "feature/**" }, pipeline: service }
  dev:     { from: { branch: develop }, pipeline: service }
  preview: { from: { branch: "try/**" }, pipeline: service }
  beta:    { from: { tag: "v*" }, pipeline: service }
  preprod: { from: { branch: master }, pipeline: service, verify: [smoke] }
  prod:    { from: { promote: preprod }, pipeline: service }
"#;

    #[test]
    fn a_stage_has_a_branch_of_its_own_if_exactly_one_name_leads_there() {
        let file = StageFile::parse("greenroom.yaml", FILE.as_bytes()).expect("it holds");
        let of = |stage: &str| own_branch(&file, &StageName::new(stage));
        assert_eq!(of("dev"), Some(RefName::new("refs/heads/develop")));
        assert_eq!(of("preprod"), Some(RefName::new("refs/heads/master")));
        // Many branches may lead there, and none of them has it for good.
        assert_eq!(of("preview"), None);
        assert_eq!(of("alice"), None);
        // Tags and promotions come from elsewhere.
        assert_eq!(of("beta"), None);
        assert_eq!(of("prod"), None);
        assert_eq!(of("gone"), None);
    }
}
