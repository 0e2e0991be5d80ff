//! Predicates: what an assert demands of a value.

use std::cmp::Ordering;

use hurl_core::ast::{Predicate, PredicateFuncValue, PredicateValue};
use regex::Regex;

use crate::template::{Variables, look_up, render, render_multiline};
use crate::trouble::Trouble;
use crate::value::Value;

/// Why a predicate does not hold: what was expected, for a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unmet {
    pub expected: String,
}

/// `Ok(Ok(()))` if the predicate holds for `actual` (`None`: the query found nothing).
pub(crate) fn holds(
    predicate: &Predicate,
    actual: Option<&Value>,
    line: usize,
    variables: &Variables,
) -> Result<Result<(), Unmet>, Trouble> {
    let demand = Demand::new(&predicate.predicate_func.value, line, variables)?;
    let met = match actual {
        None => Some(false),
        Some(actual) => demand.test(actual, line)?,
    };
    // A value of the wrong kind meets neither a predicate nor its opposite.
    if met.is_some_and(|met| met != predicate.not) {
        return Ok(Ok(()));
    }
    let not = if predicate.not { "not " } else { "" };
    Ok(Err(Unmet {
        expected: format!("{not}{}", demand.words()),
    }))
}

/// A predicate with its operand evaluated.
enum Demand {
    Equal(Value),
    NotEqual(Value),
    Order(&'static str, &'static [Ordering], Value),
    StartsWith(Value),
    EndsWith(Value),
    Contains(Value),
    Includes(Value),
    Matches(Value),
    Is(&'static str, fn(&Value) -> bool),
    Empty,
}

impl Demand {
    fn new(
        predicate: &PredicateFuncValue,
        line: usize,
        variables: &Variables,
    ) -> Result<Self, Trouble> {
        use PredicateFuncValue as P;
        let of = |value| operand(value, variables);
        Ok(match predicate {
            P::Equal { value, .. } => Self::Equal(of(value)?),
            P::NotEqual { value, .. } => Self::NotEqual(of(value)?),
            P::GreaterThan { value, .. } => Self::Order(">", &[Ordering::Greater], of(value)?),
            P::GreaterThanOrEqual { value, .. } => {
                Self::Order(">=", &[Ordering::Greater, Ordering::Equal], of(value)?)
            }
            P::LessThan { value, .. } => Self::Order("<", &[Ordering::Less], of(value)?),
            P::LessThanOrEqual { value, .. } => {
                Self::Order("<=", &[Ordering::Less, Ordering::Equal], of(value)?)
            }
            P::StartWith { value, .. } => Self::StartsWith(of(value)?),
            P::EndWith { value, .. } => Self::EndsWith(of(value)?),
            P::Contain { value, .. } => Self::Contains(of(value)?),
            P::Include { value, .. } => Self::Includes(of(value)?),
            P::Match { value, .. } => Self::Matches(of(value)?),
            P::IsInteger {} => Self::Is("an integer", |v| {
                matches!(v, Value::Integer(_) | Value::BigInteger(_))
            }),
            P::IsFloat {} => Self::Is("a float", |v| matches!(v, Value::Float(_))),
            P::IsBoolean {} => Self::Is("a boolean", |v| matches!(v, Value::Bool(_))),
            P::IsString {} => Self::Is("a string", |v| matches!(v, Value::String(_))),
            P::IsCollection {} => Self::Is("a collection", |v| {
                matches!(v, Value::Bytes(_) | Value::List(_) | Value::Object(_))
            }),
            P::Exist {} => Self::Is("something", |_| true),
            P::IsEmpty {} => Self::Empty,
            P::CountEqual { .. } => {
                return Err(Trouble::unknown(line, "countEquals is not supported"));
            }
        })
    }

