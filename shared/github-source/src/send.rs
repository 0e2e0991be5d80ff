//! One request and its answer: within the limits of GitHub, of time, and of size.

use std::sync::OnceLock;

use greenroom_app::ports::source::SourceError;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::gate::Gate;
use crate::refusal;
use crate::source::{Clock, Timeouts};

const JSON: &str = "application/vnd.github+json";
/// The bytes themselves instead of base64 in JSON.
pub(crate) const RAW: &str = "application/vnd.github.raw+json";
/// The version of the API that the answers are read by.
const API_VERSION: &str = "2022-11-28";
const USER_AGENT: &str = concat!("greenroom/", env!("CARGO_PKG_VERSION"));
/// An ordinary answer of GitHub's; lists of a hundred have some 200 KB.
const ANSWER_MAX: usize = 8 * 1024 * 1024;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub method: Method,
    /// Segments after the base, not encoded.
    pub path: Vec<&'a str>,
    pub query: Vec<(&'static str, String)>,
    pub accept: &'static str,
    /// The tag of the answer we have; GitHub may say that it is still so.
    pub tag: Option<&'a str>,
    pub body: Option<Value>,
    /// Bytes of the answer.
    pub limit: usize,
}

impl<'a> Request<'a> {
    pub(crate) fn get(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            method: Method::GET,
            path: path.into_iter().collect(),
            query: Vec::new(),
            accept: JSON,
            tag: None,
            body: None,
            limit: ANSWER_MAX,
        }
    }

    pub(crate) fn post(path: impl IntoIterator<Item = &'a str>, body: Value) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..Self::get(path)
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }
}

/// What GitHub answered, whatever it was, except that it cannot answer now.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    pub tag: Option<String>,
    /// There is another page.
    pub more: bool,
    /// Where it is now.
    pub location: Option<String>,
    /// The permission that is missing, in GitHub's words: `contents=read`.
    pub needs: Option<String>,
    /// When the token that was shown ends, if it tells.
    pub token_ends: Option<String>,
    /// Requests left of the hour's.
    pub remaining: Option<u64>,
}

/// The way to one server.
pub(crate) struct Sender {
    base: Url,
    timeouts: Timeouts,
    clock: Clock,
    gate: Gate,
    /// Made at the first request: reading the machine's certificate authorities takes time, and
    /// a function that never asks GitHub shall not pay for it.
    client: OnceLock<Client>,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender")
            .field("base", &self.base.as_str())
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}

impl Sender {
    pub(crate) fn new(base: Url, timeouts: Timeouts, clock: Clock) -> Self {
        Self {
            base,
            timeouts,
            clock,
            gate: Gate::default(),
            client: OnceLock::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Whether an address is on the server that the credential is for.
    pub(crate) fn is_ours(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| url.origin() == self.base.origin())
    }

    /// Asks once. `about` is what errors name.
    pub(crate) async fn send(
        &self,
        about: &str,
        bearer: &SecretString,
        request: &Request<'_>,
    ) -> Result<Answer, SourceError> {
        let later = |why: String| SourceError::Unavailable {
            repository: about.to_owned(),
            why,
        };
        self.gate.pass(self.now()).map_err(later)?;
        let client = self.client().map_err(later)?;
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&request.path);
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut sending = client
            .request(request.method.clone(), url)
            .header("accept", request.accept)
            .header("x-github-api-version", API_VERSION)
            .bearer_auth(bearer.expose_secret());
        if let Some(tag) = request.tag {
            sending = sending.header("if-none-match", tag);
        }
        if let Some(body) = &request.body {
            sending = sending.json(body);
        }
        let response = sending.send().await.map_err(|error| later(told(error)))?;
        let answer = read(response, request.limit).await.map_err(later)?;
        self.limits(answer).map_err(later)
    }

    /// Keeps what GitHub says about its limits, and turns what is none of our doing into a later.
    fn limits(&self, (answer, headers): (Answer, HeaderMap)) -> Result<Answer, String> {
        let now = self.now();
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        let reset = number("x-ratelimit-reset");
        let reset = reset.and_then(|second| Timestamp::from_second(second).ok());
        let is_used_up = answer.remaining == Some(0);
        let asked = number("retry-after").map(SignedDuration::from_secs);
        let words = refusal::words(&answer.body);
        let is_limit = answer.status == 429
            || (answer.status == 403
                && (is_used_up || asked.is_some() || words.contains("secondary rate limit")));
        if is_limit {
            return Err(match asked {
                None if is_used_up => self.gate.used_up(now, reset),
                asked => self.gate.too_fast(now, asked),
            });
        }
        if answer.status >= 500 {
            return Err(format!("GitHub answers with status {}", answer.status));
        }
        self.gate.fine();
        if is_used_up && reset.is_some() {
            // The next one would be refused, and asking on is held against us.
            self.gate.used_up(now, reset);
        }
        Ok(answer)
    }

    fn client(&self) -> Result<&Client, String> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut client = Client::builder()
            .connect_timeout(self.timeouts.connect)
            .timeout(self.timeouts.whole)
            .user_agent(USER_AGENT)
            // Where one leads is looked at before a credential is carried there.
            .redirect(Policy::none())
            .referer(false);
        if is_loopback(&self.base) {
            client = client.no_proxy();
        }
        if self.base.scheme() == "http" {
            // There are no certificates to check, so none are read.
            client = client.tls_certs_only([]);
        }
        let client = client.build();
        let client = client
            .map_err(|error| format!("this machine cannot speak TLS: {}", innermost(&error)))?;
        Ok(self.client.get_or_init(|| client))
    }
}

async fn read(mut response: Response, limit: usize) -> Result<(Answer, HeaderMap), String> {
    let headers = response.headers().clone();
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.map(str::to_owned)
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(told)? {
        if body.len() + chunk.len() > limit {
            return Err(format!("GitHub's answer has more than {limit} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    let links = text("link").unwrap_or_default();
    let answer = Answer {
        status: response.status().as_u16(),
        body,
        tag: text("etag"),
        more: links.contains("rel=\"next\""),
        location: text("location"),
        needs: text("x-accepted-github-permissions"),
        token_ends: text("github-authentication-token-expiration"),
        remaining: text("x-ratelimit-remaining").and_then(|text| text.trim().parse().ok()),
    };
    Ok((answer, headers))
}

fn told(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    innermost(&error.without_url())
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
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
