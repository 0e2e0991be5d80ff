//! Announcements by mail, over SMTP.
//!
//! One transaction a mail, for all recipients together. A recipient that is refused for good is
//! left out and remarked on, so that one wrong address does not silence the others; one that is
//! refused for now stops the transaction before anything is sent. Once the message has gone out,
//! only an answer counts: without one it may have arrived.

pub mod letter;
mod smtp;

use std::time::Duration;

use greenroom_app::ports::channels::{Receipt, SendError};
use greenroom_core::message::Announcement;
use greenroom_core::stage_file::MailTls;
use secrecy::SecretString;

/// How long a mail server may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MailPatience {
    /// For one TCP connection.
    pub connect: Duration,
    /// From the beginning until the server is ready for the message.
    pub prepare: Duration,
    /// From there until it has answered.
    pub message: Duration,
}

impl Default for MailPatience {
    /// Together under the minute a try may take; servers that scan mail answer late.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            prepare: Duration::from_secs(20),
            message: Duration::from_secs(30),
        }
    }
}

/// Where a mail goes and through which server.
#[derive(Clone, Copy, Debug)]
pub struct MailRoute<'a> {
    pub to: &'a [String],
    /// An address, or `Name <address>`.
    pub from: &'a str,
    /// `host:port`; port 465 speaks TLS from the first byte, every other by STARTTLS.
    pub server: &'a str,
    pub tls: MailTls,
    /// User and password.
    pub login: Option<(&'a str, &'a SecretString)>,
}

/// One try at mailing `announcement`. The Message-ID is made from `key`, so that receivers can
/// notice a copy; all mails of an episode refer to the same thread.
///
/// # Errors
/// As the port says.
pub async fn send(
    route: &MailRoute<'_>,
    announcement: &Announcement,
    key: &str,
    patience: MailPatience,
) -> Result<Receipt, SendError> {
    let letter = letter::write(route.from, route.to, announcement, key)?;
    let remarks = smtp::deliver(route, &letter, patience).await?;
    Ok(Receipt {
        reference: Some(letter.message_id),
        remarks,
    })
}
