//! Queries: what an assert or a capture looks at.

use hurl_core::ast::{CookieAttributeName, CookiePath, Query, QueryValue, RegexValue};
use regex::Regex;
use sha2::{Digest, Sha256};

use crate::answer::{Answer, BodyError};
use crate::template::{Variables, render};
use crate::trouble::{Trouble, line_of};
use crate::value::Value;
use crate::{date, jsonpath, md5};

/// The value a query finds; `None` if there is nothing.
pub(crate) fn ask(
    query: &Query,
    answer: &Answer,
    variables: &Variables,
) -> Result<Option<Value>, Trouble> {
    let line = line_of(&query.source_info);
    let body_error = |error| body_trouble(line, error);
    let value = match &query.value {
        QueryValue::Status {} => Value::Integer(i64::from(answer.status)),
        QueryValue::Url {} => Value::String(answer.url.to_string()),
        QueryValue::Duration {} => {
            Value::Integer(i64::try_from(answer.duration.as_millis()).unwrap_or(i64::MAX))
        }
        QueryValue::Body {} => Value::String(answer.text().map_err(body_error)?.to_owned()),
        QueryValue::Bytes {} => Value::Bytes(answer.bytes().map_err(body_error)?.to_vec()),
        QueryValue::Sha256 {} => {
            Value::Bytes(Sha256::digest(answer.bytes().map_err(body_error)?).to_vec())
        }
        QueryValue::Md5 {} => {
            Value::Bytes(md5::digest(answer.bytes().map_err(body_error)?).to_vec())
        }
        QueryValue::Header { name, .. } => return Ok(header(answer, &render(name, variables)?)),
        QueryValue::Cookie { expr, .. } => return cookie(answer, expr, variables),
        QueryValue::Variable { name, .. } => {
            return Ok(variables.get(&render(name, variables)?).cloned());
        }
        QueryValue::Regex { value, .. } => {
            let regex = regex_of(value, variables)?;
            return Ok(first_group(&regex, answer.text().map_err(body_error)?));
        }
        QueryValue::Jsonpath { expr, .. } => {
            let json = answer.json().map_err(body_error)?;
            let expression = render(expr, variables)?;
            return jsonpath::select(json, &expression).map_err(|why| {
                Trouble::unknown(line, format!("{expression} is no JSONPath: {why}"))
            });
        }
        QueryValue::Xpath { .. } | QueryValue::Certificate { .. } => {
            return Err(Trouble::unknown(line, "this query is not supported"));
        }
    };
    Ok(Some(value))
}

/// What a message calls the query.
pub(crate) fn name(query: &Query) -> String {
    let text = |template: &hurl_core::ast::Template| format!("\"{template}\"");
    match &query.value {
        QueryValue::Status {} => "status".to_owned(),
        QueryValue::Url {} => "url".to_owned(),
        QueryValue::Body {} => "body".to_owned(),
        QueryValue::Duration {} => "duration".to_owned(),
        QueryValue::Bytes {} => "bytes".to_owned(),
        QueryValue::Sha256 {} => "sha256".to_owned(),
        QueryValue::Md5 {} => "md5".to_owned(),
        QueryValue::Header { name, .. } => format!("header {}", text(name)),
        QueryValue::Variable { name, .. } => format!("variable {}", text(name)),
        QueryValue::Cookie { expr, .. } => format!("cookie {}", text(&expr.name)),
        QueryValue::Jsonpath { expr, .. } => format!("jsonpath {}", text(expr)),
        QueryValue::Regex {
            value: RegexValue::Template(template),
            ..
        } => format!("regex {}", text(template)),
        QueryValue::Regex {
            value: RegexValue::Regex(regex),
            ..
        } => format!("regex /{}/", regex.inner),
        QueryValue::Xpath { .. } => "xpath".to_owned(),
        QueryValue::Certificate { .. } => "certificate".to_owned(),
    }
}

pub(crate) fn body_trouble(line: usize, error: BodyError) -> Trouble {
    match error {
        BodyError::Wrong(message) => Trouble::wrong(line, message),
        BodyError::Unknown(message) => Trouble::unknown(line, message),
    }
}

/// The regular expression, compiled.
pub(crate) fn regex_of(value: &RegexValue, variables: &Variables) -> Result<Regex, Trouble> {
    match value {
        RegexValue::Regex(regex) => Ok(regex.inner.clone()),
        RegexValue::Template(template) => {
            let text = render(template, variables)?;
            Regex::new(&text).map_err(|_| {
                Trouble::unknown(
                    line_of(&template.source_info),
                    format!("{text} is no regular expression"),
                )
            })
        }
    }
}

/// The first group of the first match.
pub(crate) fn first_group(regex: &Regex, text: &str) -> Option<Value> {
    regex
        .captures(text)?
        .get(1)
        .map(|group| Value::String(group.as_str().to_owned()))
}

fn header(answer: &Answer, name: &str) -> Option<Value> {
    let mut values: Vec<Value> = answer
        .header_values(name)
        .map(|value| Value::String(value.to_owned()))
        .collect();
    if values.len() > 1 {
        Some(Value::List(values))
    } else {
        values.pop()
    }
}

fn cookie(
    answer: &Answer,
    path: &CookiePath,
    variables: &Variables,
) -> Result<Option<Value>, Trouble> {
    use CookieAttributeName as A;
    let name = render(&path.name, variables)?;
    let mut cookies = answer
        .header_values("set-cookie")
        .filter_map(|header| header.split_once('='));
    let Some((_, rest)) = cookies.find(|(key, _)| *key == name) else {
        return Ok(None);
    };
    let mut parts = rest.split(';');
    let value = parts.next().unwrap_or_default();
    // Hurl keeps what stands between the first and a second `=`.
    let attributes: Vec<(&str, Option<&str>)> = parts
        .filter(|part| !part.is_empty())
        .map(|part| {
            let mut sides = part.split('=');
            (sides.next().unwrap_or_default().trim(), sides.next())
        })
        .collect();
    let find = |wanted: &str| {
        attributes
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(wanted))
            .and_then(|(_, value)| *value)
    };
    let flag = |wanted: &str| {
        attributes
            .iter()
            .any(|(key, value)| key.eq_ignore_ascii_case(wanted) && value.is_none())
            .then_some(Value::Unit)
    };
    let text = |wanted: &str| find(wanted).map(|value| Value::String(value.to_owned()));
    Ok(
        match path.attribute.as_ref().map(|attribute| &attribute.name) {
            None | Some(A::Value(_)) => Some(Value::String(value.to_owned())),
            Some(A::Domain(_)) => text("Domain"),
            Some(A::Path(_)) => text("Path"),
            Some(A::SameSite(_)) => text("SameSite"),
            Some(A::Secure(_)) => flag("Secure"),
            Some(A::HttpOnly(_)) => flag("HttpOnly"),
            Some(A::MaxAge(_)) => attributes
                .iter()
                .filter(|(key, _)| key.eq_ignore_ascii_case("Max-Age"))
                .find_map(|(_, value)| value.and_then(|value| value.parse().ok()))
                .map(Value::Integer),
            Some(A::Expires(_)) => match find("Expires") {
                None => None,
                Some(text) => {
                    let line = line_of(&path.name.source_info);
                    let date = date::parse_cookie(text).ok_or_else(|| {
                        Trouble::wrong(line, format!("the cookie's Expires is no date: {text}"))
                    })?;
                    Some(Value::Date(date))
                }
            },
        },
    )
}
