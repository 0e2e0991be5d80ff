//! How GitHub signs and labels a delivery; written apart from the code that verifies it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `X-Hub-Signature-256` for `body`.
///
/// # Panics
/// Never: HMAC takes keys of any length.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// All headers GitHub sends with `body`; `delivery` is a GUID.
pub fn headers(
    event: &str,
    delivery: &str,
    hook_id: u64,
    repository_id: u64,
    secret: &str,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    vec![
        ("Accept", "*/*".to_owned()),
        ("Content-Type", "application/json".to_owned()),
        ("User-Agent", "GitHub-Hookshot/0000000".to_owned()),
        ("X-GitHub-Delivery", delivery.to_owned()),
        ("X-GitHub-Event", event.to_owned()),
        ("X-GitHub-Hook-ID", hook_id.to_string()),
        (
            "X-GitHub-Hook-Installation-Target-ID",
            repository_id.to_string(),
        ),
        (
            "X-GitHub-Hook-Installation-Target-Type",
            "repository".to_owned(),
        ),
        ("X-Hub-Signature-256", sign(secret, body)),
    ]
}
