//! From an announcement to the bytes of a mail.

use std::time::SystemTime;

use greenroom_app::ports::channels::SendError;
use greenroom_core::message::Announcement;
use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use sha2::{Digest, Sha256};

/// A mail ready to be sent.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The envelope's sender.
    pub from: Address,
    /// The envelope's recipients.
    pub to: Vec<Address>,
    /// With its angle brackets.
    pub message_id: String,
    /// Headers and body as they go out; dots are stuffed later.
    pub bytes: Vec<u8>,
}

/// Writes the mail; `from` and `to` are as the stage file has them, and `key` makes its Message-ID.
///
/// # Errors
/// `Refused` when an address is none.
pub fn write(
    from: &str,
    to: &[String],
    announcement: &Announcement,
    key: &str,
) -> Result<Letter, SendError> {
    let from = mailbox(from)?;
    let to = to
        .iter()
        .map(|to| mailbox(to))
        .collect::<Result<Vec<_>, _>>()?;
    let domain = from.email.domain().to_owned();
    let message_id = format!("<{}@{domain}>", fingerprint(key));
    let mail = announcement.render_mail();
    let mut builder = Message::builder()
        .from(from.clone())
        .subject(mail.subject)
        .message_id(Some(message_id.clone()))
        // A mail's date has no form for times before 1970, and a broken clock is no reason to
        // send nothing.
        .date(SystemTime::from(
            announcement.now.max(Timestamp::UNIX_EPOCH),
        ))
        // Nobody's holiday notice should answer this (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    for recipient in &to {
        builder = builder.to(recipient.clone());
    }
    if let Some(thread) = announcement.thread() {
        // The beginning of the thread is a message that never was: so the order in which the
        // mails of an episode arrive, or whether the first did, makes no difference.
        let root = format!("<episode.{}@{domain}>", fingerprint(&thread));
        builder = builder.in_reply_to(root.clone()).references(root);
    }
    let message = builder
        .envelope(
            Envelope::new(
                Some(from.email.clone()),
                to.iter().map(|to| to.email.clone()).collect(),
            )
            .map_err(refused)?,
        )
        .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
        .map_err(refused)?;
    Ok(Letter {
        from: from.email,
        to: to.into_iter().map(|to| to.email).collect(),
        message_id,
        bytes: message.formatted(),
    })
}

fn mailbox(text: &str) -> Result<Mailbox, SendError> {
    let mailbox: Mailbox = text.parse().map_err(|error| SendError::Refused {
        why: format!("`{text}` is no mail address: {error}"),
    })?;
    if AsRef::<str>::as_ref(&mailbox.email).is_ascii() {
        return Ok(mailbox);
    }
    Err(SendError::Refused {
        why: format!("`{text}` is not ASCII; write the domain in its xn-- form"),
    })
}

fn refused(error: impl std::fmt::Display) -> SendError {
    SendError::Refused {
        why: error.to_string(),
    }
}

/// 32 hexadecimal digits of the SHA-256 of `text`.
fn fingerprint(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use greenroom_core::message::Kind;
    use greenroom_core::name::{ChannelName, RepoName};

    use super::*;

    #[test]
    fn a_clock_that_stands_before_1970_or_at_the_end_of_time_keeps_no_mail_back() {
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let channel = ChannelName::from("mail");
            let told =
                Announcement::new(Kind::Test { channel }, RepoName::from("acme/orders"), now);
            let to = ["team@acme.example".to_owned()];
            let letter = write("alerts@acme.example", &to, &told, "k").unwrap();
            let text = String::from_utf8(letter.bytes).unwrap();
            assert!(text.contains("\r\nDate: "), "{text}");
        }
    }
}
