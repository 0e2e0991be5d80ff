//! Webhooks on their way: lost, late, twice, sent again by hand, and those that GitHub never sent.

use greenroom_app::door::Webhook;
use greenroom_app::ports::store::Store as _;
use greenroom_core::name::DeliveryId;
use jiff::{SignedDuration, Timestamp};

use super::{SECRET, World};
use crate::act::Attack;
use crate::github_payloads::{Commit, Person, Push, Repository, ZEROS, ping, sign};
use crate::inner::Event;
use crate::model::repository::revision_of;
use crate::ports::{at_once, seconds};
use crate::random::{Random, key, mix};
use crate::truth::Happened;
use crate::world::{Output, REPOSITORY};

/// A repository that nobody asked Greenroom to look after.
const FOREIGN: u64 = 815;
/// Bytes of brackets.
const BRACKETS: usize = 1_000_000;

/// A webhook as it is on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub delivery: String,
    pub event: &'static str,
    pub body: String,
    pub signature: Option<String>,
    pub meant: Meant,
}

/// What must become of a webhook.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meant {
    /// GitHub's own, or indistinguishable from it: it is kept.
    Kept,
    /// GitHub's own, about nothing that matters: it is answered.
    Noise,
    /// Somebody's without the secret: nothing comes of it.
    Forged,
}

/// All webhooks so far.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    sent: Vec<Sent>,
    /// GitHub sends nothing until then.
    silent: Option<Timestamp>,
}

impl World {
    /// GitHub sends a webhook, once it gets to it: not at all, twice, or hours late.
    pub(super) fn send(&mut self, event: &'static str, number: u64, body: String) {
        self.send_as(event, number, body, Meant::Kept);
    }

