//! A JSON object that keeps the order of its fields.

use serde::Serialize;
use serde_json::value::RawValue;

/// Text of an object under construction, without its closing brace.
pub struct Object(String);

impl Object {
    pub fn new() -> Self {
        Self("{".to_owned())
    }

    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0 += &json(&name);
        self.0.push(':');
        self.0 += &json(&value);
        self
    }

    /// `with`, when there is a value; absent otherwise, which is not null.
    pub fn with_some(self, name: &str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A field for each pair of `table`: its name, and `base` with a suffix.
    pub fn with_urls(self, base: &str, table: &[(&str, &str)]) -> Self {
        table.iter().fold(self, |object, (name, suffix)| {
            object.with(name, format!("{base}{suffix}"))
        })
    }

    pub fn text(mut self) -> String {
        self.0.push('}');
        self.0
    }

    pub fn value(self) -> Box<RawValue> {
        RawValue::from_string(self.text()).expect("an object is JSON by construction")
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and maps by text are always JSON")
}
