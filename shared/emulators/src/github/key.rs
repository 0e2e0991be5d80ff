//! A key pair for an App of tests, made by the `openssl` program: nothing that ends in this crate
//! makes RSA keys.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rsa::KeyPair as RsaKeyPair;

/// A fresh RSA key pair of 2,048 bits.
#[derive(Clone)]
pub struct KeyPair {
    pem: String,
    public: Vec<u8>,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair")
    }
}

impl KeyPair {
    /// Makes one.
    ///
    /// # Panics
    /// When there is no `openssl`, or its answer is no key.
    #[must_use]
    pub fn make() -> Self {
        // Before version 3 the traditional form was the only one and its flag unknown.
        let pem = run(&["genrsa", "-traditional", "2048"]).or_else(|| run(&["genrsa", "2048"]));
        let pem = pem.expect("`openssl` makes a key");
        let der = der(&pem).expect("openssl writes PEM");
        let pair = RsaKeyPair::from_der(&der).expect("it is a key of PKCS#1");
        Self {
            public: pair.public().as_ref().to_vec(),
            pem,
        }
    }

    /// The private key, as GitHub hands it out: `-----BEGIN RSA PRIVATE KEY-----`.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }
}

fn run(arguments: &[&str]) -> Option<String> {
    let output = Command::new("openssl").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && text.contains("BEGIN RSA PRIVATE KEY")).then_some(text)
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).ok()
}
