//! A mail server on loopback that takes nothing a strict one would refuse: commands in order and
//! ended by CRLF, addresses in angle brackets, lines of at most 998 octets, exactly one of each
//! header that must be there. Faults are scripted by the step they happen at.

mod mime;
mod session;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

pub use mime::ReceivedMail;

/// Where in the conversation a fault happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpStep {
    Connect,
    Ehlo,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    /// After the whole message has come.
    Message,
}

/// What happens there instead of the usual answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpFault {
    /// This code and text.
    Reply(u16, &'static str),
    /// No answer, ever.
    Hang,
    /// The connection closes.
    Drop,
    /// At [`SmtpStep::Message`]: the mail is delivered, no answer ever comes.
    TakeThenHang,
    /// At [`SmtpStep::Message`]: the mail is delivered, the connection closes.
    TakeThenDrop,
}

/// What the server offers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SmtpOffer {
    /// Announces STARTTLS; it has no certificate, so the handshake then fails.
    pub starttls: bool,
    /// Demands this user and password.
    pub login: Option<(String, String)>,
}

#[derive(Debug, Default)]
struct State {
    faults: VecDeque<(SmtpStep, SmtpFault)>,
    received: Vec<ReceivedMail>,
    /// Commands the server refused as broken, for tests to see.
    complaints: Vec<String>,
    connections: usize,
}

#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<State>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
    /// The fault scripted for `step`, if it is the next one.
    fn fault(&self, step: SmtpStep) -> Option<SmtpFault> {
        let mut state = self.lock();
        match state.faults.front() {
            Some((at, _)) if *at == step => state.faults.pop_front().map(|(_, fault)| fault),
            _ => None,
        }
    }
}

/// The server; stopped when dropped.
#[derive(Debug)]
pub struct FakeSmtp {
    address: String,
    state: Shared,
    server: JoinHandle<()>,
}

impl FakeSmtp {
    /// A server that takes mail from anybody, without TLS.
    pub async fn start() -> Self {
        Self::offering(SmtpOffer::default()).await
    }

    /// Starts on a free port of loopback.
    ///
    /// # Panics
    /// When there is none.
    pub async fn offering(offer: SmtpOffer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let state = Shared(Arc::new(Mutex::new(State::default())));
        let serving = state.clone();
        let server = tokio::spawn(async move {
            let mut sessions = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                serving.lock().connections += 1;
                sessions.spawn(session::serve(stream, serving.clone(), offer.clone()));
            }
        });
        Self {
            address: address.to_string(),
            state,
            server,
        }
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> &str {
        &self.address
    }
    /// Appends a fault; faults happen in the order they were scripted.
    pub fn script(&self, at: SmtpStep, fault: SmtpFault) {
        self.state.lock().faults.push_back((at, fault));
    }
    /// Every mail taken.
    pub fn received(&self) -> Vec<ReceivedMail> {
        self.state.lock().received.clone()
    }
    /// What the server found broken in the conversation; empty with a good client.
    pub fn complaints(&self) -> Vec<String> {
        self.state.lock().complaints.clone()
    }
    pub fn connections(&self) -> usize {
        self.state.lock().connections
    }
}

impl Drop for FakeSmtp {
    fn drop(&mut self) {
        self.server.abort();
    }
}
