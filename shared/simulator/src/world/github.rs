//! What is done from outside: pushes and the webhooks about them, commands, misfortune.

use greenroom_app::door::Webhook;
use greenroom_app::ports::store::Store as _;
use greenroom_core::name::{DeliveryId, RefName, Revision};

use super::{NAME, Output, REPOSITORY, SECRET, World};
use crate::act::Act;
use crate::github_payloads::{Commit, Person, Push, Repository, ZEROS, sign};
use crate::inner::Event;
use crate::model::repository::{NewCommit, Quality};
use crate::ports::{at_once, seconds};
use crate::random::{Random, mix};
use crate::truth::Happened;

/// A webhook as it is on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub delivery: String,
    pub event: &'static str,
    pub body: String,
    pub signature: String,
    pub genuine: bool,
}

impl World {
    pub(crate) fn act(&mut self, index: usize) {
        let item = self.shared.lock().truth.setup.script[index].clone();
        {
            let mut inner = self.shared.lock();
            if inner.calm || !inner.truth.setup.allowed.has(item.number) {
                return;
            }
            inner.meets(item.number, || format!("{:?}", item.act));
        }
        match item.act {
            Act::Push {
                branch,
                actor,
                quality,
            } => self.push(item.number, &branch, &actor, quality),
            Act::Delete { branch, actor } => self.delete(item.number, &branch, &actor),
            Act::Command {
                stage,
                principal,
                command,
            } => {
                let id = self.stage_id(&stage);
                let Some((process, app)) = self.process() else {
                    return;
                };
                let label = format!("{} {stage}", command.verb());
                self.spawn(label, process, async move {
                    match app.command(&id, &principal, &command).await {
                        Ok(answer) => Output::Commanded {
                            item: index,
                            granted: answer.is_ok(),
                        },
                        Err(_) => Output::Nothing,
                    }
                });
            }
            Act::Outage { port, lasts } => {
                let mut inner = self.shared.lock();
                let until = inner.truth.now.saturating_add(lasts).ok();
                inner.away[port as usize] = until.max(inner.away[port as usize]);
            }
            Act::Kill => self.kill(),
        }
    }

    fn push(&mut self, number: u64, branch: &str, actor: &str, quality: Quality) {
        let reference = RefName::new(format!("refs/heads/{branch}"));
        let (before, revision) = {
            let mut inner = self.shared.lock();
            let now = inner.truth.now;
            let before = inner.truth.repository.tip(&reference).cloned();
            let new = NewCommit {
                name: &format!("{number:x}"),
                author: actor,
                subject: &format!("Change {branch}"),
                quality,
                stage_file: None,
            };
            let revision = inner.truth.repository.commit(branch, &new, now);
            inner.happened(&Happened::Moved {
                reference: &reference,
                to: Some(&revision),
            });
            (before, revision)
        };
        let body = self.push_body(branch, actor, before.as_ref(), &revision);
        self.send("push", number, body);
    }

    fn push_body(
        &self,
        branch: &str,
        actor: &str,
        before: Option<&Revision>,
        revision: &Revision,
    ) -> String {
        let person = Person::new(actor, 7);
        let commit = Commit::new(revision.as_str(), person.clone(), "Change", self.now());
        let before = before.map_or(ZEROS, Revision::as_str);
        Push::to_branch(repository(), branch, before, person, vec![commit]).body()
    }

    fn delete(&mut self, number: u64, branch: &str, actor: &str) {
        let reference = RefName::new(format!("refs/heads/{branch}"));
        let before = {
            let mut inner = self.shared.lock();
            let now = inner.truth.now;
            let Some(before) = inner.truth.repository.tip(&reference).cloned() else {
                return;
            };
            inner.truth.repository.set(&reference, None, now);
            inner.happened(&Happened::Moved {
                reference: &reference,
                to: None,
            });
            before
        };
        let person = Person::new(actor, 7);
        let body = Push::deletion(repository(), reference.as_str(), before.as_str(), person).body();
        self.send("push", number, body);
    }

    /// GitHub sends a webhook, once it gets to it: not at all, twice, or hours late.
    fn send(&mut self, event: &'static str, number: u64, body: String) {
        let index = self.webhooks.len();
        let signature = sign(SECRET, body.as_bytes());
        self.webhooks.push(Sent {
            delivery: format!("{:08x}-0000-4000-8000-{index:012}", number >> 32),
            event,
            body,
            signature,
            genuine: true,
        });
        let mut inner = self.shared.lock();
        let rates = inner.truth.setup.rates;
        if inner.goes_wrong(mix(number ^ 1), rates.webhook_lost, || "the webhook is lost".to_owned()) {
            return;
        }
        let twice = inner.goes_wrong(mix(number ^ 2), rates.webhook_twice, || {
            "the webhook comes twice".to_owned()
        });
        let mut random = Random::of(inner.truth.setup.seed, mix(number ^ 3));
        for copy in 0..=u64::from(twice) {
            let late = inner.goes_wrong(mix(number ^ (4 + copy)), rates.webhook_late, || {
                "the webhook is late".to_owned()
            });
            let wait = if late {
                random.between(60, 4 * 3600)
            } else {
                random.between(1, 5)
            };
            inner.after(seconds(wait), Event::Deliver(index));
        }
    }

    pub(crate) fn deliver(&mut self, index: usize) {
        let sent = self.webhooks[index].clone();
        let Some((process, app)) = self.process() else {
            return;
        };
        let secrets = std::sync::Arc::clone(&self.secrets);
        self.spawn(format!("webhook {}", sent.delivery), process, async move {
            let webhook = Webhook {
                content_type: Some("application/json"),
                event: Some(sent.event),
                delivery: Some(&sent.delivery),
                signature: Some(sent.signature.as_bytes()),
                body: sent.body.as_bytes(),
            };
            let answer = app.webhook(&webhook, &secrets).await;
            Output::Answered {
                webhook: index,
                status: answer.status,
            }
        });
    }

    pub(crate) fn answered(&mut self, index: usize, status: u16) {
        let sent = self.webhooks[index].clone();
        let mut inner = self.shared.lock();
        inner.note("answered", || format!("webhook {} is answered {status}", sent.delivery));
        let key = greenroom_app::keys::delivery(&DeliveryId::new(&sent.delivery));
        let kept = at_once(inner.store.get(&key)).is_ok_and(|item| item.is_some());
        inner.happened(&Happened::Answered {
            kept,
            delivery: &sent.delivery,
            status,
            genuine: sent.genuine,
        });
    }
}

fn repository() -> Repository {
    Repository::new(REPOSITORY, NAME, "master")
}
