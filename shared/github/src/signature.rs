//! Who sent a webhook: HMAC-SHA256 over the raw body, compared in constant time.
//!
//! GitHub signs with one secret per hook and knows no overlap, so a rotation without downtime
//! needs two secrets that are good at once. Which one matched is told to the caller, so that
//! people can see when the old one is no longer used.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

#[cfg(test)]
mod tests;

/// What the header's value begins with; the legacy `sha1=` is not accepted.
const SCHEME: &[u8] = b"sha256=";
/// Bytes of a SHA-256 tag.
const TAG_BYTES: usize = 32;

/// One or two live webhook secrets.
///
/// Only the keyed states are kept: the secrets themselves can be neither printed nor read back,
/// and the key is expanded once, not for each webhook.
#[derive(Clone)]
pub struct Secrets {
    current: Hmac<Sha256>,
    previous: Option<Hmac<Sha256>>,
}

impl Secrets {
    /// Takes the current secret and, during a rotation, the one before it.
    ///
    /// # Errors
    /// A secret that is empty or blank: anybody could sign with it.
    pub fn new(current: &str, previous: Option<&str>) -> Result<Self, BlankSecret> {
        Ok(Self {
            current: keyed(current).ok_or(BlankSecret { which: "current" })?,
            previous: previous
                .map(|secret| keyed(secret).ok_or(BlankSecret { which: "previous" }))
                .transpose()?,
        })
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = 1 + usize::from(self.previous.is_some());
        write!(f, "Secrets({count} live)")
    }
}

/// A webhook secret without content; the operator must set a real one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the {which} webhook secret is blank, so anybody could sign with it")]
pub struct BlankSecret {
    /// `current` or `previous`.
    pub which: &'static str,
}

/// Which of the live secrets signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Matched {
    Current,
    /// The rotation is not over: somebody still signs with the old secret.
    Previous,
}

/// Why a webhook is not taken for GitHub's. Each is answered with 401 and stores nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignatureError {
    /// The hook has no secret configured.
    #[error("the request carries no X-Hub-Signature-256 header; set a secret on the webhook")]
    Missing,
    /// Not `sha256=` and 64 hexadecimal digits.
    #[error("X-Hub-Signature-256 is not `sha256=` followed by 64 hexadecimal digits")]
    Malformed,
    /// Signed with another secret, or the body was changed on its way.
    #[error("X-Hub-Signature-256 does not fit the body and any live webhook secret")]
    Wrong,
}

/// Checks the value of `X-Hub-Signature-256` against the raw body, exactly as it was received.
///
/// # Errors
/// When the header is absent or malformed, or when no live secret made this signature.
pub fn verify(
    header: Option<&[u8]>,
    body: &[u8],
    secrets: &Secrets,
) -> Result<Matched, SignatureError> {
    let claimed = tag(header.ok_or(SignatureError::Missing)?)?;
    if signed(&secrets.current, body, &claimed) {
        return Ok(Matched::Current);
    }
    match &secrets.previous {
        Some(previous) if signed(previous, body, &claimed) => Ok(Matched::Previous),
        _ => Err(SignatureError::Wrong),
    }
}

fn keyed(secret: &str) -> Option<Hmac<Sha256>> {
    if secret.trim().is_empty() {
        return None;
    }
    Hmac::new_from_slice(secret.as_bytes()).ok()
}

fn tag(header: &[u8]) -> Result<[u8; TAG_BYTES], SignatureError> {
    let digits = header
        .strip_prefix(SCHEME)
        .ok_or(SignatureError::Malformed)?;
    let mut tag = [0; TAG_BYTES];
    hex::decode_to_slice(digits, &mut tag).map_err(|_| SignatureError::Malformed)?;
    Ok(tag)
}

fn signed(key: &Hmac<Sha256>, body: &[u8], claimed: &[u8; TAG_BYTES]) -> bool {
    key.clone().chain_update(body).verify_slice(claimed).is_ok()
}
