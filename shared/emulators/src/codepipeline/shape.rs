//! What a request must look like, and AWS's words for one that does not.
//!
//! Members a shape does not name are let through, as AWS lets them through.

use serde_json::Value;

use super::error::AwsError;

/// What a text must look like: AWS's pattern, and the same in Rust.
pub(super) type Pattern = (&'static str, fn(&str) -> bool);

/// The shape of a value.
#[derive(Debug)]
pub(super) enum Shape {
    /// Bounds in characters.
    Text(usize, usize, Option<Pattern>),
    OneOf(&'static [&'static str]),
    Whole(i64, i64),
    Flag,
    List(&'static Self, usize, usize),
    /// Bounds of the keys and of the values, in characters.
    Map(&'static Self, &'static Self),
    Members(&'static [(&'static str, Need, &'static Self)]),
    /// Not looked into.
    Any,
}

/// Whether a member must be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    Must,
    May,
}

impl Shape {
    /// # Errors
    /// `SerializationException` where JSON's own types differ, `ValidationException` with every
    /// violated constraint otherwise.
    pub fn check(&self, value: &Value) -> Result<(), AwsError> {
        let mut problems = Vec::new();
        self.look(value, "", &mut problems)?;
        match problems.len() {
            0 => Ok(()),
            count => Err(AwsError::new(
                "ValidationException",
                format!(
                    "{count} validation error{} detected: {}",
                    if count == 1 { "" } else { "s" },
                    problems.join("; ")
                ),
            )),
        }
    }

    fn look(&self, value: &Value, at: &str, problems: &mut Vec<String>) -> Result<(), AwsError> {
        match (self, value) {
            (Self::Any, _) => {}
            (Self::Text(min, max, pattern), Value::String(text)) => {
                length(text, (*min, *max), at, problems);
                if let Some((shown, holds)) = pattern
                    && !holds(text)
                {
                    let rule = format!("satisfy regular expression pattern: {shown}");
                    problems.push(failed(text, at, &rule));
                }
            }
            (Self::OneOf(all), Value::String(text)) => {
                if !all.contains(&text.as_str()) {
                    let rule = format!("satisfy enum value set: [{}]", all.join(", "));
                    problems.push(failed(text, at, &rule));
                }
            }
            (Self::Whole(min, max), Value::Number(number)) => {
                let number = number.as_i64().ok_or_else(unreadable)?;
                let shown = number.to_string();
                if number < *min {
                    let rule = format!("have value greater than or equal to {min}");
                    problems.push(failed(&shown, at, &rule));
                }
                if number > *max {
                    let rule = format!("have value less than or equal to {max}");
                    problems.push(failed(&shown, at, &rule));
                }
            }
            (Self::Flag, Value::Bool(_)) => {}
            (Self::List(of, min, max), Value::Array(all)) => {
                if !(*min..=*max).contains(&all.len()) {
                    let rule = if all.len() < *min {
                        format!("have length greater than or equal to {min}")
                    } else {
                        format!("have length less than or equal to {max}")
                    };
                    problems.push(failed(&value.to_string(), at, &rule));
                }
                for (index, one) in all.iter().enumerate() {
                    let at = format!("{at}.{}.member", index + 1);
                    of.look(one, &at, problems)?;
                }
            }
            (Self::Map(keys, values), Value::Object(all)) => {
                for (key, one) in all {
                    keys.look(&Value::String(key.clone()), at, problems)?;
                    values.look(one, &format!("{at}.{key}.member"), problems)?;
                }
            }
            (Self::Members(members), Value::Object(all)) => {
                for (name, need, shape) in *members {
                    let at = match at {
                        "" => (*name).to_owned(),
                        at => format!("{at}.{name}"),
                    };
                    member(*need, shape, all.get(*name), &at, problems)?;
                }
            }
            _ => return Err(unreadable()),
        }
        Ok(())
    }
}

fn member(
    need: Need,
    shape: &Shape,
    value: Option<&Value>,
    at: &str,
    problems: &mut Vec<String>,
) -> Result<(), AwsError> {
    match (value, need) {
        (Some(Value::Null) | None, Need::May) => {}
        (Some(Value::Null) | None, Need::Must) => problems.push(format!(
            "Value null at '{at}' failed to satisfy constraint: Member must not be null"
        )),
        (Some(value), _) => shape.look(value, at, problems)?,
    }
    Ok(())
}

fn length(text: &str, bounds: (usize, usize), at: &str, problems: &mut Vec<String>) {
    let count = text.chars().count();
    if count < bounds.0 {
        let rule = format!("have length greater than or equal to {}", bounds.0);
        problems.push(failed(text, at, &rule));
    }
    if count > bounds.1 {
        let rule = format!("have length less than or equal to {}", bounds.1);
        problems.push(failed(text, at, &rule));
    }
}

fn failed(value: &str, at: &str, rule: &str) -> String {
    format!("Value '{value}' at '{at}' failed to satisfy constraint: Member must {rule}")
}

fn unreadable() -> AwsError {
    AwsError::new(
        "SerializationException",
        "the request is not of the operation's types",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::shapes;
    use super::*;

    fn refused(shape: &Shape, value: &Value) -> (&'static str, String) {
        let error = shape.check(value).expect_err("it violates the shape");
        (error.kind, error.message)
    }

    #[test]
    fn every_violated_constraint_is_told_in_the_words_of_aws() {
        let start = &shapes::START_PIPELINE_EXECUTION;
        let (kind, message) = refused(start, &json!({}));
        assert_eq!(kind, "ValidationException");
        assert_eq!(
            message,
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: \
             Member must not be null"
        );
        let value = json!({"name": "p", "variables": [{"name": "A", "value": ""}],
            "clientRequestToken": "a_b"});
        let (_, message) = refused(start, &value);
        assert!(
            message.starts_with("2 validation errors detected: "),
            "{message}"
        );
        assert!(message.contains("'variables.1.member.value'"), "{message}");
        assert!(message.contains("pattern: ^[a-zA-Z0-9-]+$"), "{message}");
    }

    #[test]
    fn another_type_is_no_matter_of_validation() {
        let (kind, _) = refused(&shapes::START_PIPELINE_EXECUTION, &json!({"name": 1}));
        assert_eq!(kind, "SerializationException");
    }

    #[test]
    fn members_nobody_knows_are_let_through() {
        let value = json!({"name": "p", "more": 1});
        assert_eq!(shapes::START_PIPELINE_EXECUTION.check(&value), Ok(()));
    }
}
