//! One connection.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::mime::{ReceivedMail, decode_base64};
use super::{Shared, SmtpFault, SmtpOffer, SmtpStep};

/// Of a command line, its CRLF included.
const COMMAND_MAX: usize = 512;
/// Of a line of the message, its CRLF not included.
const LINE_MAX: usize = 998;

/// The connection is over.
struct Closed;

struct Session {
    stream: BufReader<TcpStream>,
    shared: Shared,
    offer: SmtpOffer,
    greeted: bool,
    logged_in: bool,
    from: Option<String>,
    to: Vec<String>,
    eight_bit: bool,
}

pub(super) async fn serve(stream: TcpStream, shared: Shared, offer: SmtpOffer) {
    let mut session = Session {
        stream: BufReader::new(stream),
        shared,
        offer,
        greeted: false,
        logged_in: false,
        from: None,
        to: Vec::new(),
        eight_bit: false,
    };
    // A client that goes away ends the session, whatever it was doing.
    let _ = session.run().await;
}

impl Session {
    async fn run(&mut self) -> Result<(), Closed> {
        self.answer(SmtpStep::Connect, "220 fake.example ESMTP")
            .await?;
        loop {
            let line = self.line().await?;
            let Some(command) = line.strip_suffix("\r\n") else {
                self.complain("500 5.5.2 a line ends with CRLF", &line)
                    .await?;
                continue;
            };
            if line.len() > COMMAND_MAX {
                self.complain("500 5.5.2 line too long", command).await?;
                continue;
            }
            let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" if !rest.is_empty() => self.ehlo().await?,
                "AUTH" => self.auth(rest).await?,
                "STARTTLS" if self.offer.starttls => {
                    self.say("220 2.0.0 go ahead").await?;
                    // No certificate: whatever comes next is not understood.
                    return Err(Closed);
                }
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.rcpt(rest).await?,
                "DATA" if rest.is_empty() => self.data().await?,
                "RSET" => {
                    (self.from, self.to) = (None, Vec::new());
                    self.say("250 2.0.0 forgotten").await?;
                }
                "NOOP" => self.say("250 2.0.0 yes").await?,
                "QUIT" => {
                    self.say("221 2.0.0 bye").await?;
                    return Ok(());
                }
                _ => self.complain("500 5.5.1 unknown command", command).await?,
            }
        }
    }

    async fn ehlo(&mut self) -> Result<(), Closed> {
        self.greeted = true;
        let mut reply = "250-fake.example".to_owned();
        if self.offer.starttls {
            reply.push_str("\r\n250-STARTTLS");
        }
        if self.offer.login.is_some() {
            reply.push_str("\r\n250-AUTH PLAIN");
        }
        reply.push_str("\r\n250 8BITMIME");
        self.answer(SmtpStep::Ehlo, &reply).await
    }

    async fn auth(&mut self, rest: &str) -> Result<(), Closed> {
        let told = rest
            .strip_prefix("PLAIN ")
            .and_then(decode_base64)
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(told) = told else {
            return self
                .complain("501 5.5.4 only AUTH PLAIN with an answer", rest)
                .await;
        };
        let expected = self
            .offer
            .login
            .as_ref()
            .map(|(user, password)| format!("\0{user}\0{password}"));
        if expected.as_deref() != Some(told.as_str()) {
            return self.say("535 5.7.8 bad user or password").await;
        }
        self.logged_in = true;
        self.answer(SmtpStep::Auth, "235 2.7.0 welcome").await
    }

    async fn mail(&mut self, rest: &str) -> Result<(), Closed> {
        if !self.greeted || self.from.is_some() {
            return self.complain("503 5.5.1 MAIL is out of order", rest).await;
        }
        if self.offer.login.is_some() && !self.logged_in {
            return self.say("530 5.7.0 log in first").await;
        }
        let Some((address, parameters)) = address(rest, "FROM:") else {
            return self.complain("501 5.5.4 MAIL FROM:<address>", rest).await;
        };
        self.eight_bit = parameters.to_ascii_uppercase().contains("BODY=8BITMIME");
        self.from = Some(address);
        self.answer(SmtpStep::MailFrom, "250 2.1.0 ok").await
    }

    async fn rcpt(&mut self, rest: &str) -> Result<(), Closed> {
        if self.from.is_none() {
            return self.complain("503 5.5.1 RCPT before MAIL", rest).await;
        }
        let Some((address, _)) = address(rest, "TO:") else {
            return self.complain("501 5.5.4 RCPT TO:<address>", rest).await;
        };
        match self.shared.fault(SmtpStep::RcptTo) {
            None => {
                self.to.push(address);
                self.say("250 2.1.5 ok").await
            }
            Some(fault) => self.fail(fault).await,
        }
    }

    async fn data(&mut self) -> Result<(), Closed> {
        if self.to.is_empty() {
            return self
                .complain("503 5.5.1 DATA without a recipient", "DATA")
                .await;
        }
        match self.shared.fault(SmtpStep::Data) {
            None => self.say("354 go on").await?,
            Some(fault) => return self.fail(fault).await,
        }
        let mut raw = String::new();
        let mut broken = None;
        loop {
            let line = self.line().await?;
            if line == ".\r\n" {
                break;
            }
            let Some(text) = line.strip_suffix("\r\n") else {
                broken = Some("554 5.6.0 a line of the message ends without CRLF");
                continue;
            };
            if text.len() > LINE_MAX || text.contains('\r') {
                broken = Some("554 5.6.0 a line of the message is too long or has a bare CR");
            }
            if !text.is_ascii() && !self.eight_bit {
                broken = Some("554 5.6.1 eight-bit text was not announced");
            }
            raw.push_str(text.strip_prefix('.').unwrap_or(text));
            raw.push_str("\r\n");
        }
        let mail = ReceivedMail::new(
            self.from.take().unwrap_or_default(),
            std::mem::take(&mut self.to),
            raw,
        );
        if let Some(why) = broken.or_else(|| mail.first_problem()) {
            return self.complain(why, "message").await;
        }
        match self.shared.fault(SmtpStep::Message) {
            None => {
                self.shared.lock().received.push(mail);
                self.say("250 2.0.0 queued").await
            }
            Some(fault) => {
                if matches!(fault, SmtpFault::TakeThenHang | SmtpFault::TakeThenDrop) {
                    self.shared.lock().received.push(mail);
                }
                self.fail(fault).await
            }
        }
    }

    /// The usual answer at `step`, unless a fault is scripted for it.
    async fn answer(&mut self, step: SmtpStep, usual: &str) -> Result<(), Closed> {
        match self.shared.fault(step) {
            None => self.say(usual).await,
            Some(fault) => self.fail(fault).await,
        }
    }

    async fn fail(&mut self, fault: SmtpFault) -> Result<(), Closed> {
        match fault {
            SmtpFault::Reply(code, text) => self.say(&format!("{code} {text}")).await,
            SmtpFault::Hang | SmtpFault::TakeThenHang => std::future::pending().await,
            SmtpFault::Drop | SmtpFault::TakeThenDrop => Err(Closed),
        }
    }

    async fn complain(&mut self, reply: &str, about: &str) -> Result<(), Closed> {
        self.shared
            .lock()
            .complaints
            .push(format!("{reply}: {}", about.trim_end()));
        self.say(reply).await
    }

    async fn say(&mut self, reply: &str) -> Result<(), Closed> {
        let reply = format!("{reply}\r\n");
        self.stream
            .get_mut()
            .write_all(reply.as_bytes())
            .await
            .map_err(|_| Closed)
    }

    /// The next line with its ending; bytes that are not UTF-8 end the session.
    async fn line(&mut self) -> Result<String, Closed> {
        let mut line = String::new();
        match self.stream.read_line(&mut line).await {
            Ok(0) | Err(_) => Err(Closed),
            Ok(_) => Ok(line),
        }
    }
}

/// `a@b.example` and the parameters of `FROM:<a@b.example> BODY=8BITMIME`.
fn address<'a>(rest: &'a str, keyword: &str) -> Option<(String, &'a str)> {
    let head = rest.get(..keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let (address, parameters) = rest[keyword.len()..].strip_prefix('<')?.split_once('>')?;
    let (local, domain) = address.split_once('@')?;
    let legal = !local.is_empty() && !domain.is_empty() && !address.contains([' ', '\t', '<']);
    legal.then(|| (address.to_owned(), parameters))
}
