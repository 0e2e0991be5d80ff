//! Announcements to a chat, as the port of channels wants it: the same from one machine and on AWS.

use greenroom_app::ports::channels::{Receipt, SendError};
use greenroom_app::ports::secrets::Secrets;
use greenroom_core::message::Announcement;
use greenroom_core::name::SecretName;

use crate::{Error, Message, Telegram};

/// A chat of a stage file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chat<'a> {
    /// A numeric id or `@name`.
    pub chat: &'a str,
    pub topic: Option<i64>,
    /// The secret with the bot's token.
    pub token: &'a SecretName,
}

impl Chat<'_> {
    /// One try at telling `announcement`, with the token that `secrets` has now.
    ///
    /// # Errors
    /// By what the caller must do.
    pub async fn tell(
        &self,
        telegram: &Telegram,
        secrets: &impl Secrets,
        announcement: &Announcement,
    ) -> Result<Receipt, SendError> {
        let token = secrets.get(self.token).await?;
        let message = Message {
            chat: self.chat,
            topic: self.topic,
            html: &announcement.render_telegram_html(),
            text: &announcement.render_chat_text(),
        };
        let sent = telegram.send(&token, &message).await?;
        let remark = |complaint| format!("it went out without markup: {complaint}");
        Ok(Receipt {
            reference: Some(format!("{}/{}", self.chat, sent.message)),
            remarks: sent.markup_refused.map(remark).into_iter().collect(),
        })
    }
}

impl From<Error> for SendError {
    fn from(error: Error) -> Self {
        let why = error.to_string();
        match error {
            Error::Refused { .. } => Self::Refused { why },
            Error::Throttled { retry_after } => Self::Throttled { retry_after },
            Error::Moved { chat } => Self::Moved {
                chat: chat.to_string(),
            },
            Error::Ambiguous { .. } => Self::Ambiguous { why },
            Error::Unreachable { .. } => Self::Unavailable { why },
        }
    }
}