    fn send_as(&mut self, event: &'static str, number: u64, body: String, meant: Meant) {
        let signature = Some(sign(SECRET, body.as_bytes()));
        let index = self.keep(event, number, body, signature, meant);
        let now = self.now();
        if self.webhooks.silent.is_some_and(|until| now < until) {
            return;
        }
        let mut inner = self.shared.lock();
        let rates = inner.truth.setup.rates;
        if inner.goes_wrong(mix(number ^ 1), rates.webhook_lost, || {
            "the webhook is lost".to_owned()
        }) {
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

    fn keep(
        &mut self,
        event: &'static str,
        number: u64,
        body: String,
        signature: Option<String>,
        meant: Meant,
    ) -> usize {
        let (high, low) = (number >> 32, number & 0xffff_ffff);
        self.webhooks.sent.push(Sent {
            delivery: format!("{high:08x}-0000-4000-8000-0000{low:08x}"),
            event,
            body,
            signature,
            meant,
        });
        self.webhooks.sent.len() - 1
    }

    /// GitHub has an outage of its own.
    pub(super) fn silence(&mut self, lasts: SignedDuration) {
        let until = self.now().saturating_add(lasts).ok();
        self.webhooks.silent = self.webhooks.silent.max(until);
    }

    /// A person has one sent again, as it was.
    pub(super) fn redeliver(&mut self, which: u64) {
        let n = u64::try_from(self.webhooks.sent.len()).unwrap_or(0);
        if n == 0 {
            return;
        }
        let index = usize::try_from(which % n).unwrap_or(0);
        if self.webhooks.sent[index].meant != Meant::Forged {
            self.shared.lock().after(seconds(1), Event::Deliver(index));
        }
    }

    /// What GitHub sends as well.
    pub(super) fn noise(&mut self, number: u64, event: &'static str) {
        let body = match event {
            "ping" => ping(&self.repository(), 1, &Person::new("olga", 5)),
            _ => r#"{"action":"opened","zen":"anything"}"#.to_owned(),
        };
        self.send_as(event, number, body, Meant::Noise);
    }

    /// Another repository with the same hook.
    pub(super) fn foreign(&mut self, number: u64) {
        let repository = Repository::new(FOREIGN, "acme/payments", "master");
        let body = made_up_push(repository, "develop", number, self.now());
        self.send("push", number, body);
    }

    /// Somebody sends what GitHub did not.
    pub(super) fn attack(&mut self, number: u64, attack: Attack) {
        let body = made_up_push(self.repository(), "develop", number, self.now());
        let old = self
            .webhooks
            .sent
            .iter()
            .find(|sent| sent.meant == Meant::Kept)
            .cloned();
        let forged = Meant::Forged;
        let (event, body, signature, meant) = match (attack, old) {
            (Attack::Unsigned, _) => ("push", body, None, forged),
            (Attack::OtherSecret, _) => {
                let signature = sign("another secret", body.as_bytes());
                ("push", body, Some(signature), forged)
            }
            (Attack::Replay, Some(old)) => (old.event, old.body, old.signature, Meant::Kept),
            (Attack::Changed, Some(old)) => ("push", body, old.signature, forged),
            (Attack::Brackets, _) => {
                let signature = Some(format!("sha256={}", "ab".repeat(32)));
                ("push", "[".repeat(BRACKETS), signature, forged)
            }
            (Attack::SignedBrackets, _) => signed("push", "[".repeat(BRACKETS)),
            (Attack::SignedNonsense, _) => signed("pull_request", r#"{"action":7}"#.to_owned()),
            (Attack::Forged | Attack::Replay | Attack::Changed, _) => {
                let signature = Some(format!("sha256={}", "0".repeat(64)));
                ("push", body, signature, forged)
            }
        };
        let index = self.keep(event, number, body, signature, meant);
        self.shared.lock().after(seconds(1), Event::Deliver(index));
    }

    pub(crate) fn deliver(&mut self, index: usize) {
        let sent = self.webhooks.sent[index].clone();
        let Some((process, app)) = self.process() else {
            return;
        };
        let secrets = std::sync::Arc::clone(&self.secrets);
        self.spawn(format!("webhook {}", sent.delivery), process, async move {
            let webhook = Webhook {
                content_type: Some("application/json"),
                event: Some(sent.event),
                delivery: Some(&sent.delivery),
                signature: sent.signature.as_deref().map(str::as_bytes),
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
        let (delivery, meant) = {
            let sent = &self.webhooks.sent[index];
            (sent.delivery.clone(), sent.meant)
        };
        let inner = &mut *self.shared.lock();
        inner.note("answered", || {
            format!("webhook {delivery} is answered {status}")
        });
        let key = greenroom_app::keys::delivery(&DeliveryId::new(&delivery));
        let kept = at_once(inner.store.get(&key)).is_ok_and(|item| item.is_some());
        if meant == Meant::Noise {
            if kept {
                let what = format!("{delivery} is about nothing and is in the table");
                inner.found.broken(&inner.truth, "A4", what);
            }
            return;
        }
        inner.happened(&Happened::Answered {
            kept,
            delivery: &delivery,
            status,
            genuine: meant == Meant::Kept,
        });
    }

    /// The repository as webhooks describe it now.
    pub(super) fn repository(&self) -> Repository {
        let inner = self.shared.lock();
        let model = &inner.truth.repository;
        let default = model.default_branch().and_then(|name| name.branch());
        Repository::new(REPOSITORY, &model.full_name, default.unwrap_or("master"))
    }
}

/// From somebody who has the secret and does not send JSON that means anything.
fn signed(event: &'static str, body: String) -> (&'static str, String, Option<String>, Meant) {
    let signature = sign(SECRET, body.as_bytes());
    (event, body, Some(signature), Meant::Forged)
}

fn made_up_push(repository: Repository, branch: &str, number: u64, at: Timestamp) -> String {
    let person = Person::new("mallory", 666);
    let revision = revision_of(&format!("made up {:x}", mix(number ^ key("made up"))));
    let commit = Commit::new(revision.as_str(), person.clone(), "Change", at);
    Push::to_branch(repository, branch, ZEROS, person, vec![commit]).body()
}
