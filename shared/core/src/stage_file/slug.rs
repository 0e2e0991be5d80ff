//! Stage names made from texts that people chose.
//!
//! A name that went through unharmed is itself. One that lost anything (a character, its
//! case, its end) gets a hash of the whole, so that two texts never share a stage silently.

use sha2::{Digest, Sha256};

use crate::name::StageName;

/// A stage name has at most this many characters.
pub const STAGE_NAME_MAX: usize = 24;
/// Digits of the hash that is added when something was lost.
const HASH_DIGITS: usize = 6;

/// A legal stage name for any text: lower-case letters, digits and `-`, 1 to 24 characters,
/// never with `-` at an end.
pub fn slug(text: &str) -> StageName {
    if is_stage_name(text) {
        return StageName::new(text);
    }
    suffixed(text, text)
}

/// Like [`slug`], but always with a hash; of `identity`, where `text` alone is ambiguous.
pub fn suffixed(text: &str, identity: &str) -> StageName {
    let mut base = reduced(text);
    base.truncate(STAGE_NAME_MAX - HASH_DIGITS - 1);
    let base = base.trim_end_matches('-');
    let hash = hex::encode(Sha256::digest(identity.as_bytes()));
    let hash = &hash[..HASH_DIGITS];
    if base.is_empty() {
        StageName::new(hash)
    } else {
        StageName::new(format!("{base}-{hash}"))
    }
}

/// Whether `text` can be a stage's name as it is.
pub fn is_stage_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= STAGE_NAME_MAX
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(is_name_byte)
}

/// Lower-case letters, digits, `-`.
pub fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// What is left of a text in the alphabet of stage names; may be empty.
pub fn reduced(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(STAGE_NAME_MAX * 2));
    for c in text.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() > STAGE_NAME_MAX {
            break;
        }
    }
    while out.ends_with('-') {
        out.pop();
    }
    out
}
