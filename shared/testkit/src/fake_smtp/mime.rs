//! Reading a mail back, as far as tests need it.

/// A mail the server took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedMail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Headers and body as they came, dots unstuffed.
    pub raw: String,
}

impl ReceivedMail {
    /// A mail as it came: envelope, and headers and body with dots unstuffed.
    pub fn new(from: String, to: Vec<String>, raw: String) -> Self {
        Self { from, to, raw }
    }

    /// Every value of a header, unfolded, still encoded.
    pub fn headers(&self, name: &str) -> Vec<String> {
        headers_of(&self.raw, name)
    }

    /// The value of a header that is there once.
    ///
    /// # Panics
    /// When it is not.
    pub fn header(&self, name: &str) -> String {
        let mut values = self.headers(name);
        assert_eq!(values.len(), 1, "{name} is there {} times", values.len());
        values.remove(0)
    }

    /// The subject as people read it.
    pub fn subject(&self) -> String {
        decode_words(&self.header("Subject"))
    }

    /// The decoded part of this content type, of a `multipart/alternative`.
    pub fn part(&self, kind: &str) -> Option<String> {
        let content = self.header("Content-Type");
        let boundary = content.split("boundary=\"").nth(1)?.split('"').next()?;
        let body = self.raw.split_once("\r\n\r\n")?.1;
        let part = body
            .split(&format!("--{boundary}"))
            .map(|part| part.trim_start_matches("\r\n"))
            .find(|part| {
                headers_of(part, "Content-Type")
                    .first()
                    .is_some_and(|value| value.starts_with(kind))
            })?;
        let (_, text) = part.split_once("\r\n\r\n")?;
        let encoding = headers_of(part, "Content-Transfer-Encoding").join("");
        let bytes = match encoding.as_str() {
            "base64" => decode_base64(&text.replace("\r\n", ""))?,
            "quoted-printable" => decode_quoted(text),
            _ => text.as_bytes().to_vec(),
        };
        let text = String::from_utf8(bytes).ok()?.replace("\r\n", "\n");
        Some(text.trim_end().to_owned())
    }

    /// What a strict server would refuse it for.
    pub fn first_problem(&self) -> Option<&'static str> {
        for name in [
            "From",
            "To",
            "Date",
            "Subject",
            "Message-ID",
            "MIME-Version",
        ] {
            if self.headers(name).len() != 1 {
                return Some("554 5.6.0 a required header is missing or there twice");
            }
        }
        let head = self.raw.split_once("\r\n\r\n").map(|(head, _)| head)?;
        (!head.is_ascii()).then_some("554 5.6.0 a header is not ASCII")
    }
}

fn headers_of(raw: &str, name: &str) -> Vec<String> {
    let head = raw.split_once("\r\n\r\n").map_or(raw, |(head, _)| head);
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

/// Decodes the base64 words of RFC 2047 in a header.
fn decode_words(value: &str) -> String {
    let mut out = String::new();
    let mut after_word = false;
    for word in value.split(' ') {
        let decoded = word
            .strip_prefix("=?utf-8?b?")
            .and_then(|rest| rest.strip_suffix("?="))
            .and_then(decode_base64)
            .and_then(|bytes| String::from_utf8(bytes).ok());
        // The space between two encoded words is not part of the text.
        let joins = after_word && decoded.is_some();
        if !(out.is_empty() || joins) {
            out.push(' ');
        }
        after_word = decoded.is_some();
        out.push_str(&decoded.unwrap_or_else(|| word.to_owned()));
    }
    out
}

pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut held) = (0u32, 0u32);
    for b in text.trim_end_matches('=').bytes() {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
}

fn decode_quoted(text: &str) -> Vec<u8> {
    let joined = text.replace("=\r\n", "");
    let mut out = Vec::new();
    let mut bytes = joined.bytes();
    while let Some(b) = bytes.next() {
        if b != b'=' {
            out.push(b);
            continue;
        }
        let pair = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
        let code = std::str::from_utf8(&pair)
            .ok()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(code.unwrap_or(b'?'));
    }
    out
}
