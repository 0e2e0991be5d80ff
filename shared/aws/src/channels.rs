//! The channels of an installation on AWS: SNS and Telegram.

#[cfg(test)]
mod tests;
mod topics;

use std::time::Duration;

use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::MessageAttributeValue;
use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::Access;
use greenroom_core::message::Announcement;
use greenroom_core::name::StageName;
use greenroom_core::stage_file::Channel;
use greenroom_telegram::{Chat, Telegram};
use serde_json::json;

use crate::connect::Connection;
use crate::failure::Failure;

pub use topics::Topics;

/// SNS takes a little more, and more than ASCII; not all that carry it on do.
const SUBJECT_MAX: usize = 99;
/// SNS asks to wait and says no time; a message is in no hurry of one second.
const WAIT: Duration = Duration::from_secs(5);
/// What is wrong with us and not with the message; credentials of a function end and are renewed.
const NOT_THE_MESSAGE: [&str; 5] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "RequestExpired",
    "SignatureDoesNotMatch",
];

/// Sends announcements from AWS.
#[derive(Debug)]
pub struct AwsChannels<S> {
    secrets: S,
    telegram: Telegram,
    topics: Topics,
}

impl<S: Secrets> AwsChannels<S> {
    /// Channels that read their secrets from `secrets` at each try.
    pub fn new(connection: &Connection, secrets: S, telegram: Telegram) -> Self {
        Self {
            secrets,
            telegram,
            topics: Topics::new(connection),
        }
    }
}

impl<S: Secrets> Channels for AwsChannels<S> {
    async fn send(
        &self,
        to: &ChannelTarget,
        announcement: &Announcement,
        key: &str,
    ) -> Result<Receipt, SendError> {
        match &to.channel {
            Channel::Telegram { chat, token, topic } => {
                let chat = Chat {
                    chat,
                    topic: *topic,
                    token,
                };
                chat.tell(&self.telegram, &self.secrets, announcement).await
            }
            _ => self.topics.send(to, announcement, key).await,
        }
    }

    async fn audience(&self, to: &ChannelTarget) -> Result<Option<Access>, SendError> {
        self.topics.audience(to).await
    }
}

/// One text for mail, and a shorter one for whatever else is subscribed.
fn message(announcement: &Announcement) -> String {
    json!({
        "default": announcement.render_chat_text(),
        "email": announcement.render_text(),
    })
    .to_string()
}

/// What subscriptions may filter by, and `key`, by which a receiver may notice a copy.
fn attributes(
    announcement: &Announcement,
    key: &str,
) -> Result<Vec<(String, MessageAttributeValue)>, BuildError> {
    let stage = announcement.stage.as_ref().map(StageName::as_str);
    let named = [
        ("app", Some(announcement.app.as_str())),
        ("stage", stage),
        ("key", Some(key)),
    ];
    named
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .map(|(name, value)| {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()?;
            Ok((name.to_owned(), value))
        })
        .collect()
}

/// The announcement's own line in printable ASCII, one character for one.
fn subject(announcement: &Announcement) -> String {
    let plain = |c: char| if matches!(c, ' '..='~') { c } else { '?' };
    let mut subject: String = announcement.subject().chars().map(plain).collect();
    if subject.len() > SUBJECT_MAX {
        subject.truncate(SUBJECT_MAX - 3);
        subject.push_str("...");
    }
    subject
}

fn refusal(failure: Failure) -> SendError {
    match failure {
        Failure::Throttled { .. } => SendError::Throttled { retry_after: WAIT },
        Failure::NotSent { why, .. } => SendError::Unavailable { why },
        Failure::Unknown { why, .. } => SendError::Ambiguous { why },
        Failure::Refused { code, why } => {
            let ours = NOT_THE_MESSAGE.contains(&code.as_str());
            let why = format!("{code}: {why}");
            if ours {
                SendError::Unavailable { why }
            } else {
                SendError::Refused { why }
            }
        }
    }
}
