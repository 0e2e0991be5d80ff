//! What queries, filters and captures produce, with Hurl's own notion of equality and order.

use std::cmp::Ordering;

use jiff::Timestamp;
use regex::Regex;

/// A value of Hurl.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    /// Digits of an integer that does not fit 64 signed bits.
    BigInteger(String),
    Float(f64),
    String(String),
    Bytes(Vec<u8>),
    Date(Timestamp),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    Regex(Regex),
    /// A cookie attribute that is present and has no value.
    Unit,
}

impl Value {
    /// The JSON value as Hurl sees it.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => {
                match (number.as_i64(), number.is_f64(), number.as_f64()) {
                    (Some(integer), _, _) => Self::Integer(integer),
                    (None, true, Some(float)) => Self::Float(float),
                    _ => Self::BigInteger(number.to_string()),
                }
            }
            serde_json::Value::String(text) => Self::String(text.clone()),
            serde_json::Value::Array(items) => {
                Self::List(items.iter().map(Self::from_json).collect())
            }
            serde_json::Value::Object(map) => Self::Object(
                map.iter()
                    .map(|(key, value)| (key.clone(), Self::from_json(value)))
                    .collect(),
            ),
        }
    }

    /// The value of a variable given from outside as text, typed as `hurl --variable` types it.
    pub fn from_text(text: &str) -> Self {
        match text {
            "true" => return Self::Bool(true),
            "false" => return Self::Bool(false),
            "null" => return Self::Null,
            _ => {}
        }
        if let Ok(integer) = text.parse() {
            return Self::Integer(integer);
        }
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Self::BigInteger(text.to_owned());
        }
        // `f64` also reads `inf`, `nan` and `infinity`, which are names far more often than numbers.
        if text.bytes().any(|b| b.is_ascii_digit())
            && let Ok(float) = text.parse()
        {
            return Self::Float(float);
        }
        let unquoted = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        Self::String(unquoted.unwrap_or(text).to_owned())
    }

    /// Roughly the memory it takes, in bytes.
    pub fn weight(&self) -> usize {
        let inner = match self {
            Self::String(text) | Self::BigInteger(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(items) => items.iter().map(Self::weight).sum(),
            Self::Object(fields) => fields
                .iter()
                .map(|(name, value)| name.len() + value.weight())
                .sum(),
            _ => 0,
        };
        size_of::<Self>() + inner
    }

    /// The kind, as messages call it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Integer(_) | Self::BigInteger(_) => "integer",
            Self::Float(_) => "float",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Date(_) => "date",
            Self::List(_) => "list",
            Self::Object(_) => "object",
            Self::Regex(_) => "regular expression",
            Self::Unit => "attribute without a value",
        }
    }

    /// The value for a message: short for collections, whole for texts (who prints it cuts it,
    /// after secrets are taken out).
    pub fn describe(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::BigInteger(digits) => digits.clone(),
            Self::Float(value) => float_text(*value),
            Self::String(text) => format!("\"{text}\""),
            Self::Bytes(bytes) => format!("{} bytes {}", bytes.len(), hex(bytes)),
            Self::Date(date) => format!("date {date}"),
            Self::List(items) => {
                let shown = items
                    .iter()
                    .take(8)
                    .map(Self::describe)
                    .collect::<Vec<_>>()
                    .join(", ");
                let more = if items.len() > 8 { ", ..." } else { "" };
                format!("list of {} [{shown}{more}]", items.len())
            }
            Self::Object(fields) => format!("object with {} fields", fields.len()),
            Self::Regex(regex) => format!("/{regex}/"),
            Self::Unit => "present".to_owned(),
        }
    }

    /// The text that stands for the value in a template; `None` for collections and bytes.
    pub fn render(&self) -> Option<String> {
        match self {
            Self::Null => Some("null".to_owned()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Integer(value) => Some(value.to_string()),
            Self::BigInteger(digits) => Some(digits.clone()),
            Self::Float(value) => Some(float_text(*value)),
            Self::String(text) => Some(text.clone()),
            Self::Date(date) => Some(date.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()),
            Self::Bytes(_) | Self::List(_) | Self::Object(_) | Self::Regex(_) | Self::Unit => None,
        }
    }

    /// The order of two values; `None` if they have none.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::String(a), Self::String(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            _ => self.number_order(other),
        }
    }

    fn number_order(&self, other: &Self) -> Option<Ordering> {
        use Value::{BigInteger, Float, Integer};
        let floats = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        #[expect(
            clippy::cast_precision_loss,
            reason = "Hurl compares an integer with a float as floats"
        )]
        match (self, other) {
            (Integer(a), Integer(b)) => Some(a.cmp(b)),
            (Float(a), Float(b)) => Some(floats(*a, *b)),
            (Integer(a), Float(b)) => Some(floats(*a as f64, *b)),
            (Float(a), Integer(b)) => Some(floats(*a, *b as f64)),
            (BigInteger(_), Integer(_) | BigInteger(_) | Float(_))
            | (Integer(_) | Float(_), BigInteger(_)) => {
                Some(decimal_order(&self.render()?, &other.render()?))
            }
            _ => None,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Unit, Self::Unit) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            _ => self.number_order(other) == Some(Ordering::Equal),
        }
    }
}

fn float_text(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value}.0")
    } else {
        value.to_string()
    }
}

/// Hurl compares integers beyond 64 bits as decimal texts, digit by digit; so must we.
fn decimal_order(a: &str, b: &str) -> Ordering {
    fn parts(text: &str) -> (bool, &str, &str) {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        (
            negative,
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        )
    }
    let ((a_negative, a_whole, a_fraction), (b_negative, b_whole, b_fraction)) =
        (parts(a), parts(b));
    match (a_negative, b_negative) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => a_whole.cmp(b_whole).then(a_fraction.cmp(b_fraction)),
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| {
            [
                DIGITS[usize::from(b >> 4)] as char,
                DIGITS[usize::from(b & 15)] as char,
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_from_outside_are_typed_as_hurl_types_them() {
        assert_eq!(Value::from_text("42"), Value::Integer(42));
        assert_eq!(Value::from_text("4.5"), Value::Float(4.5));
        assert_eq!(Value::from_text("true"), Value::Bool(true));
        assert_eq!(Value::from_text("\"42\""), Value::String("42".into()));
        assert_eq!(Value::from_text("nan").kind(), "string");
        assert_eq!(Value::from_text("").kind(), "string");
    }

    #[test]
    fn an_integer_equals_the_same_float() {
        assert_eq!(Value::Integer(1), Value::Float(1.0));
        assert_ne!(Value::Integer(1), Value::String("1".into()));
    }
}
