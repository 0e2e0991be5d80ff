//! A small HTTP/1.1 client that keeps its connections, so that the machine works for the server
//! and not for the client: on two cores a full client would be half of what is measured.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::site::Signed;
use super::{Failure, Result};

/// The longest a storm may last before it is given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// One connection that is kept.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Sends a whole request and waits for its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Reply> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.fill().await?;
        };
        let (status, length) = status_and_length(&self.buffer[..head])
            .ok_or_else(|| io::Error::other("the answer has no status or no length"))?;
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        Ok(Reply {
            status,
            body: self.buffer[head..head + length].to_vec(),
        })
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn status_and_length(head: &[u8]) -> Option<(u16, usize)> {
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?
        .1;
    Some((status, length.trim().parse().ok()?))
}

/// A load of webhooks.
#[derive(Clone, Debug)]
pub struct Load {
    pub connections: usize,
    /// Webhooks sent in all, shared by the connections.
    pub count: u64,
    /// Goes into the delivery ids, so that loads do not repeat each other's.
    pub series: u32,
}

/// What became of a load.
#[derive(Debug, Default)]
pub struct Storm {
    pub took: Duration,
    /// From the first byte sent to the last received, ascending; of acknowledged webhooks.
    pub times: Vec<Duration>,
    /// Ids answered with 202.
    pub acknowledged: Vec<String>,
    /// Answers other than 202.
    pub refused: usize,
}

impl Storm {
    /// The time that `share` (0 to 1) of the webhooks did not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        let last = self.times.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        self.times.get(place).copied().unwrap_or_default()
    }

    /// Acknowledged webhooks a second.
    pub fn throughput(&self) -> f64 {
        self.acknowledged.len() as f64 / self.took.as_secs_f64()
    }
}

/// Tells when so many webhooks are acknowledged.
#[derive(Debug)]
pub struct Milestone {
    at: usize,
    count: AtomicUsize,
    reached: Notify,
}

impl Milestone {
    pub fn new(at: usize) -> Arc<Self> {
        Arc::new(Self {
            at,
            count: AtomicUsize::new(0),
            reached: Notify::new(),
        })
    }

    fn count(&self) {
        if self.count.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            self.reached.notify_one();
        }
    }

    pub async fn reached(&self) {
        self.reached.notified().await;
    }
}

/// Sends a load, each connection one webhook after the other. A connection that breaks ends; what
/// it had sent last is not acknowledged.
pub async fn storm(
    address: SocketAddr,
    pushes: &Arc<[Signed]>,
    load: &Load,
    milestone: Option<Arc<Milestone>>,
) -> Result<Storm> {
    let next = Arc::new(AtomicU64::new(0));
    let mut connections = Vec::new();
    for _ in 0..load.connections {
        connections.push(Connection::open(address).await?);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for connection in connections {
        let (next, pushes) = (Arc::clone(&next), Arc::clone(pushes));
        tasks.spawn(client(
            connection,
            pushes,
            load.clone(),
            next,
            milestone.clone(),
        ));
    }
    let mut all = Storm::default();
    let gathered = tokio::time::timeout(PATIENCE, async {
        while let Some(done) = tasks.join_next().await {
            let part = done?;
            all.times.extend(part.times);
            all.acknowledged.extend(part.acknowledged);
            all.refused += part.refused;
        }
        Ok::<_, Failure>(())
    });
    gathered
        .await
        .map_err(|_| "the load did not end in time")??;
    all.took = began.elapsed();
    all.times.sort_unstable();
    Ok(all)
}

async fn client(
    mut connection: Connection,
    pushes: Arc<[Signed]>,
    load: Load,
    next: Arc<AtomicU64>,
    milestone: Option<Arc<Milestone>>,
) -> Storm {
    let mut part = Storm::default();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= load.count {
            return part;
        }
        let id = format!("{:08x}-0000-4000-8000-{n:012x}", load.series);
        let push = &pushes[usize::try_from(n).unwrap_or(0) % pushes.len()];
        let request = push.request(&id);
        let began = Instant::now();
        match connection.exchange(&request).await {
            Ok(reply) if reply.status == 202 => {
                part.times.push(began.elapsed());
                part.acknowledged.push(id);
                if let Some(milestone) = &milestone {
                    milestone.count();
                }
            }
            Ok(_) => part.refused += 1,
            Err(_) => return part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_length_are_read_whatever_the_case() {
        let head = b"HTTP/1.1 202 Accepted\r\nContent-Length: 17\r\n\r\n";
        assert_eq!(status_and_length(head), Some((202, 17)));
        assert_eq!(status_and_length(b"HTTP/1.1 202 Accepted\r\n\r\n"), None);
    }

    #[test]
    fn a_quantile_is_one_of_the_times() {
        let storm = Storm {
            times: (1..=101).map(Duration::from_millis).collect(),
            ..Storm::default()
        };
        assert_eq!(storm.quantile(0.5), Duration::from_millis(51));
        assert_eq!(storm.quantile(0.99), Duration::from_millis(100));
        assert_eq!(Storm::default().quantile(0.5), Duration::ZERO);
    }
}
