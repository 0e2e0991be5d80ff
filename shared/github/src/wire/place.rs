//! The field a parser's complaint is about, found from where in the body it stopped.
//!
//! Parsers tell line and column, which says nothing about a body on one line. Walking the body
//! once more, only after a failure, costs the good ones nothing.

/// Fields deeper than this are named by the one that holds them: a body can be all brackets.
const DEPTH: usize = 16;
/// Of a key, which is as untrusted as the rest.
const KEY_CHARS: usize = 60;

/// The path of the field at `line` and `column` (both from 1, columns in bytes), as
/// `pull_request.labels[3].name`; `None` when it is in no field.
pub fn of(body: &[u8], line: usize, column: usize) -> Option<String> {
    let start = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum::<usize>();
    let end = start.saturating_add(column).min(body.len());
    Walk::default().to(&body[..end])
}

enum Holder {
    Object { key: String },
    Array { index: usize },
}

#[derive(Default)]
struct Walk {
    holders: Vec<Holder>,
    /// Brackets open beyond `DEPTH`.
    deeper: usize,
    /// The next string is a key.
    at_key: bool,
}

impl Walk {
    fn to(mut self, body: &[u8]) -> Option<String> {
        let mut rest = body;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'"' => {
                    let end = string_end(rest);
                    if self.at_key {
                        self.key(&rest[..end]);
                    }
                    rest = rest.get(end + 1..).unwrap_or_default();
                }
                b'{' => self.open(Holder::Object { key: String::new() }),
                b'[' => self.open(Holder::Array { index: 0 }),
                b'}' | b']' => self.close(),
                b':' => self.at_key = false,
                b',' => self.next(),
                _ => {}
            }
        }
        self.path()
    }

    fn open(&mut self, holder: Holder) {
        if self.holders.len() == DEPTH {
            self.deeper += 1;
            self.at_key = false;
            return;
        }
        self.at_key = matches!(holder, Holder::Object { .. });
        self.holders.push(holder);
    }

    fn close(&mut self) {
        self.at_key = false;
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.holders.pop();
        }
    }

    fn next(&mut self) {
        if self.deeper > 0 {
            return;
        }
        match self.holders.last_mut() {
            Some(Holder::Object { .. }) => self.at_key = true,
            Some(Holder::Array { index }) => *index += 1,
            None => {}
        }
    }

    fn key(&mut self, raw: &[u8]) {
        if let (0, Some(Holder::Object { key })) = (self.deeper, self.holders.last_mut()) {
            *key = String::from_utf8_lossy(raw)
                .chars()
                .filter(|letter| !letter.is_control())
                .take(KEY_CHARS)
                .collect();
        }
    }

    fn path(self) -> Option<String> {
        let mut path = String::new();
        for holder in self.holders {
            match holder {
                Holder::Object { key } if key.is_empty() => {}
                Holder::Object { key } if path.is_empty() => path.push_str(&key),
                Holder::Object { key } => path.extend([".", &key]),
                Holder::Array { index } => path.push_str(&format!("[{index}]")),
            }
        }
        (!path.is_empty()).then_some(path)
    }
}

/// Where the string that begins before `rest` ends: the index of its closing quote.
fn string_end(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn the_field_around_an_offset_is_named_by_its_path() {
        let body = br#"{"a":{"b\"":[1,{"c":"x,y"}],"d":2},"e":[]}"#;
        let cases = [
            (1, ""),
            (6, "a"),
            (14, "a.b\\\"[0]"),
            (25, "a.b\\\"[1].c"),
            (33, "a.d"),
            (34, "a"),
            (41, "e"),
        ];
        for (column, path) in cases {
            let column = column.min(body.len());
            let found = of(body, 1, column).unwrap_or_default();
            assert_eq!(found, path, "at {column}");
        }
    }

    #[test]
    fn lines_are_counted() {
        assert_eq!(of(b"{\"a\":1,\n\"b\":true\n}", 2, 8).as_deref(), Some("b"));
    }

    #[test]
    fn a_body_of_brackets_is_walked_in_bounded_memory() {
        let body = vec![b'['; 4 << 20];
        assert_eq!(of(&body, 1, body.len()), Some("[0]".repeat(16)));
    }
}
