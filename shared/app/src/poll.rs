//! Branch heads, read on a timer: with no webhook at all every stage still gets its commit.

use std::collections::BTreeMap;

use greenroom_core::name::{Actor, DeliveryId, RefName, Revision};
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage_file::StageFile;
use greenroom_github::SourceEvent;
use greenroom_github::event::{Push, What};

use crate::App;
use crate::attention;
use crate::dispatch::fail::source_error;
use crate::door::chain;
use crate::error::Error;
use crate::inbox::Received;
use crate::keys;
use crate::ports::Ports;
use crate::ports::source::{Commit, Head, Source, SourceError};
use crate::ports::store::Store;
use crate::records::{AppRecord, ConfigFrom, HeadRecord};
use crate::table;

/// Most branches of one app that are remembered.
const HEADS_MAX: usize = 10_000;
/// The name under which a repository that cannot be read is shown.
const SILENT: &str = "repository";

impl<P: Ports> App<P> {
    /// Compares the heads of every app with those decided about, and puts what differs into the
    /// inbox as a webhook would. Answers how many it found.
    pub async fn poll(&self) -> Result<usize, Error> {
        let mut found = 0;
        for app in self.apps().await? {
            match self.poll_app(&app).await {
                Ok(n) => {
                    found += n;
                    self.repository_answers(&app).await?;
                }
                Err(error) => {
                    let why = chain(&error);
                    tracing::warn!(app.name = %app.name, error = why, "an app could not be polled");
                    self.repository_is_silent(&app, why).await?;
                }
            }
        }
        Ok(found)
    }

    /// Shows on the board that nothing is heard of a repository. What is shown already stays, with
    /// its beginning.
    async fn repository_is_silent(&self, app: &AppRecord, why: String) -> Result<(), Error> {
        let key = keys::attention(app.id, SILENT);
        if self.ports.store().get(&key).await?.is_some() {
            return Ok(());
        }
        let command = Some("greenroom doctor".to_owned());
        let text = format!("no branch can be read, so no push is noticed: {why}");
        let now = self.ports.now();
        let write = attention::put(app.id, SILENT, "repository_unreadable", text, command, now)?;
        Ok(self.ports.store().commit(vec![write]).await?)
    }

    async fn repository_answers(&self, app: &AppRecord) -> Result<(), Error> {
        let key = keys::attention(app.id, SILENT);
        if self.ports.store().get(&key).await?.is_none() {
            return Ok(());
        }
        Ok(self
            .ports
            .store()
            .commit(vec![attention::over(app.id, SILENT)])
            .await?)
    }

    async fn poll_app(&self, app: &AppRecord) -> Result<usize, Error> {
        // They may be made whether the repository answers or not, and the other way round.
        if let Err(error) = self.make_stages(app.id).await {
            tracing::warn!(app.name = %app.name, error = %chain(&error), "not all stages could be planned");
        }
        let heads = self
            .ports
            .source()
            .heads(&app.repository)
            .await
            .map_err(|error| source_error(&error))?;
        // Renamed, as far as anybody can tell.
        if !heads
            .iter()
            .any(|head| head.reference == app.default_branch)
        {
            self.read_default_branch(app.id).await?;
        }
        if heads.iter().any(|head| !has_spoken(app, head)) {
            self.read_stage_file(app.id).await?;
        }
        let app = &self.app(app.id).await?;
        let file = match &app.config {
            Some(hash) => Some(self.stage_file(app.id, hash).await?),
            None => None,
        };
        let known: Vec<HeadRecord> = table::list(
            self.ports.store(),
            &keys::app_partition(app.id),
            "head#",
            HEADS_MAX,
        )
        .await?;
        let mut known: BTreeMap<RefName, HeadRecord> = known
            .into_iter()
            .map(|head| (head.reference.clone(), head))
            .collect();
        let mut found = Vec::new();
        for head in heads {
            let old = known.remove(&head.reference);
            let stands = old.as_ref().and_then(|old| old.revision.as_ref());
            let decided = stands == Some(&head.revision)
                && old
                    .as_ref()
                    .is_some_and(|old| leads_there(app, file.as_deref(), old));
            if !decided {
                found.push((head.reference, Some(head.revision), old));
            }
        }
        for gone in known.into_values().filter(|head| head.revision.is_some()) {
            found.push((gone.reference.clone(), None, Some(gone)));
        }
        let mut new = 0;
        for (reference, after, old) in found {
            // One that cannot be told now keeps no other waiting.
            match self.synthesise(app, &reference, after, old.as_ref()).await {
                Ok(Received::New) => new += 1,
                Ok(Received::Again(_)) => {}
                Err(error) => {
                    tracing::warn!(%reference, error = %chain(&error), "a head could not be taken in");
                }
            }
        }
        Ok(new)
    }

