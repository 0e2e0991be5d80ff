//! Filters: a value made into another on its way to an assert or a capture.

use hurl_core::ast::{Filter, FilterValue, RegexValue, Whitespace};
use jiff::Timestamp;

use crate::query::{first_group, regex_of};
use crate::template::{TEXT_BYTES_MAX, Variables, render};
use crate::trouble::{Trouble, line_of};
use crate::value::Value;
use crate::{charset, date, percent};

/// `value` sent through all filters; `None` if one of them, the last, finds nothing.
pub(crate) fn apply(
    filters: &[(Whitespace, Filter)],
    value: Value,
    variables: &Variables,
) -> Result<Option<Value>, Trouble> {
    let mut current = Some(value);
    for (_, filter) in filters {
        let Some(value) = current else {
            return Err(Trouble::wrong(
                line_of(&filter.source_info),
                "the filter before found nothing to pass on",
            ));
        };
        current = one(filter, value, variables)?;
    }
    Ok(current)
}

fn one(filter: &Filter, value: Value, variables: &Variables) -> Result<Option<Value>, Trouble> {
    let line = line_of(&filter.source_info);
    let mismatch = |wanted: &str, value: &Value| {
        let message = format!(
            "the filter {} takes {wanted}, got {} {}",
            name(&filter.value),
            value.kind(),
            value.describe()
        );
        Err(Trouble::wrong(line, message))
    };
    let made = match (&filter.value, value) {
        (FilterValue::Count, Value::List(items)) => count(items.len()),
        (FilterValue::Count, Value::Bytes(bytes)) => count(bytes.len()),
        (FilterValue::Count, other) => return mismatch("a list or bytes", &other),
        (FilterValue::DaysAfterNow, Value::Date(date)) => {
            Value::Integer(date::days_between(Timestamp::now(), date))
        }
        (FilterValue::DaysBeforeNow, Value::Date(date)) => {
            Value::Integer(date::days_between(date, Timestamp::now()))
        }
        (FilterValue::DaysAfterNow | FilterValue::DaysBeforeNow, other) => {
            return mismatch("a date", &other);
        }
        (FilterValue::Format { fmt, .. }, Value::Date(date)) => {
            let format = supported_format(line, render(fmt, variables)?)?;
            let text = date::format(&format, date);
            Value::String(text.ok_or_else(|| {
                Trouble::unknown(line, format!("the date cannot be written as {format}"))
            })?)
        }
        (FilterValue::Format { .. }, other) => return mismatch("a date", &other),
        (FilterValue::Decode { encoding, .. }, Value::Bytes(bytes)) => {
            let label = render(encoding, variables)?;
            let encoding = charset::by_name(&label)
                .ok_or_else(|| Trouble::unknown(line, format!("{label} is no known encoding")))?;
            let text = charset::decode(&bytes, encoding);
            Value::String(
                text.ok_or_else(|| Trouble::wrong(line, format!("the bytes are not {label}")))?,
            )
        }
        (FilterValue::Decode { .. }, other) => return mismatch("bytes", &other),
        (FilterValue::Nth { n, .. }, Value::List(mut items)) => match usize::try_from(*n) {
            Ok(n) if n < items.len() => items.swap_remove(n),
            _ => {
                return Err(Trouble::wrong(
                    line,
                    format!("nth {n} is beyond a list of {}", items.len()),
                ));
            }
        },
        (FilterValue::Nth { .. }, other) => return mismatch("a list", &other),
        (FilterValue::ToInt, value) => match to_int(&value, line)? {
            Some(integer) => integer,
            None => return mismatch("a number or a string", &value),
        },
        (_, Value::String(text)) => return of_text(&filter.value, line, &text, variables),
        (_, other) => return mismatch("a string", &other),
    };
    Ok(Some(made))
}

