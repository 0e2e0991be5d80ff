//! The address of a request. The API hands its path on decoded or not, depending on what stands in
//! it; either way it becomes one that routes understand.

use axum::http::Uri;
use axum::http::uri::InvalidUri;

/// The address of `path` with `query`, which is still encoded.
///
/// # Errors
/// It is too long, or nobody's address.
pub fn address(path: &str, query: &str) -> Result<Uri, InvalidUri> {
    let mut text = String::with_capacity(path.len() + query.len() + 1);
    for byte in path.bytes() {
        encode(byte, b"?#", &mut text);
    }
    if !query.is_empty() {
        text.push('?');
        for byte in query.bytes() {
            encode(byte, b"#", &mut text);
        }
    }
    text.parse()
}

/// What has no place in an address, and what would end this part of it, is written as `%xx`.
fn encode(byte: u8, ends: &[u8], to: &mut String) {
    let legal = byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) && !ends.contains(&byte);
    if legal {
        to.push(char::from(byte));
    } else {
        to.push_str(&format!("%{byte:02X}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decoded_is_encoded_again_and_what_is_encoded_stays() {
        let of = |path, query| address(path, query).map(|uri| uri.to_string()).ok();
        assert_eq!(
            of("/api/v1/stages/qa", "app=acme%2Forders").as_deref(),
            Some("/api/v1/stages/qa?app=acme%2Forders")
        );
        assert_eq!(of("/a b/ö", "").as_deref(), Some("/a%20b/%C3%B6"));
        assert_eq!(of("/a%2Fb?c#d", "").as_deref(), Some("/a%2Fb%3Fc%23d"));
        assert_eq!(of("", "").as_deref(), None);
    }
}
