//! The channels of one machine: Telegram, mail and the console.

use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_app::ports::secrets::Secrets;
use greenroom_core::message::Announcement;
use greenroom_core::stage_file::Channel;
use greenroom_telegram::{Chat, SetupError, Telegram};

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
                let chat = Chat {
                    chat,
                    topic: *topic,
                    token,
                };
                chat.tell(&self.telegram, &self.secrets, announcement).await
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
                    Some(name) => Some(self.secrets.get(name).await?),
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
