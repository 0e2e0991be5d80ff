//! Channels: what people were told, and what the sender heard of it.

use std::time::Duration;

use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_core::message::Announcement;

use super::{Failure, SimPorts};
use crate::fault::{Fault, Port};
use crate::inner::Inner;
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
        self.note(&told.key, || {
            format!("{} {:?} (arrived: {})", told.key, told.answer, told.arrived)
        });
        self.happened(&Happened::Told(&told));
        self.truth.told.push(told);
    }
}
