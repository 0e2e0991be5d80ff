//! SNS alone: one try at a topic, and who is subscribed to it.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::Subscription;
use aws_smithy_types::retry::RetryConfig;
use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_app::ports::source::{Access, Mend};
use greenroom_core::message::Announcement;
use greenroom_core::stage_file::Channel;

use super::{attributes, message, refusal, subject};
use crate::connect::Connection;
use crate::failure::Failure;

/// Subscriptions that are looked at; SNS tells of 100 at once.
const SUBSCRIPTIONS_MAX: usize = 1_000;
/// What SNS says instead of an ARN until somebody has confirmed.
const PENDING: &str = "PendingConfirmation";
/// The same once somebody has unsubscribed.
const DELETED: &str = "Deleted";

/// The topics of SNS.
#[derive(Debug)]
pub struct Topics {
    sns: Client,
}

impl Topics {
    pub fn new(connection: &Connection) -> Self {
        // A second try would be a second message; the outbox says so in it, the SDK does not.
        let sns = connection.sns();
        let once = sns
            .config()
            .to_builder()
            .retry_config(RetryConfig::disabled());
        Self {
            sns: Client::from_conf(once.build()),
        }
    }

    async fn publish(
        &self,
        topic: &str,
        announcement: &Announcement,
        key: &str,
    ) -> Result<Receipt, SendError> {
        let attributes = attributes(announcement, key).map_err(|error| SendError::Refused {
            why: error.to_string(),
        })?;
        let asked = self
            .sns
            .publish()
            .topic_arn(topic)
            .subject(subject(announcement))
            .message_structure("json")
            .message(message(announcement))
            .set_message_attributes(Some(attributes.into_iter().collect()));
        match Box::pin(asked.send()).await {
            Ok(answer) => Ok(Receipt {
                reference: answer.message_id,
                remarks: Vec::new(),
            }),
            Err(error) => Err(refusal(Failure::of(error))),
        }
    }

    async fn subscriptions(&self, topic: &str) -> Result<Vec<Subscription>, SendError> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let asked = self.sns.list_subscriptions_by_topic().topic_arn(topic);
            let asked = asked.set_next_token(after);
            let page = Box::pin(asked.send()).await;
            let page = page.map_err(|error| refusal(Failure::of(error)))?;
            all.extend(page.subscriptions.unwrap_or_default());
            after = page.next_token;
            if after.is_none() || all.len() >= SUBSCRIPTIONS_MAX {
                return Ok(all);
            }
        }
    }
}

impl Channels for Topics {
    async fn send(
        &self,
        to: &ChannelTarget,
        announcement: &Announcement,
        key: &str,
    ) -> Result<Receipt, SendError> {
        let why = match &to.channel {
            Channel::Sns { topic } => return self.publish(topic, announcement, key).await,
            Channel::Telegram { .. } => "this function tells nothing by Telegram",
            Channel::Mail { .. } => {
                "an installation on AWS sends no mail itself; subscribe an address to an SNS topic and use `sns`"
            }
            Channel::Console => "an installation on AWS has no console; use `sns` or `telegram`",
        };
        Err(SendError::Refused {
            why: why.to_owned(),
        })
    }

    async fn audience(&self, to: &ChannelTarget) -> Result<Option<Access>, SendError> {
        match &to.channel {
            Channel::Sns { topic } => Ok(Some(judge(topic, &self.subscriptions(topic).await?))),
            _ => Ok(None),
        }
    }
}

fn judge(topic: &str, subscriptions: &[Subscription]) -> Access {
    let arn = |it: &Subscription| it.subscription_arn.clone().unwrap_or_default();
    let pending = subscriptions.iter().filter(|it| arn(it) == PENDING);
    let warnings: Vec<Mend> = pending
        .map(|it| Mend {
            what: format!(
                "{} has not confirmed the subscription to {topic}, and hears nothing",
                it.endpoint.as_deref().unwrap_or("somebody")
            ),
            fix: "follow the link in the mail \"AWS Notification - Subscription Confirmation\"; \
                  without that mail, subscribe the address once more"
                .to_owned(),
        })
        .collect();
    let hears = |it: &Subscription| ![PENDING, DELETED, ""].contains(&arn(it).as_str());
    let problems = if subscriptions.iter().any(hears) {
        Vec::new()
    } else {
        vec![Mend {
            what: format!("nobody hears what is told to {topic}"),
            fix: format!(
                "aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint team@example.com"
            ),
        }]
    };
    Access { problems, warnings }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-central-1:111111111111:orders";

    fn subscribed(arn: &str) -> Subscription {
        Subscription::builder()
            .endpoint("team@example.com")
            .subscription_arn(arn)
            .build()
    }

    #[test]
    fn only_who_has_confirmed_hears() {
        let confirmed = subscribed(&format!("{TOPIC}:8a3f"));
        let judged = |all: &[Subscription]| {
            let Access { problems, warnings } = judge(TOPIC, all);
            (problems.len(), warnings.len())
        };
        assert_eq!(judged(&[]), (1, 0));
        assert_eq!(judged(&[subscribed(DELETED)]), (1, 0));
        assert_eq!(judged(&[subscribed(PENDING)]), (1, 1));
        assert_eq!(judged(&[subscribed(PENDING), confirmed.clone()]), (0, 1));
        assert_eq!(judged(&[confirmed]), (0, 0));
        let said = judge(TOPIC, &[subscribed(PENDING)]);
        assert!(said.warnings[0].what.contains("team@example.com"));
    }
}
