//! Secrets taken out of everything that leaves a run.
//!
//! A stage may send a secret back escaped in any of a dozen ways, and in several at once: in JSON
//! inside JSON, in a URL with some characters encoded and some not. So each
//! character of a secret is recognised in all its spellings. Texts are cleaned whole and cut
//! afterwards: cutting first could leave half a secret that no longer matches.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::spelling;
use crate::value::hex;

const MASK: &str = "***";

/// Knows the secrets of a run.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret that begins another leaves no rest of it.
    known: Vec<Vec<char>>,
}

impl Redactor {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut redactor = Self::default();
        secrets
            .into_iter()
            .for_each(|secret| redactor.learn(secret));
        redactor
    }

    /// Adds a secret, and the forms in which nothing of it is left to recognise.
    pub fn learn(&mut self, secret: &str) {
        let forms = BTreeSet::from([
            secret.to_owned(),
            secret.trim().to_owned(),
            STANDARD.encode(secret),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            hex(secret.as_bytes()),
        ]);
        // White space alone is no secret, and masking it would garble every message.
        let forms = forms.iter().filter(|form| !form.trim().is_empty());
        self.known.extend(forms.map(|form| form.chars().collect()));
        self.known
            .sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        self.known.dedup();
    }

    /// `text` with every secret masked.
    pub fn clean(&self, text: &str) -> String {
        if self.known.is_empty() {
            return text.to_owned();
        }
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match self
                .known
                .iter()
                .find_map(|secret| spelling::spelled(rest, secret))
            {
                Some(length) => {
                    clean.push_str(MASK);
                    rest = &rest[length..];
                }
                None => {
                    clean.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        clean
    }

    /// `text` cleaned, on one line, at most `length_max` characters.
    pub fn short(&self, text: &str, length_max: usize) -> String {
        let clean = self.clean(text);
        let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        let line: String = words.chars().filter(|c| !c.is_control()).collect();
        if line.chars().count() <= length_max {
            return line;
        }
        line.chars()
            .take(length_max.saturating_sub(3))
            .chain("...".chars())
            .collect()
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
            "p/ss%20%22w%c3%b6rd%22",
            "p%252Fss%2520%2522w%25C3%25B6rd%2522",
            "p%2Fss+%22w%C3%B6rd%22",
            "{\"a\":\"p/ss \\\"wörd\\\"\"}",
            "{\"a\":\"{\\\"b\\\":\\\"p\\/ss \\\\\\\"w\\u00f6rd\\\\\\\"\\\"}\"}",
            "p/ss &quot;w&#246;rd&#x22;",
            "p/ss &amp;quot;wörd&amp;quot;",
            "p/ss \\&quot;wörd\\\\&quot;",
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
    fn only_secrets_are_masked() {
        let redactor = Redactor::new(["token", " "]);
        assert_eq!(redactor.clean("a token, a tok en"), "a ***, a tok en");
        assert_eq!(Redactor::default().clean("a token"), "a token");
    }

    #[test]
    fn cutting_never_leaves_half_a_secret() {
        let redactor = Redactor::new(["0123456789"]);
        assert_eq!(redactor.short("aaaa0123456789bbbb", 9), "aaaa**...");
        assert_eq!(redactor.short("a\nb\tc\u{1b}", 100), "a b c");
    }

    #[test]
    fn a_long_secret_is_no_burden() {
        let secret = "-----BEGIN/+KEY= ".repeat(500);
        let redactor = Redactor::new([secret.as_str()]);
        assert_eq!(redactor.clean(&format!("x{secret}y")), "x***y");
    }
}
