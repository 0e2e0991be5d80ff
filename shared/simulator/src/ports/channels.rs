//! Channels: what people were told, and what the sender heard of it.

use std::time::Duration;

use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_core::message::Announcement;

use super::{Failure, SimPorts};
use crate::fault::{Fault, Port};
use crate::inner::Inner;
use crate::random::{Random, key, mix};
use crate::truth::{Answer, Happened, Told};

impl Channels for SimPorts {
    async fn send(
        &self,
        to: &ChannelTarget,
        announcement: &Announcement,
        key: &str,
    ) -> Result<Receipt, SendError> {
        let begun = self.shared.lock().truth.now;
        let told = |arrived, answer| {
            let mut inner = self.shared.lock();
            let told = Told {
                begun,
                at: inner.truth.now,
                channel: to.name.clone(),
                key: key.to_owned(),
                announcement: announcement.clone(),
                arrived,
                answer,
            };
            inner.tell(told);
        };
        let fault = match self.enter(Port::Channels, "send").await {
            Ok(fault) => fault,
            Err(failure) => {
                let (answer, error) = refusal(failure);
                told(false, answer);
                return Err(error);
            }
        };
        if let Some((answer, error)) = self.no(to, key) {
            told(false, answer);
            return Err(error);
        }
        let answer = match fault {
            Some(Fault::ErrorAfter) => Answer::Ambiguous,
            Some(Fault::DieAfter) => Answer::Unheard,
            _ => Answer::Taken,
        };
        told(true, answer);
        let unknown = |failure| refusal(failure).1;
        self.leave(fault).await.map_err(unknown)?;
        Ok(Receipt::default())
    }
}

impl SimPorts {
    /// What the channel itself has against a message.
    fn no(&self, to: &ChannelTarget, key: &str) -> Option<(Answer, SendError)> {
        let inner = &mut *self.shared.lock();
        if let Some(chat) = inner.truth.messenger.moved(to) {
            let chat = chat.to_owned();
            return Some((Answer::Later, SendError::Moved { chat }));
        }
        if inner.calm {
            return None;
        }
        if inner.truth.messenger.is_dead(&to.name, inner.truth.now) {
            let why = "the chat does not exist".to_owned();
            return Some((Answer::Refused, SendError::Refused { why }));
        }
        let number = inner.occurrence(name_of(key));
        let rate = inner.truth.setup.rates.too_many;
        if !inner.goes_wrong(number, rate, || {
            format!("too many messages for {}", to.name)
        }) {
            return None;
        }
        let wait = Random::of(inner.truth.setup.seed, mix(number ^ 1)).between(1, 900);
        let retry_after = Duration::from_secs(wait);
        Some((Answer::Later, SendError::Throttled { retry_after }))
    }
}

/// Names the tries of one message.
fn name_of(message: &str) -> u64 {
    mix(key(message) ^ key("too many"))
}

fn refusal(failure: Failure) -> (Answer, SendError) {
    let why = "no answer".to_owned();
    match failure {
        Failure::Away => (Answer::Later, SendError::Unavailable { why }),
        Failure::Throttled => {
            let retry_after = Duration::from_secs(30);
            (Answer::Later, SendError::Throttled { retry_after })
        }
        Failure::Ambiguous => (Answer::Ambiguous, SendError::Ambiguous { why }),
    }
}

impl Inner {
    fn tell(&mut self, told: Told) {
        let sender = self.current.and_then(|task| self.tasks.get(&task));
        let sender = sender.map(|task| (task.label.clone(), task.calls));
        self.note(&told.key, || {
            let (arrived, since) = (told.arrived, told.begun);
            let again = told.announcement.possibly_repeated;
            format!(
                "{} {:?}: arrived {arrived}, repeated {again}, since {since} by {sender:?}",
                told.key, told.answer
            )
        });
        self.happened(&Happened::Told(&told));
        self.truth.told.push(told);
    }
}
