//! The way to a running `greenroom serve`: its address, its token, and what its answers mean.

pub mod shape;

use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode, header, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::args::ServerArgs;
use crate::environment;
use crate::exit::{Exit, Failure, Stop};
use crate::output::text::clean;
use crate::output::time::server_is_moved;
use crate::secret;
use crate::serve::CLOCK_MOVED;

const CONNECT_MAX: Duration = Duration::from_secs(5);
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// No answer of ours is larger; a board of a thousand stages is a tenth of it.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Code of a failure to read what came back.
const BAD_ANSWER: &str = "bad_answer";

/// A server that can be asked.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<SecretString>,
}

impl Client {
    /// Finds the server that `args` speak of. Does not speak to it yet.
    pub fn find(args: &ServerArgs) -> Result<Self, Stop> {
        let base = match &args.url {
            Some(url) => parse_url(url, "--url")?,
            None => address(&args.data)?,
        };
        let token = match secret::from_environment(environment::TOKEN)? {
            Some(token) => Some(token),
            // The folder's token is for the folder's server and must not go anywhere else.
            None if args.url.is_none() => kept_token(&args.data)?,
            None => None,
        };
        Ok(Self {
            http: http(&base)?,
            base,
            token,
        })
    }

    /// Where the server is.
    pub fn place(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Asks for what is at `path`, whose segments may hold any text.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Stop> {
        self.send(Method::GET, path, query, None).await
    }

    pub async fn post(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, Stop> {
        self.send(Method::POST, path, query, Some(body)).await
    }

    /// Whether the server accepts work.
    pub async fn healthy(&self) -> Result<(), Stop> {
        match self.get(&["healthz"], &[]).await {
            // It says so in a word of its own, which is no JSON.
            Err(Stop::Failed(failure)) if failure.code != BAD_ANSWER => Err(Stop::Failed(failure)),
            _ => Ok(()),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Stop> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request: RequestBuilder = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if let Some(moved) = clock_moved(&response) {
            server_is_moved(moved);
        }
        let bytes = self.read(response).await?;
        if status.is_success() {
            return serde_json::from_slice(&bytes)
                .map_err(|error| self.nonsense(&error.to_string()));
        }
        Err(self.refusal(status, &bytes).into())
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.unreachable(&error))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > BODY_BYTES_MAX {
                return Err(self.nonsense("the answer is too large"));
            }
        }
        Ok(bytes)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Stop {
        let why = if error.is_timeout() {
            "it did not answer in time".to_owned()
        } else {
            innermost(error)
        };
        Failure::new(Exit::Failed, "unreachable", "the server cannot be reached")
            .at(self.place())
            .why(clean(&why))
            .help("start it with `greenroom serve`, or say where it is with --url")
            .retryable()
            .into()
    }

    fn nonsense(&self, why: &str) -> Stop {
        Failure::new(
            Exit::Failed,
            BAD_ANSWER,
            "the server's answer cannot be read",
        )
        .at(self.place())
        .why(clean(why))
        .help("is this a Greenroom server, and of the same version? `greenroom doctor` tells")
        .into()
    }

    fn refusal(&self, status: StatusCode, bytes: &[u8]) -> Failure {
        let said: shape::Refusal = serde_json::from_slice(bytes).unwrap_or_default();
        let (exit, code) = meaning(status);
        let message = if said.error.message.is_empty() {
            format!("the server answered {status}")
        } else {
            clean(&said.error.message)
        };
        let code = if said.error.code.is_empty() {
            code.to_owned()
        } else {
            clean(&said.error.code)
        };
        let mut failure = Failure::new(exit, &code, message).at(self.place());
        failure.retryable = said.error.retryable || status == StatusCode::SERVICE_UNAVAILABLE;
        failure.help = match said.error.help.filter(|help| !help.is_empty()) {
            Some(help) => Some(clean(&help)),
            None if exit == Exit::Auth => Some(
                "give the server's token in GREENROOM_TOKEN, or its data folder with --data"
                    .to_owned(),
            ),
            None => None,
        };
        failure
    }
}

/// What a status means for whoever called us.
fn meaning(status: StatusCode) -> (Exit, &'static str) {
    match status.as_u16() {
        400 | 405 | 413 | 415 => (Exit::Usage, "invalid"),
        401 => (Exit::Auth, "unauthorized"),
        403 => (Exit::Auth, "forbidden"),
        404 => (Exit::NotFound, "not_found"),
        409 => (Exit::Conflict, "conflict"),
        422 => (Exit::Refused, "closed"),
        503 => (Exit::Failed, "unavailable"),
        _ => (Exit::Failed, "failed"),
    }
}

/// `value` as a shape of ours.
pub fn shaped<T: DeserializeOwned>(client: &Client, value: &Value) -> Result<T, Stop> {
    T::deserialize(value).map_err(|error| client.nonsense(&error.to_string()))
}

/// How far a rehearsal has moved the server's clock.
fn clock_moved(response: &Response) -> Option<jiff::SignedDuration> {
    let said = response.headers().get(CLOCK_MOVED)?;
    said.to_str().ok()?.parse().ok()
}

fn http(base: &Url) -> Result<reqwest::Client, Stop> {
    // Fails only when there is a provider already, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = header::HeaderMap::new();
    headers.insert(
        header::ACCEPT,
        header::HeaderValue::from_static("application/json"),
    );
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("greenroom/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(CONNECT_MAX)
        .timeout(ANSWER_MAX)
        // A token goes where it was sent, and nowhere else.
        .redirect(redirect::Policy::none());
    if is_loopback(base) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        Failure::new(Exit::Failed, "http", "no connection can be made")
            .why(innermost(&error))
            .into()
    })
}

fn is_loopback(base: &Url) -> bool {
    let host = base.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Where the server of a data folder listens.
pub fn address(data: &Path) -> Result<Url, Stop> {
    let path = data.join("address");
    let text = fs::read_to_string(&path).map_err(|error| {
        let shown = path.display().to_string();
        let failure = if error.kind() == ErrorKind::NotFound {
            Failure::new(Exit::Failed, "no_server", "no server is running here")
                .why("a running `greenroom serve` keeps its address in this file")
                .help("start one with `greenroom serve`, or say where it is with --data or --url")
        } else {
            Failure::usage("the server's address cannot be read").why(error.to_string())
        };
        Stop::from(failure.at(shown))
    })?;
    parse_url(text.trim(), &path.display().to_string())
}

/// Reads `http://127.0.0.1:8080` or `127.0.0.1:8080`.
fn parse_url(text: &str, place: &str) -> Result<Url, Stop> {
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let url = Url::parse(&full).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| !host.is_empty())
    });
    url.ok_or_else(|| {
        Failure::usage(format!("`{}` is no address of a server", clean(text)))
            .at(place)
            .help("write it like http://127.0.0.1:8080")
            .into()
    })
}

fn kept_token(data: &Path) -> Result<Option<SecretString>, Stop> {
    let path = data.join("token");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(SecretString::from(text.trim()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(
            Failure::new(Exit::Auth, "token", "the server's token cannot be read")
                .at(path.display().to_string())
                .why(error.to_string())
                .help("run this as the user that runs the server, or give GREENROOM_TOKEN")
                .into(),
        ),
    }
}

/// The last word of a chain of errors, which is the one that says something.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
