//! Bytes to text, by the encodings of the WHATWG standard.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The encoding with this label, if there is one.
pub(crate) fn by_name(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.as_bytes())
}

/// The text of `bytes`; `None` if they are not in that encoding. Never replaces what it cannot read.
pub(crate) fn decode(bytes: &[u8], encoding: &'static Encoding) -> Option<String> {
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
}

/// A header's text: UTF-8, or else Windows-1252 as browsers read it.
pub(crate) fn header_text(bytes: &[u8]) -> String {
    decode(bytes, UTF_8)
        .or_else(|| decode(bytes, WINDOWS_1252))
        .unwrap_or_default()
}

/// The encoding a `Content-Type` names, UTF-8 if none.
pub(crate) fn of_content_type(content_type: Option<&str>) -> Result<&'static Encoding, String> {
    let label = content_type.and_then(|value| {
        value.split(';').find_map(|part| {
            let (name, label) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| label.trim())
        })
    });
    match label {
        None => Ok(UTF_8),
        Some(label) => by_name(label).ok_or_else(|| label.to_owned()),
    }
}
