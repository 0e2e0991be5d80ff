//! One call: `sendMessage`.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::answer::{self, Outcome};
use crate::{Error, SetupError};

/// Telegram's own Bot API server.
pub const DEFAULT_BASE: &str = "https://api.telegram.org";
/// An answer is a few hundred bytes; a server that sends more is not one of Telegram's.
const ANSWER_MAX: usize = 64 * 1024;

/// How long a try may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// Until there is a connection: name, TCP and TLS.
    pub connect: Duration,
    /// From the beginning until the whole answer is read.
    pub whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            whole: Duration::from_secs(10),
        }
    }
}

/// A message to a chat.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// A numeric id, or `@name` of a public chat.
    pub chat: &'a str,
    /// The topic of a forum.
    pub topic: Option<i64>,
    /// For `parse_mode=HTML`, at most 4,096 UTF-16 units without the markup.
    pub html: &'a str,
    /// The same without markup, sent once if Telegram does not understand the markup.
    pub text: &'a str,
}

/// Telegram has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// The message's number in its chat.
    pub message: i64,
    /// Telegram's complaint about our markup, when the message went out as plain text.
    pub markup_refused: Option<String>,
}

/// A Bot API server. It holds no token: the caller brings one with each message.
#[derive(Clone, Debug)]
pub struct Telegram {
    base: Url,
    timeouts: Timeouts,
    /// Made at the first message: reading the machine's certificate authorities takes time and
    /// memory, and a machine without any must still be able to send alerts by other channels.
    client: OnceLock<Client>,
}

#[derive(Serialize)]
struct SendMessage<'a> {
    chat_id: ChatId<'a>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parse_mode: Option<&'static str>,
    link_preview_options: LinkPreview,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ChatId<'a> {
    Number(i64),
    Name(&'a str),
}

#[derive(Serialize)]
struct LinkPreview {
    is_disabled: bool,
}

impl Telegram {
    /// A client of the server at `base`, [`DEFAULT_BASE`] or one of your own.
    ///
    /// # Errors
    /// When it is not an `http` or `https` address without user, query and fragment.
    pub fn new(base: &str) -> Result<Self, SetupError> {
        Self::with_timeouts(base, Timeouts::default())
    }

    /// As [`new`](Telegram::new) with limits of your own.
    ///
    /// # Errors
    /// As [`new`](Telegram::new).
    pub fn with_timeouts(base: &str, timeouts: Timeouts) -> Result<Self, SetupError> {
        let base = base_address(base)?;
        // Another part of the process may have chosen a provider before; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            base,
            timeouts,
            client: OnceLock::new(),
        })
    }

    fn client(&self) -> Result<&Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut client = Client::builder()
            .connect_timeout(self.timeouts.connect)
            .timeout(self.timeouts.whole)
            // A redirect would carry the token elsewhere.
            .redirect(Policy::none())
            .referer(false)
            // Alerts are rare. A kept connection that the server has closed meanwhile would make
            // an honest failure look like a message that may have arrived.
            .pool_max_idle_per_host(0);
        if is_loopback(&self.base) {
            client = client.no_proxy();
        }
        if self.base.scheme() == "http" {
            // There are no certificates to check, so none are read.
            client = client.tls_certs_only([]);
        }
        // Usually: no certificate authorities are installed. A person can mend that, and the
        // next try finds it mended.
        let client = client.build().map_err(|error| Error::Unreachable {
            why: format!("this machine cannot speak TLS: {}", innermost(&error)),
        })?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Sends `message` as HTML, without previews of links; once more without markup if Telegram
    /// does not understand ours.
    ///
    /// # Errors
    /// See [`Error`]; none of them shows the token.
    pub async fn send(&self, token: &SecretString, message: &Message<'_>) -> Result<Sent, Error> {
        let address = self.address(token)?;
        let html = body(message, message.html, Some("HTML"));
        let complaint = match self.post(address.clone(), &html).await? {
            Outcome::Sent(sent) => return Ok(sent),
            Outcome::Failed(error) => return Err(error),
            Outcome::MarkupRefused(complaint) => complaint,
        };
        tracing::error!(
            telegram.complaint = %complaint,
            "Telegram does not understand our markup; the message goes out as plain text"
        );
        let plain = body(message, message.text, None);
        match self.post(address, &plain).await? {
            Outcome::Sent(sent) => Ok(Sent {
                markup_refused: Some(complaint),
                ..sent
            }),
            Outcome::Failed(error) => Err(error),
            Outcome::MarkupRefused(complaint) => Err(Error::Refused { why: complaint }),
        }
    }

    async fn post(&self, address: Url, body: &SendMessage<'_>) -> Result<Outcome, Error> {
        let sent = self.client()?.post(address).json(body).send().await;
        let mut response = sent.map_err(without_answer)?;
        let status = response.status().as_u16();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(without_answer)? {
            if answer.len() + chunk.len() > ANSWER_MAX {
                return Err(Error::Ambiguous {
                    why: format!("status {status} and an endless answer"),
                });
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(answer::read(status, &answer))
    }

    /// `<base>/bot<token>/sendMessage`. The token is checked first: with a `/` or `?` in it, the
    /// request would go somewhere else.
    fn address(&self, token: &SecretString) -> Result<Url, Error> {
        let token = token.expose_secret().trim();
        let (bot, key) = token.split_once(':').unwrap_or(("", ""));
        let is_token = !bot.is_empty()
            && bot.bytes().all(|b| b.is_ascii_digit())
            && !key.is_empty()
            && key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let refused = |why: &str| Error::Refused {
            why: why.to_owned(),
        };
        if !is_token {
            return Err(refused(
                "the secret is no bot token; @BotFather gives one like 123456:ABC-def",
            ));
        }
        let mut address = self.base.clone();
        address
            .path_segments_mut()
            .map_err(|()| refused("the server's address cannot have a path"))?
            .pop_if_empty()
            .extend([format!("bot{token}").as_str(), "sendMessage"]);
        Ok(address)
    }
}

fn body<'a>(
    message: &Message<'a>,
    text: &'a str,
    parse_mode: Option<&'static str>,
) -> SendMessage<'a> {
    let chat_id = match message.chat.trim().parse() {
        Ok(number) => ChatId::Number(number),
        Err(_) => ChatId::Name(message.chat.trim()),
    };
    SendMessage {
        chat_id,
        text,
        message_thread_id: message.topic,
        parse_mode,
        link_preview_options: LinkPreview { is_disabled: true },
    }
}

/// Without a connection nothing was sent; after that, everything may have been.
///
/// Only the kind of the failure and the innermost cause are told: the error's own text holds the
/// address, and the address holds the token.
fn without_answer(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        return Error::Unreachable {
            why: innermost(&error),
        };
    }
    if error.is_builder() {
        return Error::Refused {
            why: innermost(&error),
        };
    }
    let why = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        innermost(&error)
    };
    Error::Ambiguous { why }
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn base_address(base: &str) -> Result<Url, SetupError> {
    let refuse = |why| SetupError::Base {
        base: base.to_owned(),
        why,
    };
    let url = Url::parse(base).map_err(|_| refuse("not an address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SetupError::Base {
            // It may hold a password.
            base: "(hidden)".to_owned(),
            why: "it has a user in it",
        });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it has a query or a fragment"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}