    /// Makes up the webhook that did not come. Its id names what changed into what, and when that
    /// and by which stage file it was last decided about, so that a head that moves back and forth
    /// is found each time; and the repository's id, which the first real webhook brings: what was
    /// found before it and not decided would lead nowhere, and must be found again.
    async fn synthesise(
        &self,
        app: &AppRecord,
        reference: &RefName,
        after: Option<Revision>,
        old: Option<&HeadRecord>,
    ) -> Result<Received, Error> {
        // Whoever deleted a branch is not who makes it anew.
        let stood = old.filter(|old| old.revision.is_some());
        let actor = match (&after, stood.and_then(|old| old.actor.clone())) {
            (_, Some(actor)) => Some(actor),
            (Some(revision), None) => {
                match self.ports.source().commit(&app.repository, revision).await {
                    Ok(commit) => author(&commit),
                    Err(SourceError::NotFound { .. }) => None,
                    Err(error) => return Err(source_error(&error)),
                }
            }
            (None, None) => None,
        };
        let before = old.and_then(|old| old.revision.clone());
        let text = format!(
            "{}\n{reference}\n{before:?}\n{after:?}\n{:?}\n{:?}",
            app.repository.id,
            old.map(|old| (old.seen_at, &old.config)),
            app.config
        );
        let id = DeliveryId::new(format!("poll-{}-{}", app.id, digest(&text)));
        let push = Push {
            reference: reference.clone(),
            created: before.is_none(),
            before,
            after,
            forced: false,
        };
        let event = SourceEvent {
            repository: app.repository.id,
            repository_name: app.name.clone(),
            default_branch: app.default_branch.clone(),
            what: What::Push(push),
            actor,
            subject: None,
            sender_is_bot: false,
        };
        self.receive(&id, event, true).await
    }
}

/// Whether the stage file was read at this head of the default branch; any other branch has
/// nothing to say. That its head was decided about does not tell: it may have moved since the file
/// was read for that decision.
fn has_spoken(app: &AppRecord, head: &Head) -> bool {
    if head.reference != app.default_branch {
        return true;
    }
    let refused = app.invalid.as_ref().map(|invalid| &invalid.revision);
    let taken = match &app.config_from {
        ConfigFrom::Commit { revision } => Some(revision),
        ConfigFrom::Nowhere | ConfigFrom::Bootstrap { .. } => None,
    };
    refused.or(taken) == Some(&head.revision)
}

/// Whether a branch that did not move still leads where it was decided to lead: another stage file
/// may have come into force since.
fn leads_there(app: &AppRecord, file: Option<&StageFile>, old: &HeadRecord) -> bool {
    let Some(file) = file.filter(|_| app.config != old.config) else {
        return true;
    };
    let trigger = Trigger {
        event: Event::Push,
        reference: old.reference.clone(),
        actor: old.actor.clone(),
        deleted: false,
    };
    resolve(file, &trigger).stage == old.stage
}

fn digest(text: &str) -> String {
    use sha2::Digest as _;
    hex::encode(&sha2::Sha256::digest(text.as_bytes())[..16])
}

/// Who pushed is not known to git. GitHub's no-reply address names the login; otherwise the part
/// of the address before the `@` stands for it, as it does on a machine without GitHub.
fn author(commit: &Commit) -> Option<Actor> {
    let noreply = commit.email.strip_suffix("@users.noreply.github.com");
    let local = match noreply {
        Some(noreply) => noreply.split_once('+').map_or(noreply, |(_, login)| login),
        None => commit.email.split('@').next().unwrap_or_default(),
    };
    // The login of a GitHub App, and nobody else's, has brackets.
    let plain = noreply.and_then(|_| local.strip_suffix("[bot]"));
    let plain = plain.unwrap_or(local);
    let legal = !plain.is_empty()
        && local.len() <= 64
        && plain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    legal.then(|| Actor::new(local))
}

#[cfg(test)]
mod tests {
    use greenroom_core::name::Revision;

    use super::*;

    fn by(email: &str) -> Option<Actor> {
        author(&Commit {
            revision: Revision::new("0".repeat(40)),
            author: "A".to_owned(),
            email: email.to_owned(),
            subject: String::new(),
            at: jiff::Timestamp::UNIX_EPOCH,
        })
    }

    #[test]
    fn a_no_reply_address_names_the_login() {
        assert_eq!(
            by("123+alice@users.noreply.github.com"),
            Some(Actor::new("alice"))
        );
        assert_eq!(by("bob@users.noreply.github.com"), Some(Actor::new("bob")));
        assert_eq!(
            by("49699333+dependabot[bot]@users.noreply.github.com"),
            Some(Actor::new("dependabot[bot]"))
        );
        assert_eq!(by("[bot]@users.noreply.github.com"), None);
    }

    #[test]
    fn another_address_gives_its_local_part_or_nobody() {
        assert_eq!(by("carol@example.com"), Some(Actor::new("carol")));
        assert_eq!(by("$(rm)@example.com"), None);
        assert_eq!(by("mallory[bot]@example.com"), None);
        assert_eq!(by(""), None);
    }
}
