//! The JWT by which an App says who it is: RS256, good for nine minutes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// GitHub takes ten minutes at most, by its own clock.
const LASTS: i64 = 9 * 60;
/// Our clock may be ahead of GitHub's.
const CLOCK: i64 = 60;

/// An App's private key.
pub struct Signer {
    key: KeyPair,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// Reads `-----BEGIN RSA PRIVATE KEY-----`, as GitHub hands it out, or the same as PKCS#8.
    pub(crate) fn of_pem(pem: &SecretString) -> Result<Self, String> {
        // Who put it into JSON by hand may have escaped the line breaks twice.
        let pem = pem.expose_secret().replace("\\n", "\n");
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes());
        let key = match der.map_err(|_| "there is no key in it".to_owned())? {
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err("it is another kind of key".to_owned()),
        };
        match key {
            Ok(key) => Ok(Self { key }),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The App's name, signed at `now`.
    pub(crate) fn sign(&self, app: &str, now: Timestamp) -> Result<SecretString, String> {
        let header = json!({ "alg": "RS256", "typ": "JWT" });
        let second = now.as_second();
        // Numbers were the first form; servers of enterprises may know no other.
        let issuer = match app.parse::<u64>() {
            Ok(number) => json!(number),
            Err(_) => json!(app),
        };
        let claims = json!({ "iat": second - CLOCK, "exp": second + LASTS, "iss": issuer });
        let encoded = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encoded(&header), encoded(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = SystemRandom::new();
        let signed = self.key.sign(
            &RSA_PKCS1_SHA256,
            &random,
            message.as_bytes(),
            &mut signature,
        );
        signed.map_err(|_| "the App's key cannot sign".to_owned())?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(SecretString::from(format!("{message}.{signature}")))
    }
}
