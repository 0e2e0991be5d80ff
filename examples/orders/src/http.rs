//! As much HTTP/1.1 as the service speaks: one request a connection.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::json::{self, Value};

const HEAD_BYTES: u64 = 16 * 1024;
const BODY_BYTES: u64 = 64 * 1024;
/// Of one read or write.
const PATIENCE: Duration = Duration::from_secs(5);

pub struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub body: Vec<u8>,
}

pub struct Response {
    pub status: u16,
    location: Option<String>,
    body: Value,
}

impl Response {
    pub fn ok(body: Value) -> Self {
        Self {
            status: 200,
            location: None,
            body,
        }
    }

    pub fn created(location: &str, body: Value) -> Self {
        Self {
            status: 201,
            location: Some(location.to_owned()),
            body,
        }
    }

    pub fn refusal(status: u16, why: &str) -> Self {
        Self {
            status,
            location: None,
            body: json::object([("error", why.into())]),
        }
    }

    fn write(&self, mut to: impl Write) -> io::Result<()> {
        let reason = match self.status {
            200 => "OK",
            201 => "Created",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            413 => "Content Too Large",
            422 => "Unprocessable Content",
            _ => "Service Unavailable",
        };
        let body = format!("{}\n", self.body);
        let location = match &self.location {
            Some(location) => format!("location: {location}\r\n"),
            None => String::new(),
        };
        write!(
            to,
            "HTTP/1.1 {} {reason}\r\ncontent-type: application/json\r\n{location}content-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            self.status,
            body.len(),
        )?;
        to.flush()
    }
}

/// Reads a request, has it handled, writes the answer.
pub fn answer(
    connection: io::Result<TcpStream>,
    handle: impl FnOnce(&Request) -> Response,
) -> io::Result<()> {
    let connection = connection?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let response = match read(BufReader::new(&connection))? {
        Ok(request) => handle(&request),
        Err(refusal) => refusal,
    };
    response.write(&connection)
}

fn read(from: impl BufRead) -> io::Result<Result<Request, Response>> {
    let mut head = from.take(HEAD_BYTES);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let mut words = line.split_ascii_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(Err(Response::refusal(400, "this is not HTTP")));
    };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut length = 0;
    loop {
        line.clear();
        if head.read_line(&mut line)? == 0 {
            return Ok(Err(Response::refusal(400, "the request has no end")));
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            match value.trim().parse::<u64>() {
                Ok(bytes) => length = bytes,
                Err(_) => return Ok(Err(Response::refusal(400, "content-length is no number"))),
            }
        }
    }
    if length > BODY_BYTES {
        return Ok(Err(Response::refusal(413, "the body is too large")));
    }
    let mut body = vec![0; length as usize];
    let mut rest = head.into_inner();
    rest.read_exact(&mut body)?;
    Ok(Ok(Request {
        method,
        path: target.split('?').next().unwrap_or_default().to_owned(),
        body,
    }))
}
