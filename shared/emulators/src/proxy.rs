//! What a network does, on purpose: a proxy between a client and an emulator that throttles,
//! delays, loses requests and answers, and is not there at all. It counts the calls that pass, and
//! the units DynamoDB charges for them.
//!
//! It speaks HTTP/1.1, one request a connection, and changes nothing of what passes, so that
//! signatures hold. An operation is named as AWS names it (`PutItem`), whichever way the service
//! spells it on the wire; what has no such name is `GET /path`.

mod units;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use units::Ledger;
pub use units::Units;
use wire::Request;

/// What happens to a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Refused with `ThrottlingException`, in the words of the service's protocol.
    Throttle,
    /// Answered with this status and error code, and never passed on.
    Refuse { status: u16, code: &'static str },
    /// Passed on after a while.
    Delay(Duration),
    /// The connection closes before the request is passed on.
    LoseRequest,
    /// The request takes effect, and the connection closes before the answer.
    LoseAnswer,
    /// The request takes effect, and the answer says 500.
    HideAnswer,
    /// Nothing is passed on and nothing answered, and the connection stays open.
    Hang,
}

/// What passed of one operation.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Count {
    /// All calls, those that a fault kept from the emulator too.
    pub calls: u64,
    /// Of calls that reached the emulator.
    pub units: Units,
}

/// A proxy on a port of its own; gone when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Operation, what happens to it, and whether only once.
    faults: Vec<(String, Fault, bool)>,
    counts: BTreeMap<String, Count>,
    ledger: Ledger,
}

impl FaultProxy {
    /// A proxy that passes everything on to `upstream`, such as `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(upstream: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let upstream = upstream.strip_prefix("http://").unwrap_or(upstream);
        let shared = Arc::new(Shared {
            upstream: upstream.trim_end_matches('/').to_owned(),
            state: Mutex::default(),
        });
        let listening = Some(tokio::spawn(listen(listener, Arc::clone(&shared))));
        Ok(Self {
            address,
            shared,
            listening,
        })
    }

    /// Where it listens: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next call of `operation` (`*` for any) meets `fault`; more of them come one after the
    /// other, in the order they were given.
    pub fn once(&self, operation: &str, fault: Fault) {
        self.shared
            .state()
            .faults
            .push((operation.to_owned(), fault, true));
    }

    /// Every call of `operation` (`*` for any) meets `fault`, after those given by
    /// [`once`](Self::once), until [`calm`](Self::calm).
    pub fn always(&self, operation: &str, fault: Fault) {
        self.shared
            .state()
            .faults
            .push((operation.to_owned(), fault, false));
    }

    /// No more faults.
    pub fn calm(&self) {
        self.shared.state().faults.clear();
    }

    /// Faults given by [`once`](Self::once) that nothing met yet.
    pub fn left(&self) -> usize {
        let state = self.shared.state();
        state.faults.iter().filter(|(_, _, once)| *once).count()
    }

    /// Closes the port and every connection: nobody can connect.
    pub async fn down(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // It ends by being aborted, which is what was asked for.
            let _ = listening.await;
        }
    }

    /// Opens the same port again.
    ///
    /// # Errors
    /// When somebody else has taken it.
    pub async fn up(&mut self) -> io::Result<()> {
        if self.listening.is_none() {
            let listener = TcpListener::bind(self.address).await?;
            self.listening = Some(tokio::spawn(listen(listener, Arc::clone(&self.shared))));
        }
        Ok(())
    }

    /// What passed so far, by operation.
    pub fn counts(&self) -> BTreeMap<String, Count> {
        self.shared.state().counts.clone()
    }

    /// What passed of one operation.
    pub fn count(&self, operation: &str) -> Count {
        let state = self.shared.state();
        state.counts.get(operation).copied().unwrap_or_default()
    }

    /// Counts from nothing again; what is known of the sizes of items stays.
    pub fn forget_counts(&self) {
        self.shared.state().counts.clear();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can be left half done.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn fault(&self, operation: &str) -> Option<Fault> {
        let mut state = self.state();
        state.counts.entry(operation.to_owned()).or_default().calls += 1;
        let meets = |named: &str| named == "*" || named == operation;
        let faults = &state.faults;
        let first = faults
            .iter()
            .position(|(named, _, once)| *once && meets(named));
        match first {
            Some(n) => Some(state.faults.remove(n).1),
            None => faults
                .iter()
                .find(|(named, _, _)| meets(named))
                .map(|(_, fault, _)| fault.clone()),
        }
    }

    fn charge(&self, operation: &str, request: &Request, answer: &[u8]) {
        let mut state = self.state();
        let units = state.ledger.charge(operation, &request.body, answer);
        let count = state.counts.entry(operation.to_owned()).or_default();
        count.units = count.units + units;
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
                Err(error) => tracing::warn!(%error, "the proxy could not accept a connection"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One request; a client that has gone is its own affair.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Ok(Some(request)) = wire::read(&mut stream).await else {
        return;
    };
    let operation = request.operation();
    let fault = shared.fault(&operation);
    match fault {
        Some(Fault::Throttle) => {
            let answer = request.error(400, "ThrottlingException");
            return wire::answer(&mut stream, &answer).await;
        }
        Some(Fault::Refuse { status, code }) => {
            let answer = request.error(status, code);
            return wire::answer(&mut stream, &answer).await;
        }
        Some(Fault::Delay(wait)) => tokio::time::sleep(wait).await,
        Some(Fault::LoseRequest) => return,
        Some(Fault::Hang) => return std::future::pending().await,
        Some(Fault::LoseAnswer | Fault::HideAnswer) | None => {}
    }
    let answer = match wire::pass(&shared.upstream, &request).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(%error, %operation, "the proxy cannot reach what it stands before");
            return;
        }
    };
    shared.charge(&operation, &request, &answer);
    match fault {
        Some(Fault::LoseAnswer) => {}
        Some(Fault::HideAnswer) => {
            let hidden = request.error(500, "InternalServerError");
            wire::answer(&mut stream, &hidden).await;
        }
        _ => wire::answer(&mut stream, &answer).await,
    }
}