/// `None` for a value of another kind.
fn to_int(value: &Value, line: usize) -> Result<Option<Value>, Trouble> {
    Ok(Some(Value::Integer(match value {
        Value::Integer(integer) => *integer,
        #[expect(
            clippy::cast_possible_truncation,
            reason = "toInt cuts the fraction off and stops at the limits, as Hurl does"
        )]
        Value::Float(float) => *float as i64,
        Value::String(text) => text
            .parse()
            .map_err(|_| Trouble::wrong(line, format!("toInt: \"{text}\" is no integer")))?,
        _ => return Ok(None),
    })))
}

/// The filters that take a string.
fn of_text(
    filter: &FilterValue,
    line: usize,
    text: &str,
    variables: &Variables,
) -> Result<Option<Value>, Trouble> {
    let made = match filter {
        FilterValue::HtmlEscape => html_escape(text),
        FilterValue::UrlEncode => percent::encode(text, b"-._~/"),
        FilterValue::UrlDecode => percent::decode(text),
        FilterValue::Regex { value, .. } => {
            return Ok(first_group(&regex_of(value, variables)?, text));
        }
        FilterValue::Replace {
            old_value: RegexValue::Template(old),
            new_value,
            ..
        } => replace(
            text,
            &render(old, variables)?,
            &render(new_value, variables)?,
            line,
        )?,
        FilterValue::Split { sep, .. } => {
            let separator = render(sep, variables)?;
            let parts = text
                .split(&separator)
                .map(|part| Value::String(part.to_owned()))
                .collect();
            return Ok(Some(Value::List(parts)));
        }
        FilterValue::ToDate { fmt, .. } => {
            let format = supported_format(line, render(fmt, variables)?)?;
            let date = date::parse(&format, text);
            let date = date.ok_or_else(|| {
                Trouble::wrong(
                    line,
                    format!("toDate: \"{text}\" is not in the format {format}"),
                )
            })?;
            return Ok(Some(Value::Date(date)));
        }
        _ => {
            return Err(Trouble::unknown(
                line,
                format!("the filter {} is not supported", name(filter)),
            ));
        }
    };
    Ok(Some(Value::String(made)))
}

/// Bounded, as one character of the pattern can make a megabyte of text.
fn replace(text: &str, old: &str, new: &str, line: usize) -> Result<String, Trouble> {
    let grown = text
        .matches(old)
        .count()
        .saturating_mul(new.len())
        .saturating_add(text.len());
    if grown > TEXT_BYTES_MAX {
        return Err(Trouble::unknown(line, "replace makes a text too large"));
    }
    Ok(text.replace(old, new))
}

fn count(length: usize) -> Value {
    Value::Integer(i64::try_from(length).unwrap_or(i64::MAX))
}

fn supported_format(line: usize, format: String) -> Result<String, Trouble> {
    match date::unknown_specifier(&format) {
        None => Ok(format),
        Some(unknown) => Err(Trouble::unknown(
            line,
            format!("{unknown} in a date format is not supported"),
        )),
    }
}

fn html_escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

/// The filter's word in Hurl.
pub(crate) fn name(filter: &FilterValue) -> &'static str {
    match filter {
        FilterValue::Count => "count",
        FilterValue::DaysAfterNow => "daysAfterNow",
        FilterValue::DaysBeforeNow => "daysBeforeNow",
        FilterValue::Decode { .. } => "decode",
        FilterValue::Format { .. } => "format",
        FilterValue::HtmlEscape => "htmlEscape",
        FilterValue::HtmlUnescape => "htmlUnescape",
        FilterValue::Nth { .. } => "nth",
        FilterValue::Regex { .. } => "regex",
        FilterValue::Replace { .. } => "replace",
        FilterValue::Split { .. } => "split",
        FilterValue::ToDate { .. } => "toDate",
        FilterValue::ToInt => "toInt",
        FilterValue::UrlDecode => "urlDecode",
        FilterValue::UrlEncode => "urlEncode",
        FilterValue::XPath { .. } => "xpath",
    }
}