    /// `None` if the value is of a kind the predicate does not apply to.
    fn test(&self, actual: &Value, line: usize) -> Result<Option<bool>, Trouble> {
        Ok(match (self, actual) {
            (Self::Equal(expected), _) => Some(actual == expected),
            (Self::NotEqual(expected), _) => Some(actual != expected),
            (Self::Order(_, wanted, expected), _) => {
                actual.order(expected).map(|order| wanted.contains(&order))
            }
            (Self::StartsWith(Value::String(part)), Value::String(text)) => {
                Some(text.starts_with(part.as_str()))
            }
            (Self::StartsWith(Value::Bytes(part)), Value::Bytes(bytes)) => {
                Some(bytes.starts_with(part))
            }
            (Self::EndsWith(Value::String(part)), Value::String(text)) => {
                Some(text.ends_with(part.as_str()))
            }
            (Self::EndsWith(Value::Bytes(part)), Value::Bytes(bytes)) => {
                Some(bytes.ends_with(part))
            }
            (Self::Contains(Value::String(part)), Value::String(text)) => {
                Some(text.contains(part.as_str()))
            }
            (Self::Contains(Value::Bytes(part)), Value::Bytes(bytes)) => Some(
                part.is_empty()
                    || bytes
                        .windows(part.len())
                        .any(|window| window == part.as_slice()),
            ),
            (Self::Contains(part) | Self::Includes(part), Value::List(items)) => {
                Some(items.contains(part))
            }
            (Self::Matches(Value::Regex(regex)), Value::String(text)) => Some(regex.is_match(text)),
            (Self::Matches(Value::String(pattern)), _) => {
                let regex = Regex::new(pattern).map_err(|_| {
                    Trouble::unknown(line, format!("{pattern} is no regular expression"))
                })?;
                if let Value::String(text) = actual {
                    Some(regex.is_match(text))
                } else {
                    None
                }
            }
            (Self::Is(_, test), _) => Some(test(actual)),
            (Self::Empty, Value::List(items)) => Some(items.is_empty()),
            (Self::Empty, Value::String(text)) => Some(text.is_empty()),
            (Self::Empty, Value::Bytes(bytes)) => Some(bytes.is_empty()),
            (Self::Empty, Value::Object(fields)) => Some(fields.is_empty()),
            _ => None,
        })
    }

    fn words(&self) -> String {
        match self {
            Self::Equal(value) => value.describe(),
            Self::NotEqual(value) => format!("other than {}", value.describe()),
            Self::Order(symbol, _, value) => format!("{symbol} {}", value.describe()),
            Self::StartsWith(value) => format!("starting with {}", value.describe()),
            Self::EndsWith(value) => format!("ending with {}", value.describe()),
            Self::Contains(value) => format!("containing {}", value.describe()),
            Self::Includes(value) => format!("including {}", value.describe()),
            Self::Matches(Value::String(pattern)) => format!("matching /{pattern}/"),
            Self::Matches(value) => format!("matching {}", value.describe()),
            Self::Is(words, _) => (*words).to_owned(),
            Self::Empty => "empty".to_owned(),
        }
    }
}

fn operand(value: &PredicateValue, variables: &Variables) -> Result<Value, Trouble> {
    Ok(match value {
        PredicateValue::Null {} => Value::Null,
        PredicateValue::Bool(value) => Value::Bool(*value),
        PredicateValue::Integer(value) => Value::Integer(*value),
        PredicateValue::Float(value) => Value::Float(value.value),
        PredicateValue::String(template) => Value::String(render(template, variables)?),
        PredicateValue::MultilineString(multiline) => {
            Value::String(render_multiline(multiline, variables)?)
        }
        PredicateValue::Hex(hex) => Value::Bytes(hex.value.clone()),
        PredicateValue::Base64(base64) => Value::Bytes(base64.value.clone()),
        PredicateValue::Expression(expr) => look_up(expr, variables)?.clone(),
        PredicateValue::Regex(regex) => Value::Regex(regex.inner.clone()),
    })
}
