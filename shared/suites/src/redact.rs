//! Secrets taken out of everything that leaves a run.
//!
//! Texts are cleaned whole and cut afterwards: cutting first could leave half a secret that no
//! longer matches.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::percent;
use crate::value::hex;

const MASK: &str = "***";

/// Knows the secrets of a run in the forms they may come back in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret inside another leaves no rest.
    needles: Vec<String>,
}

impl Redactor {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut redactor = Self::default();
        secrets
            .into_iter()
            .for_each(|secret| redactor.learn(secret));
        redactor
    }

    /// Adds a secret, with its encodings.
    pub fn learn(&mut self, secret: &str) {
        let json = serde_json::Value::from(secret).to_string();
        let forms = [
            secret.to_owned(),
            secret.trim().to_owned(),
            percent::encode(secret, b"-._~"),
            percent::encode(secret, b"-._~/"),
            percent::encode(secret, b"-._* ").replace(' ', "+"),
            json.trim_matches('"').to_owned(),
            secret
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#x27;"),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            hex(secret.as_bytes()),
        ];
        // White space alone is no secret, and masking it would garble every message.
        self.needles
            .extend(forms.into_iter().filter(|form| !form.trim().is_empty()));
        self.needles
            .sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        self.needles.dedup();
    }

    /// `text` with every secret masked.
    pub fn clean(&self, text: &str) -> String {
        self.needles.iter().fold(text.to_owned(), |text, needle| {
            if text.contains(needle.as_str()) {
                text.replace(needle, MASK)
            } else {
                text
            }
        })
    }

    /// `text` cleaned, on one line, at most `length_max` characters.
    pub fn short(&self, text: &str, length_max: usize) -> String {
        let clean = self.clean(text);
        let mut line: String = clean
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        if line.chars().count() > length_max {
            line = line
                .chars()
                .take(length_max.saturating_sub(3))
                .chain("...".chars())
                .collect();
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_in_every_form_it_comes_back_in() {
        let redactor = Redactor::new(["p/ss \"wörd\""]);
        for text in [
            "p/ss \"wörd\"",
            "p%2Fss%20%22w%C3%B6rd%22",
            "p%2Fss+%22w%C3%B6rd%22",
            "{\"a\":\"p/ss \\\"wörd\\\"\"}",
            "cC9zcyAid8O2cmQi",
        ] {
            let clean = redactor.clean(text);
            assert!(
                clean.contains(MASK) && !clean.contains("rd"),
                "{text} -> {clean}"
            );
        }
    }

    #[test]
    fn cutting_never_leaves_half_a_secret() {
        let redactor = Redactor::new(["0123456789"]);
        assert_eq!(redactor.short("aaaa0123456789bbbb", 9), "aaaa**...");
        assert_eq!(redactor.short("a\nb\tc\u{1b}", 100), "a b c");
    }
}
