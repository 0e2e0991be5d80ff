//! The conversation with a mail server.

use std::error::Error as _;

use greenroom_app::ports::channels::SendError;
use greenroom_core::escape::Untrusted;
use greenroom_core::stage_file::MailTls;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::letter::Letter;
use super::{MailPatience, MailRoute};

/// The port that speaks TLS from the first byte.
const SUBMISSIONS: u16 = 465;
/// Of a server's answer that goes into an error.
const ANSWER_MAX: usize = 200;

/// Delivers the letter and returns what was remarkable.
///
/// # Errors
/// As the port says.
pub(super) async fn deliver(
    route: &MailRoute<'_>,
    letter: &Letter,
    patience: MailPatience,
) -> Result<Vec<String>, SendError> {
    let prepared = timeout(patience.prepare, prepare(route, letter, patience)).await;
    let (mut connection, remarks) = prepared.map_err(|_| SendError::Unavailable {
        why: format!("{} is too slow", route.server),
    })??;
    let sent = timeout(patience.message, connection.message(&letter.bytes)).await;
    let answered = sent.map_err(|_| SendError::Ambiguous {
        why: format!("{} took the message and did not answer", route.server),
    })?;
    if let Err(error) = answered {
        return Err(after_message(&error));
    }
    // The mail is the server's now; how the goodbye goes does not matter.
    let _ = timeout(patience.connect, connection.quit()).await;
    Ok(remarks)
}

/// Everything until the server waits for the message.
async fn prepare(
    route: &MailRoute<'_>,
    letter: &Letter,
    patience: MailPatience,
) -> Result<(AsyncSmtpConnection, Vec<String>), SendError> {
    let mut connection = connect(route, letter, patience).await?;
    if let Some((user, password)) = route.login {
        let password = password.expose_secret().trim_end_matches(['\r', '\n']);
        let credentials = Credentials::new(user.to_owned(), password.to_owned());
        connection
            .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
            .await
            .map_err(|error| before_message(&error))?;
    }
    connection
        .command(Mail::new(Some(letter.from.clone()), Vec::new()))
        .await
        .map_err(|error| before_message(&error))?;
    let mut refusals = Vec::new();
    for to in &letter.to {
        match connection.command(Rcpt::new(to.clone(), Vec::new())).await {
            Ok(_) => {}
            Err(error) if error.is_permanent() => {
                refusals.push(format!("{to} was refused: {}", said(&error)));
            }
            Err(error) => {
                connection.abort().await;
                return Err(before_message(&error));
            }
        }
    }
    if refusals.len() == letter.to.len() {
        connection.abort().await;
        let why = refusals.join("; ");
        return Err(SendError::Refused { why });
    }
    connection
        .command(Data)
        .await
        .map_err(|error| before_message(&error))?;
    Ok((connection, refusals))
}

async fn connect(
    route: &MailRoute<'_>,
    letter: &Letter,
    patience: MailPatience,
) -> Result<AsyncSmtpConnection, SendError> {
    let (host, port) = host_and_port(route.server)?;
    let hello = ClientId::Domain(letter.from.domain().to_owned());
    let before = |error: SmtpError| before_message(&error);
    if route.tls == MailTls::None {
        let stream = timeout(patience.connect, connect_loopback(host, port))
            .await
            .map_err(|_| unavailable(format!("{host} does not answer")))??;
        return AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)
            .await
            .map_err(before);
    }
    let tls = TlsParameters::new(host.to_owned()).map_err(before)?;
    let from_first_byte = (port == SUBMISSIONS).then(|| tls.clone());
    let mut connection = AsyncSmtpConnection::connect_tokio1(
        (host, port),
        Some(patience.connect),
        &hello,
        from_first_byte,
        None,
    )
    .await
    .map_err(before)?;
    if !connection.is_encrypted() {
        if !connection.can_starttls() {
            connection.abort().await;
            return Err(SendError::Refused {
                why: format!("{host} offers no STARTTLS, and mail leaves encrypted or not at all"),
            });
        }
        connection.starttls(tls, &hello).await.map_err(before)?;
    }
    Ok(connection)
}

/// Connects to the first address that answers; every address must be this machine's own.
async fn connect_loopback(host: &str, port: u16) -> Result<TcpStream, SendError> {
    let addresses: Vec<_> = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| unavailable(format!("{host}: {error}")))?
        .collect();
    if !addresses.iter().all(|address| address.ip().is_loopback()) {
        return Err(SendError::Refused {
            why: format!("`tls: none` is for this machine only, and {host} is another"),
        });
    }
    TcpStream::connect(&addresses[..])
        .await
        .map_err(|error| unavailable(format!("{host}: {error}")))
}

fn host_and_port(server: &str) -> Result<(&str, u16), SendError> {
    let parsed = server
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host.trim_matches(['[', ']']), port.parse().ok()?)))
        .filter(|(host, _)| !host.is_empty());
    parsed.ok_or_else(|| SendError::Refused {
        why: format!("`{server}` is not host:port"),
    })
}

fn unavailable(why: String) -> SendError {
    SendError::Unavailable { why }
}

/// The message was certainly not sent.
fn before_message(error: &SmtpError) -> SendError {
    let why = said(error);
    if error.is_permanent() || error.is_client() {
        SendError::Refused { why }
    } else {
        SendError::Unavailable { why }
    }
}

/// The message went out. A refusal for good is believed; a refusal for now is not, because some
/// servers give one after they have queued the mail, and a copy that does not say so is worse
/// than one that says so without need.
fn after_message(error: &SmtpError) -> SendError {
    let why = said(error);
    if error.is_permanent() {
        SendError::Refused { why }
    } else {
        SendError::Ambiguous { why }
    }
}

/// `550 no such user`, or why there was no answer; one bounded line.
fn said(error: &SmtpError) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    let text = cause.map_or_else(|| error.to_string(), ToString::to_string);
    let text = Untrusted::new(&text).line(ANSWER_MAX);
    match error.status() {
        Some(code) => format!("{code} {}", text.as_str()),
        None => text.as_str().to_owned(),
    }
}
