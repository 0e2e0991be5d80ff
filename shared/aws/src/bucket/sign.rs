//! AWS's signature, version 4, of a request that asks S3 for an object: no query, no body.

use aws_credential_types::Credentials;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::Url;
use sha2::{Digest as _, Sha256};

/// The headers that `address` is asked for with; all of its path are characters that stand for
/// themselves.
///
/// # Errors
/// A sentence: it is no address.
pub(super) fn get(
    address: &str,
    region: &str,
    credentials: &Credentials,
    now: Timestamp,
) -> Result<Vec<(&'static str, String)>, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    let host = url.host_str().ok_or("the address has no host")?;
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let empty = hex::encode(Sha256::digest(b""));
    let at = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &at[..8];
    // In the order of their names.
    let mut headers = vec![
        ("host", host),
        ("x-amz-content-sha256", empty.clone()),
        ("x-amz-date", at.clone()),
    ];
    if let Some(token) = credentials.session_token() {
        headers.push(("x-amz-security-token", token.to_owned()));
    }
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let request = format!("GET\n{}\n\n{lines}\n{names}\n{empty}", url.path());
    let scope = format!("{day}/{region}/s3/aws4_request");
    let request = hex::encode(Sha256::digest(request.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{request}");
    let secret = format!("AWS4{}", credentials.secret_access_key());
    let key = [day, region, "s3", "aws4_request"]
        .into_iter()
        .fold(secret.into_bytes(), |key, part| mac(&key, part));
    let signature = hex::encode(mac(&key, &text));
    let id = credentials.access_key_id();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"
    );
    headers.retain(|(name, _)| *name != "host");
    headers.push(("authorization", authorization));
    Ok(headers)
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

    /// The same request, signed by AWS's own tools.
    #[test]
    fn a_request_is_signed_as_awss_own_tools_sign_it() {
        let credentials = Credentials::new(
            "AKIDEXAMPLE",
            "secret",
            Some("token".to_owned()),
            None,
            "test",
        );
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
        let address = "https://bucket.s3.eu-central-1.amazonaws.com/reports/ab.tar.gz";
        let headers = get(address, "eu-central-1", &credentials, now).expect("signed");
        let (_, authorization) = headers.last().expect("a header");
        assert_eq!(authorization, EXPECTED);
        assert!(get("nonsense", "eu-central-1", &credentials, now).is_err());
    }

    const EXPECTED: &str = "AWS4-HMAC-SHA256 \
        Credential=AKIDEXAMPLE/20260302/eu-central-1/s3/aws4_request, \
        SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, \
        Signature=257a24a5cb9d5e1a8fd777fcfde6ce2119a3a8cddb3c70e19aa90b01ce51c451";
}
