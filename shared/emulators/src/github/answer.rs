//! Answers in GitHub's form: JSON, links to other pages, and tags by which an unchanged answer is
//! asked for.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ask::Ask;

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub kind: &'static str,
    pub body: Vec<u8>,
}

const JSON: &str = "application/json; charset=utf-8";

impl Answer {
    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            kind: JSON,
            body: value.to_string().into_bytes(),
        }
    }

    pub(super) fn ok(value: &Value) -> Self {
        Self::json(200, value)
    }

    pub(super) fn raw(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            kind,
            body: body.into(),
        }
    }

    /// GitHub's form of an error.
    pub(super) fn refuse(status: u16, message: &str) -> Self {
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string(),
        });
        Self::json(status, &body)
    }

    pub(super) fn not_found() -> Self {
        Self::refuse(404, "Not Found")
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// One page of `all`, with links to its neighbours.
    pub(super) fn page(ask: &Ask, all: Vec<Value>) -> Self {
        let (size, page) = (ask.per_page(), ask.number("page", 1));
        let last = all.len().div_ceil(size).max(1);
        let shown = all.into_iter().skip((page - 1) * size).take(size).collect();
        let answer = Self::ok(&Value::Array(shown));
        match links(ask, page, last) {
            Some(links) => answer.with("link", links),
            None => answer,
        }
    }

    /// A weak tag on what is read, and 304 for who has it. The tag is of the body and of the
    /// credential, as GitHub's is.
    pub(super) fn conditional(mut self, ask: &Ask) -> Self {
        if ask.method != "GET" || self.status != 200 {
            return self;
        }
        let mut hash = Sha256::new();
        hash.update(&self.body);
        hash.update(ask.header("authorization").unwrap_or_default());
        let tag = format!("W/\"{}\"", hex::encode(hash.finalize()));
        let known = ask.header("if-none-match").unwrap_or_default();
        if known.split(',').any(|known| known.trim() == tag) {
            self.status = 304;
            self.body.clear();
            self.headers.retain(|(name, _)| name != "link");
        }
        self.with("etag", tag)
    }
}

/// `<...?page=2>; rel="next"` and its kin; nothing when there is one page only.
pub(super) fn links(ask: &Ask, page: usize, last: usize) -> Option<String> {
    if last <= 1 && page <= 1 {
        return None;
    }
    let to = |page: usize, rel: &str| {
        let mut query = ask.query.clone();
        query.insert("page".to_owned(), page.to_string());
        let pairs: Vec<String> = query.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!(
            "<{}{}?{}>; rel=\"{rel}\"",
            ask.base,
            ask.path,
            pairs.join("&")
        )
    };
    let mut all = Vec::new();
    if page > 1 {
        all.push(to(page - 1, "prev"));
    }
    if page < last {
        all.push(to(page + 1, "next"));
        all.push(to(last, "last"));
    }
    if page > 1 {
        all.push(to(1, "first"));
    }
    Some(all.join(", "))
}
