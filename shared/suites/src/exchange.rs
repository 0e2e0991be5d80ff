//! One request sent, one answer read; and the way along redirects.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Version};
use url::Url;

use crate::answer::{Answer, BODY_BYTES_MAX, too_large};
use crate::charset;
use crate::cookies::Jar;
use crate::reach::{Reach, Refused, Unresolved};
use crate::request::{Request, parse_url};
use crate::trouble::Kind;

const USER_AGENT: &str = concat!("greenroom/", env!("CARGO_PKG_VERSION"));

/// What an entry's options say about sending.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub follow: bool,
    pub redirects_max: usize,
    pub compressed: bool,
    pub timeout: Duration,
}

/// Why there is no answer to judge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NoAnswer {
    pub cause: Cause,
    pub message: String,
}

/// What stands between a request and its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    /// The stage redirects endlessly, or to what is no URL.
    Redirect,
    /// Tests may not connect there; trying again changes nothing.
    Refused,
    /// There is an answer, and it is too large.
    TooLarge,
    /// The network, the service, or a request that cannot be made.
    Trouble,
}

impl NoAnswer {
    pub fn kind(&self) -> Kind {
        match self.cause {
            Cause::Redirect => Kind::Wrong,
            Cause::Refused | Cause::TooLarge | Cause::Trouble => Kind::Unknown,
        }
    }
}

fn refused(refused: &Refused) -> NoAnswer {
    NoAnswer {
        cause: Cause::Refused,
        message: refused.to_string(),
    }
}

fn unknown(message: impl Into<String>) -> NoAnswer {
    NoAnswer {
        cause: Cause::Trouble,
        message: message.into(),
    }
}

/// Sends `request` and, if the manner says so, what its redirects ask for; the last answer.
pub(crate) async fn send(
    client: &Client,
    reach: &Reach,
    jar: &mut Jar,
    request: &Request,
    manner: Manner,
) -> Result<Answer, NoAnswer> {
    let mut request = request.clone();
    let origin = request.url.origin();
    let mut followed = 0;
    loop {
        let answer = send_one(client, reach, jar, &request, manner).await?;
        let location = answer
            .header_values("location")
            .next()
            .filter(|_| (300..400).contains(&answer.status));
        let Some(location) = location.filter(|_| manner.follow) else {
            return Ok(answer);
        };
        followed += 1;
        if followed > manner.redirects_max {
            let message = format!(
                "more than {} redirects, the last to {location}",
                manner.redirects_max
            );
            return Err(NoAnswer {
                cause: Cause::Redirect,
                message,
            });
        }
        let wrong = |why: String| NoAnswer {
            cause: Cause::Redirect,
            message: format!("the redirect cannot be followed: {why}"),
        };
        let joined = answer
            .url
            .join(location)
            .map_err(|error| wrong(format!("{location} is no URL: {error}")))?;
        request.url = parse_url(joined.as_str()).map_err(wrong)?;
        if (301..=303).contains(&answer.status) && request.method != "GET" {
            request.method = "GET".to_owned();
            request.body.clear();
            request.content_type = None;
        }
        // Credentials stay with whom they were given to.
        if request.url.origin() != origin {
            let secret = |name: &str| {
                ["authorization", "cookie"]
                    .iter()
                    .any(|known| name.eq_ignore_ascii_case(known))
            };
            request.headers.retain(|(name, _)| !secret(name));
            request.cookies.clear();
        }
    }
}

async fn send_one(
    client: &Client,
    reach: &Reach,
    jar: &mut Jar,
    request: &Request,
    manner: Manner,
) -> Result<Answer, NoAnswer> {
    reach
        .vet_literal(&request.url)
        .map_err(|error| refused(&error))?;
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| unknown(format!("{} is no method", request.method)))?;
    let headers = headers(request, jar, manner)?;
    let started = Instant::now();
    let sent = client
        .request(method, request.url.clone())
        .headers(headers)
        .timeout(manner.timeout);
    let sent = if request.body.is_empty() {
        sent
    } else {
        sent.body(request.body.clone())
    };
    let mut response = sent
        .send()
        .await
        .map_err(|error| explain(&error, &request.url, manner.timeout))?;
    let version = match response.version() {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/3",
    };
    let status = response.status().as_u16();
    let headers: Vec<(String, String)> = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                charset::header_text(value.as_bytes()),
            )
        })
        .collect();
    let mut body = BytesMut::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| explain(&error, &request.url, manner.timeout))?
    {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(NoAnswer {
                cause: Cause::TooLarge,
                message: too_large(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    let now = Timestamp::now();
    for (_, value) in headers.iter().filter(|(name, _)| name == "set-cookie") {
        jar.store(&request.url, value, now);
    }
    Ok(Answer::new(
        version,
        status,
        headers,
        request.url.clone(),
        started.elapsed(),
        Bytes::from(body),
    ))
}

fn headers(request: &Request, jar: &Jar, manner: Manner) -> Result<HeaderMap, NoAnswer> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| unknown(format!("{name} is no header name")))?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| unknown(format!("the value of the header {name} cannot be sent")))?;
        headers.append(name, value);
        Ok(())
    };
    let has = |name: &str| {
        request
            .headers
            .iter()
            .any(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    for (name, value) in &request.headers {
        add(name, value)?;
    }
    if let (false, Some(content_type)) = (has("content-type"), &request.content_type) {
        add("content-type", content_type)?;
    }
    for (name, value) in [("accept", "*/*"), ("user-agent", USER_AGENT)] {
        if !has(name) {
            add(name, value)?;
        }
    }
    if manner.compressed && !has("accept-encoding") {
        add("accept-encoding", "gzip, deflate")?;
    }
    let own = request
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let cookies: Vec<String> = jar
        .header(&request.url, Timestamp::now())
        .into_iter()
        .chain(own)
        .collect();
    if !cookies.is_empty() {
        add("cookie", &cookies.join("; "))?;
    }
    Ok(headers)
}

/// A sentence for a failed exchange, from the innermost cause; the URL's query is left out.
fn explain(error: &reqwest::Error, url: &Url, timeout: Duration) -> NoAnswer {
    let place = format!(
        "{}:{}",
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or_default()
    );
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
        if let Some(error) = innermost.downcast_ref::<Refused>() {
            return refused(error);
        }
        if let Some(unresolved) = innermost.downcast_ref::<Unresolved>() {
            return unknown(unresolved.to_string());
        }
    }
    if error.is_timeout() {
        return unknown(format!("{place} did not answer within {timeout:?}"));
    }
    if error.is_connect() {
        return unknown(format!("cannot connect to {place}: {innermost}"));
    }
    if error.is_builder() {
        return unknown(format!("the request cannot be sent: {innermost}"));
    }
    unknown(format!("the connection to {place} broke: {innermost}"))
}
