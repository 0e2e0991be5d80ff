//! The form of an input that is more than one text: header lines, an empty line, a body.

use std::borrow::Cow;

/// An input taken apart. Every sequence of bytes is one.
#[derive(Debug)]
pub struct Sections<'a> {
    head: Vec<(Cow<'a, str>, &'a [u8])>,
    /// What follows the first empty line.
    pub body: &'a [u8],
}

impl<'a> Sections<'a> {
    /// `name: value` lines up to the first empty line; the rest is the body. A line without a
    /// colon is a name without a value.
    pub fn of(data: &'a [u8]) -> Self {
        let mut head = Vec::new();
        let mut rest = data;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let line = &rest[..end.unwrap_or(rest.len())];
            rest = end.map_or(&[][..], |end| &rest[end + 1..]);
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|byte| *byte == b':');
            let name = &line[..colon.unwrap_or(line.len())];
            let value = colon.map_or(&[][..], |colon| &line[colon + 1..]);
            let value = value.strip_prefix(b" ").unwrap_or(value);
            head.push((String::from_utf8_lossy(name), value));
        }
        Self { head, body: rest }
    }

    /// The first value of this name, as it is.
    pub fn bytes(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.head.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| *value)
    }

    /// The first value of this name, if it is text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(name)?).ok()
    }

    /// All lines in front of the body.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &'a [u8])> {
        self.head
            .iter()
            .map(|(name, value)| (name.as_ref(), *value))
    }
}
