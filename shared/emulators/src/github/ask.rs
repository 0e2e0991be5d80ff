//! A request, taken apart.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use bytes::Bytes;

/// One request. Path and query are percent-decoded.
#[derive(Debug)]
pub(super) struct Ask {
    pub method: String,
    pub segments: Vec<String>,
    pub query: BTreeMap<String, String>,
    /// As it came, for addresses in answers.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// `http://127.0.0.1:<port>`.
    pub base: String,
}

impl Ask {
    /// A header's text; `None` when it is absent, empty or no text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?.to_str().ok()?;
        (!value.is_empty()).then_some(value)
    }

    /// A number of the query, or what GitHub takes in its place.
    pub(super) fn number(&self, name: &str, default: usize) -> usize {
        let given = self.query.get(name).and_then(|text| text.parse().ok());
        given.filter(|number| *number > 0).unwrap_or(default)
    }

    pub(super) fn per_page(&self) -> usize {
        self.number("per_page", 30).min(100)
    }
}

pub(super) fn segments(path: &str) -> Vec<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(|part| decoded(part, false)).collect()
}

pub(super) fn query(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name, true), decoded(value, true))
        })
        .collect()
}

fn decoded(text: &str, form: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match (
            first,
            pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()),
        ) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', _) if form => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
