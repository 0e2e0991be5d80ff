//! Addresses that we link to.

/// An `http` or `https` address of ours, safe inside a quoted attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebAddress(String);

impl WebAddress {
    /// `None` for another scheme, for anything but visible ASCII, and beyond 512 characters.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))?;
        let legal =
            |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`');
        let starts_with_host = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        (starts_with_host && text.len() <= 512 && text.chars().all(legal))
            .then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
