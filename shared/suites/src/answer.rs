//! An answer of the stage, and its body in the forms tests ask for.

use std::cell::OnceCell;
use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use url::Url;

use crate::charset;

/// A larger body, as sent or unpacked, is not read to its end.
pub(crate) const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why a body has no such form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// The stage sent something it should not have.
    Wrong(String),
    /// We cannot read it.
    Unknown(String),
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// `HTTP/1.1` and the like.
    pub version: &'static str,
    pub status: u16,
    /// In the order sent.
    pub headers: Vec<(String, String)>,
    pub url: Url,
    pub duration: Duration,
    body: Bytes,
    unpacked: OnceCell<Result<Bytes, BodyError>>,
    text: OnceCell<Result<String, BodyError>>,
    json: OnceCell<Result<serde_json::Value, BodyError>>,
}

impl Answer {
    pub fn new(
        version: &'static str,
        status: u16,
        headers: Vec<(String, String)>,
        url: Url,
        duration: Duration,
        body: Bytes,
    ) -> Self {
        let (unpacked, text, json) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self {
            version,
            status,
            headers,
            url,
            duration,
            body,
            unpacked,
            text,
            json,
        }
    }

    /// All values of a header, in order.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body, its `Content-Encoding` taken off.
    pub fn bytes(&self) -> Result<&Bytes, BodyError> {
        self.unpacked
            .get_or_init(|| self.unpack())
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str, BodyError> {
        self.text
            .get_or_init(|| self.decode())
            .as_deref()
            .map_err(Clone::clone)
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<&serde_json::Value, BodyError> {
        let parse = || {
            serde_json::from_str(self.text()?)
                .map_err(|_| BodyError::Wrong("the body is not JSON".to_owned()))
        };
        self.json.get_or_init(parse).as_ref().map_err(Clone::clone)
    }

    fn unpack(&self) -> Result<Bytes, BodyError> {
        let Some(encodings) = self.header_values("content-encoding").next() else {
            return Ok(self.body.clone());
        };
        let mut body = self.body.clone();
        for encoding in encodings.split(',') {
            body = match encoding.trim() {
                "identity" => body,
                "gzip" => inflate(MultiGzDecoder::new(body.as_ref()), "gzip")?,
                "deflate" => inflate(ZlibDecoder::new(body.as_ref()), "deflate")?,
                "br" => {
                    return Err(BodyError::Unknown(
                        "the body is packed with brotli, which is not supported".to_owned(),
                    ));
                }
                other => {
                    return Err(BodyError::Wrong(format!(
                        "the body has the unknown Content-Encoding {other}"
                    )));
                }
            };
        }
        Ok(body)
    }

    fn decode(&self) -> Result<String, BodyError> {
        let bytes = self.bytes()?;
        let encoding = charset::of_content_type(self.header_values("content-type").next())
            .map_err(|label| {
                BodyError::Wrong(format!(
                    "the Content-Type names the unknown charset {label}"
                ))
            })?;
        charset::decode(bytes, encoding)
            .ok_or_else(|| BodyError::Wrong(format!("the body is not {}", encoding.name())))
    }
}

fn inflate(packed: impl Read, name: &str) -> Result<Bytes, BodyError> {
    let mut body = Vec::new();
    let limit = BODY_BYTES_MAX as u64 + 1;
    packed.take(limit).read_to_end(&mut body).map_err(|_| {
        BodyError::Wrong(format!(
            "the body is not {name}, as its Content-Encoding says"
        ))
    })?;
    if body.len() > BODY_BYTES_MAX {
        return Err(BodyError::Unknown(too_large()));
    }
    Ok(body.into())
}

/// The sentence for a body above the cap.
pub(crate) fn too_large() -> String {
    format!(
        "the body is larger than {} MiB, which is not read to its end",
        BODY_BYTES_MAX / 1024 / 1024
    )
}
