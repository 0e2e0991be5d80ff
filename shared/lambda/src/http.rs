//! Requests of an HTTP API (payload format 2.0), parsed leniently and without panics: whoever may
//! invoke the function may send anything.
//!
//! The body is a string inside the event's JSON: it is unescaped once, and hashed and parsed as
//! those bytes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context,
}

#[derive(Debug, Deserialize)]
struct Context {
    http: Http,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: String,
}

/// A request as it reached the API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// What stands behind the `?`, still encoded.
    pub query: String,
    /// By names in lower case; what came more than once is joined by commas.
    pub headers: BTreeMap<String, String>,
    /// The bytes that were sent.
    pub body: Vec<u8>,
}

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("it is no request of an HTTP API")]
    NotARequest(#[source] serde_json::Error),
    #[error("the body is said to be base64 and is not")]
    NotBase64,
    #[error("the body is too large")]
    TooLarge,
}

impl Request {
    /// The request of `event`; a body of more than `limit` bytes is refused before it is decoded.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn parse(event: &str, limit: usize) -> Result<Self, Refused> {
        let event: Event = serde_json::from_str(event).map_err(Refused::NotARequest)?;
        let body = event.body.unwrap_or_default();
        let body = if event.is_base64_encoded {
            if body.len() / 4 * 3 > limit.saturating_add(3) {
                return Err(Refused::TooLarge);
            }
            STANDARD.decode(body).map_err(|_| Refused::NotBase64)?
        } else {
            body.into_bytes()
        };
        if body.len() > limit {
            return Err(Refused::TooLarge);
        }
        let headers = event.headers.into_iter();
        Ok(Self {
            method: event.request_context.http.method,
            path: event.raw_path,
            query: event.raw_query_string,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            body,
        })
    }

    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What the API answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    pub status_code: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub is_base64_encoded: bool,
}

impl Response {
    /// An answer of any bytes.
    pub fn new(status: u16, headers: BTreeMap<String, String>, body: Vec<u8>) -> Self {
        let (body, is_base64_encoded) = match String::from_utf8(body) {
            Ok(text) => (text, false),
            Err(error) => (STANDARD.encode(error.as_bytes()), true),
        };
        Self {
            status_code: status,
            headers,
            body,
            is_base64_encoded,
        }
    }

    /// An answer in JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        let content = ("content-type".to_owned(), "application/json".to_owned());
        Self::new(status, BTreeMap::from([content]), body.to_string().into())
    }

    /// An error as the API tells it.
    pub fn error(status: u16, code: &str, message: &str, help: &str) -> Self {
        let retryable = status >= 500;
        let error =
            json!({ "code": code, "message": message, "help": help, "retryable": retryable });
        Self::json(status, &json!({ "error": error }))
    }
}

impl From<&Refused> for Response {
    fn from(refused: &Refused) -> Self {
        let (status, code) = match refused {
            Refused::TooLarge => (413, "too_large"),
            Refused::NotARequest(_) | Refused::NotBase64 => (400, "invalid"),
        };
        let help = "nothing was stored";
        Self::error(status, code, &refused.to_string(), help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(body: &str, base64: bool) -> String {
        json!({
            "version": "2.0",
            "rawPath": "/webhooks/github",
            "rawQueryString": "a=b",
            "headers": { "X-GitHub-Event": "push" },
            "requestContext": { "http": { "method": "POST" } },
            "body": body,
            "isBase64Encoded": base64,
        })
        .to_string()
    }

    #[test]
    fn the_bytes_are_those_that_were_sent() {
        let text = "{\"a\": \"ö\\n\"}\r\n";
        let plain = Request::parse(&event(text, false), 100).expect("a request");
        assert_eq!(plain.body, text.as_bytes());
        assert_eq!(plain.header("x-github-event"), Some("push"));
        let bytes = [0xff, 0x00, 0x7b];
        let encoded = Request::parse(&event(&STANDARD.encode(bytes), true), 100);
        assert_eq!(encoded.expect("a request").body, bytes);
    }

    #[test]
    fn what_is_no_base64_is_refused_and_nothing_panics() {
        for body in ["%%%", "a", "====", "YWI=\n", "\u{1f600}"] {
            let refused = Request::parse(&event(body, true), 100);
            assert!(matches!(refused, Err(Refused::NotBase64)), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_too_large_is_refused_before_it_is_decoded() {
        let at_limit = "a".repeat(99);
        assert!(Request::parse(&event(&at_limit, false), 99).is_ok());
        assert!(Request::parse(&event(&STANDARD.encode(&at_limit), true), 99).is_ok());
        let over = "%".repeat(200);
        let refused = Request::parse(&event(&over, true), 99);
        assert!(matches!(refused, Err(Refused::TooLarge)));
        let refused = Request::parse(&event(&over, false), 99);
        assert!(matches!(refused, Err(Refused::TooLarge)));
        let just_over = STANDARD.encode("a".repeat(100));
        let refused = Request::parse(&event(&just_over, true), 99);
        assert!(matches!(refused, Err(Refused::TooLarge)));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for event in ["", "{}", "[]", "{\"requestContext\":{\"http\":{}}}"] {
            assert!(matches!(
                Request::parse(event, 1),
                Err(Refused::NotARequest(_))
            ));
        }
    }

    #[test]
    fn an_answer_that_is_no_text_travels_as_base64() {
        let answer = Response::new(200, BTreeMap::new(), vec![0xff]);
        assert!(answer.is_base64_encoded);
        assert_eq!(answer.body, "/w==");
    }
}
