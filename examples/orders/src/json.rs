//! As much JSON as the service speaks: numbers are whole.

use std::fmt;

/// Nothing the service speaks is nested deeper.
const DEPTH: usize = 16;

#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// An object of these fields, in this order.
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

impl Value {
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(it, _)| it == name).map(|(_, it)| it),
            _ => None,
        }
    }
    pub fn number(&self) -> Option<i64> {
        if let Self::Number(number) = self {
            Some(*number)
        } else {
            None
        }
    }
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }
    pub fn list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self {
            Some(items)
        } else {
            None
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(it) => write!(f, "{it}"),
            Self::Number(it) => write!(f, "{it}"),
            Self::Text(it) => write_text(f, it),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(fields) => {
                f.write_str("{")?;
                for (at, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    write_text(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(f, "\\{letter}")?,
            letter if (letter as u32) < 0x20 => write!(f, "\\u{:04x}", letter as u32)?,
            letter => write!(f, "{letter}")?,
        }
    }
    f.write_str("\"")
}

/// Reads one value and nothing after it.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the body is not UTF-8")?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.wrong("the end"));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEPTH {
            return Err(self.wrong("something less deep"));
        }
        self.space();
        match self.rest().bytes().next() {
            Some(b'{') => self.fields(depth),
            Some(b'[') => self.items(depth),
            Some(b'"') => self.text().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.eat("null") => Ok(Value::Null),
            _ if self.eat("true") => Ok(Value::Bool(true)),
            _ if self.eat("false") => Ok(Value::Bool(false)),
            _ => Err(self.wrong("a value")),
        }
    }

    fn fields(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut fields = Vec::new();
        while !self.ends("}", fields.is_empty())? {
            self.space();
            let name = self.text()?;
            self.space();
            if !self.eat(":") {
                return Err(self.wrong("`:`"));
            }
            fields.push((name, self.value(depth + 1)?));
        }
        Ok(Value::Object(fields))
    }

    fn items(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.ends("]", items.is_empty())? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::List(items))
    }

    /// Whether the collection ends here; if not, what divides its parts has been read.
    fn ends(&mut self, end: &str, first: bool) -> Result<bool, String> {
        self.space();
        if self.eat(end) {
            return Ok(true);
        }
        if first || self.eat(",") {
            return Ok(false);
        }
        Err(self.wrong(&format!("`,` or `{end}`")))
    }

    fn number(&mut self) -> Result<Value, String> {
        let digits = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
        let length = self
            .rest()
            .find(|letter| !digits(letter))
            .unwrap_or(self.rest().len());
        let number = self.rest()[..length].parse();
        let number = number.map_err(|_| self.wrong("a whole number"))?;
        self.at += length;
        Ok(Value::Number(number))
    }

    fn text(&mut self) -> Result<String, String> {
        if !self.eat("\"") {
            return Err(self.wrong("a text"));
        }
        let mut text = String::new();
        loop {
            let letter = self
                .rest()
                .chars()
                .next()
                .ok_or_else(|| self.wrong("`\"`"))?;
            self.at += letter.len_utf8();
            match letter {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped()?),
                letter if (letter as u32) < 0x20 => return Err(self.wrong("no line break")),
                letter => text.push(letter),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        let letter = self
            .rest()
            .chars()
            .next()
            .ok_or_else(|| self.wrong("an escape"))?;
        self.at += letter.len_utf8();
        Ok(match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.unit()?;
                let low = if (0xd800..0xdc00).contains(&high) && self.eat("\\u") {
                    Some(self.unit()?)
                } else {
                    None
                };
                let units = [Some(high), low].into_iter().flatten();
                match char::decode_utf16(units)
                    .collect::<Result<Vec<_>, _>>()
                    .as_deref()
                {
                    Ok([letter]) => *letter,
                    _ => return Err(self.wrong("both halves of a letter")),
                }
            }
            _ => return Err(self.wrong("an escape")),
        })
    }

    fn unit(&mut self) -> Result<u16, String> {
        let digits = self
            .rest()
            .get(..4)
            .filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|it| u16::from_str_radix(it, 16).ok());
        let unit = unit.ok_or_else(|| self.wrong("four hexadecimal digits"))?;
        self.at += 4;
        Ok(unit)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn eat(&mut self, token: &str) -> bool {
        let here = self.rest().starts_with(token);
        self.at += if here { token.len() } else { 0 };
        here
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn wrong(&self, expected: &str) -> String {
        format!(
            "the body is not JSON: expected {expected} at byte {}",
            self.at
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let value = object([
            (
                "a",
                Value::List(vec![Value::Null, Value::Bool(true), Value::Number(-7)]),
            ),
            ("b \"\\\n", "\u{1f6a2} \u{1}".into()),
            ("c", object([])),
        ]);
        assert_eq!(parse(value.to_string().as_bytes()), Ok(value));
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(
            parse(br#" "\u00e8\ud83d\udea2\n\/" "#),
            Ok("\u{e8}\u{1f6a2}\n/".into())
        );
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for body in [
            "",
            "{",
            "[1,]",
            "1.5",
            "\"\\ud800\"",
            "{\"a\" 1}",
            "nul",
            "1 2",
            "\"a\nb\"",
        ] {
            let why = parse(body.as_bytes()).unwrap_err();
            assert!(why.contains(" at byte "), "{body}: {why}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
