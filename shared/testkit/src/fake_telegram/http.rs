//! Just enough HTTP/1.1 for one request a connection, so that a connection can fail in the ways
//! connections fail.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const REQUEST_MAX: usize = 1 << 20;

/// What to do with the connection.
pub(super) enum Reply {
    Json(u16, Value),
    Raw(u16, String),
    /// Keep it open and say nothing.
    Hang,
    /// Close it and say nothing.
    Drop,
    /// Begin an answer and close.
    BreakOff,
}

/// Reads one request, asks `answer` with its method, path and body, and replies.
pub(super) async fn serve(
    mut stream: TcpStream,
    answer: impl FnOnce(&str, &str, &[u8]) -> Reply + Send,
) {
    let Some((head, body)) = read_request(&mut stream).await else {
        return;
    };
    let mut words = head.lines().next().unwrap_or("").split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (status, kind, text) = match answer(method, path, &body) {
        Reply::Json(status, value) => (status, "application/json", value.to_string()),
        Reply::Raw(status, text) => (status, "text/html", text),
        Reply::Hang => return std::future::pending().await,
        Reply::Drop => return,
        Reply::BreakOff => {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"ok\":tr")
                .await;
            return;
        }
    };
    let reply = format!(
        "HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    // A client that has gone is its own affair.
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(read[..end].to_vec()).ok()?;
            let length: usize = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse().ok())
                .unwrap_or(0);
            let mut body = read.split_off(end + 4);
            while body.len() < length {
                if stream.read_buf(&mut body).await.ok()? == 0 {
                    return None;
                }
            }
            return Some((head, body));
        }
        if read.len() > REQUEST_MAX || stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}
