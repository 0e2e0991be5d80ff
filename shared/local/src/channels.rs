//! The channels of one machine: Telegram, mail and the console.

use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_app::ports::secrets::{SecretError, Secrets};
use greenroom_core::message::Announcement;
use greenroom_core::name::SecretName;
use greenroom_core::stage_file::Channel;
use greenroom_telegram::{Error as TelegramError, Message, SetupError, Telegram};
use secrecy::SecretString;

use crate::console::Console;
use crate::mail::{self, MailPatience, MailRoute};

/// Sends announcements from this machine.
#[derive(Debug)]
pub struct LocalChannels<S> {
    secrets: S,
    telegram: Telegram,
    console: Console,
    patience: MailPatience,
}

impl<S: Secrets> LocalChannels<S> {
    /// Channels that read their secrets from `secrets` at each try and speak to the Bot API
    /// server at `telegram_base`.
    ///
    /// # Errors
    /// When that is no address.
    pub fn new(secrets: S, telegram_base: &str, console: Console) -> Result<Self, SetupError> {
        let telegram = Telegram::new(telegram_base)?;
        Ok(Self::with(
            secrets,
            telegram,
            MailPatience::default(),
            console,
        ))
    }

    /// The same of parts made before.
    pub fn with(secrets: S, telegram: Telegram, patience: MailPatience, console: Console) -> Self {
        Self {
            secrets,
            telegram,
            console,
            patience,
        }
    }

    async fn secret(&self, name: &SecretName) -> Result<SecretString, SendError> {
        self.secrets.get(name).await.map_err(|error| {
            let why = error.to_string();
            match error {
                SecretError::Missing { .. } => SendError::Refused { why },
                SecretError::Unavailable { .. } => SendError::Unavailable { why },
            }
        })
    }

    async fn send_telegram(
        &self,
        chat: &str,
        topic: Option<i64>,
        token: &SecretName,
        announcement: &Announcement,
    ) -> Result<Receipt, SendError> {
        let token = self.secret(token).await?;
        let message = Message {
            chat,
            topic,
            html: &announcement.render_telegram_html(),
            text: &announcement.render_chat_text(),
        };
        let sent = self
            .telegram
            .send(&token, &message)
            .await
            .map_err(from_telegram)?;
        let remark = |complaint| format!("it went out without markup: {complaint}");
        Ok(Receipt {
            reference: Some(format!("{chat}/{}", sent.message)),
            remarks: sent.markup_refused.map(remark).into_iter().collect(),
        })
    }
}

impl<S: Secrets> Channels for LocalChannels<S> {
    async fn send(
        &self,
        to: &ChannelTarget,
        announcement: &Announcement,
        key: &str,
    ) -> Result<Receipt, SendError> {
        match &to.channel {
            Channel::Telegram { chat, token, topic } => {
                self.send_telegram(chat, *topic, token, announcement).await
            }
            Channel::Mail {
                to,
                from,
                server,
                user,
                password,
                tls,
            } => {
                let password = match password {
                    Some(name) => Some(self.secret(name).await?),
                    None => None,
                };
                let login = match (user, &password) {
                    (Some(user), Some(password)) => Some((user.as_str(), password)),
                    (None, None) => None,
                    _ => {
                        return Err(SendError::Refused {
                            why: "`user` and `password` go together, and one is missing".to_owned(),
                        });
                    }
                };
                let route = MailRoute {
                    to,
                    from,
                    server,
                    tls: *tls,
                    login,
                };
                mail::send(&route, announcement, key, self.patience).await
            }
            Channel::Sns { .. } => Err(SendError::Refused {
                why: "SNS is reached only by an installation on AWS; use `mail` here".to_owned(),
            }),
            Channel::Console => match self.console.write(announcement) {
                Ok(()) => Ok(Receipt::default()),
                Err(error) => Err(SendError::Unavailable {
                    why: error.to_string(),
                }),
            },
        }
    }
}

fn from_telegram(error: TelegramError) -> SendError {
    let why = error.to_string();
    match error {
        TelegramError::Refused { .. } => SendError::Refused { why },
        TelegramError::Throttled { retry_after } => SendError::Throttled { retry_after },
        TelegramError::Moved { chat } => SendError::Moved {
            chat: chat.to_string(),
        },
        TelegramError::Ambiguous { .. } => SendError::Ambiguous { why },
        TelegramError::Unreachable { .. } => SendError::Unavailable { why },
    }
}
