//! HTTP/1.1 as far as the proxy needs it: requests with a length, answers as they come.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// More than this is no request of ours: 6 MB is the most a function is invoked with.
const REQUEST_MAX: usize = 16 << 20;

pub(super) struct Request {
    /// Without the empty line.
    head: String,
    pub body: Vec<u8>,
}

impl Request {
    fn header(&self, wanted: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    }

    /// `PutItem`, or `GET /path` where the service has no such names on the wire.
    pub fn operation(&self) -> String {
        if let Some(target) = self.header("x-amz-target") {
            return target.rsplit('.').next().unwrap_or(target).to_owned();
        }
        let action = self.body.split(|byte| *byte == b'&').find_map(|pair| {
            let name = pair.strip_prefix(b"Action=")?;
            std::str::from_utf8(name).ok()
        });
        if let Some(action) = action {
            return action.to_owned();
        }
        let mut words = self.head.split(' ');
        let method = words.next().unwrap_or_default();
        let path = words.next().unwrap_or_default();
        format!("{method} {}", path.split('?').next().unwrap_or_default())
    }

    /// An answer that says no, in the protocol of the question.
    pub fn error(&self, status: u16, code: &str) -> Vec<u8> {
        let is_query = self
            .header("content-type")
            .is_some_and(|kind| kind.contains("urlencoded"));
        let (kind, body) = if is_query {
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>a fault on purpose</Message></Error><RequestId>fault</RequestId></ErrorResponse>"
            );
            ("text/xml", body)
        } else {
            let body = serde_json::json!({"__type": code, "message": "a fault on purpose"});
            ("application/x-amz-json-1.0", body.to_string())
        };
        format!(
            "HTTP/1.1 {status} Fault\r\nContent-Type: {kind}\r\nx-amzn-errortype: {code}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

/// The next request; `None` when the client closed instead of sending one.
pub(super) async fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut read = Vec::new();
    let (head, start) = loop {
        if let Some(end) = find(&read, b"\r\n\r\n") {
            let head = String::from_utf8(read[..end].to_vec()).map_err(io::Error::other)?;
            break (head, end + 4);
        }
        if read.len() > REQUEST_MAX || stream.read_buf(&mut read).await? == 0 {
            return Ok(None);
        }
    };
    let mut request = Request {
        head,
        body: Vec::new(),
    };
    let length = match request.header("content-length") {
        Some(length) => length.parse().map_err(io::Error::other)?,
        None if request.header("transfer-encoding").is_some() => {
            return Err(io::Error::other("a request in chunks"));
        }
        None => 0,
    };
    if length > REQUEST_MAX {
        return Err(io::Error::other("a request of too many bytes"));
    }
    if request.header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    request.body = read.split_off(start);
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await? == 0 {
            return Ok(None);
        }
    }
    request.body.truncate(length);
    Ok(Some(request))
}

/// Passes the request on over a connection of its own; the whole answer, head and all.
pub(super) async fn pass(upstream: &str, request: &Request) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(upstream).await?;
    stream.set_nodelay(true)?;
    // Both are of one connection, and signed by nobody.
    let kept = request.head.split("\r\n").filter(|line| {
        let name = line.split(':').next().unwrap_or_default();
        !name.eq_ignore_ascii_case("connection") && !name.eq_ignore_ascii_case("expect")
    });
    let mut bytes = Vec::with_capacity(request.head.len() + request.body.len() + 32);
    for line in kept {
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"Connection: close\r\n\r\n");
    bytes.extend_from_slice(&request.body);
    stream.write_all(&bytes).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// A client that does not wait for its answer is its own affair.
pub(super) async fn answer(stream: &mut TcpStream, answer: &[u8]) {
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

/// Status and body of a whole answer; the body of one in chunks is put together.
pub(super) fn split(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = find(answer, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end])
        .ok()?
        .to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut rest = &answer[end + 4..];
    if !head.contains("transfer-encoding: chunked") {
        return Some((status, rest.to_vec()));
    }
    let mut body = Vec::new();
    loop {
        let line = find(rest, b"\r\n")?;
        let length = std::str::from_utf8(&rest[..line]).ok()?;
        let length = usize::from_str_radix(length.split(';').next()?.trim(), 16).ok()?;
        if length == 0 {
            return Some((status, body));
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + length)?);
        rest = rest.get(line + 4 + length..)?;
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|part| part == needle)
}
