//! AWS's signature, version 4, for calls to other emulated services: some check it.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::options::Endpoint;

/// The headers that sign a POST of `body` to `path`. `headers` are signed too; their names are
/// lower case, in order, and `host` is among them.
pub(super) fn headers(
    endpoint: &Endpoint,
    service: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    now: Timestamp,
) -> [(&'static str, String); 2] {
    let at = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &at[..8];
    let mut all: Vec<(&str, &str)> = headers.to_vec();
    all.push(("x-amz-date", &at));
    all.sort_unstable();
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String = all
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let request = format!(
        "POST\n{path}\n\n{lines}\n{names}\n{}",
        hex::encode(Sha256::digest(body))
    );
    let scope = format!("{day}/{}/{service}/aws4_request", endpoint.region);
    let text = format!(
        "AWS4-HMAC-SHA256\n{at}\n{scope}\n{}",
        hex::encode(Sha256::digest(request.as_bytes()))
    );
    let mut key = mac(format!("AWS4{}", endpoint.secret).as_bytes(), day);
    for part in [endpoint.region.as_str(), service, "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = hex::encode(mac(&key, &text));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        endpoint.key_id
    );
    [("x-amz-date", at), ("authorization", authorization)]
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The POST of AWS's own published test vectors (`post-vanilla`).
    #[test]
    fn the_published_vector_is_met() {
        let endpoint = Endpoint {
            url: String::new(),
            region: "us-east-1".to_owned(),
            key_id: "AKIDEXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        };
        let now: Timestamp = "2015-08-30T12:36:00Z".parse().expect("a time");
        let host = [("host", "example.amazonaws.com")];
        let [_, (_, authorization)] = headers(&endpoint, "service", "/", &host, b"", now);
        let expected = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
        assert!(authorization.ends_with(expected), "{authorization}");
    }
}
