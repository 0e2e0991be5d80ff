//! An answer held against what an entry expects: status first, then captures, then all the rest.

use hurl_core::ast::{
    Assert, Body, Bytes as AstBytes, Capture, Response, StatusValue, VersionValue,
};

use crate::answer::Answer;
use crate::template::{Variables, render, render_json, render_multiline};
use crate::trouble::{Trouble, line_of};
use crate::value::Value;
use crate::{filter, predicate, query};

/// What the variables of one file may take together.
const VARIABLES_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Checks `answer`, and adds what it captures to `variables`; what does not hold, in file order.
pub(crate) fn check(
    expected: &Response,
    answer: &Answer,
    variables: &mut Variables,
) -> Vec<Trouble> {
    let status = status(expected, answer);
    if !status.is_empty() {
        return status;
    }
    for capture in expected.captures() {
        match take(&capture, answer, variables) {
            Ok(value) if weight(variables) + value.weight() > VARIABLES_BYTES_MAX => {
                let line = line_of(&capture.query.source_info);
                return vec![Trouble::unknown(
                    line,
                    "the captures of this file are too large together",
                )];
            }
            Ok(value) => {
                variables.insert(capture.name.value.clone(), value);
            }
            Err(trouble) => return vec![trouble],
        }
    }
    let mut found = headers(expected, answer, variables);
    if let Some(expected) = &expected.body {
        found.extend(body(expected, answer, variables).err());
    }
    found.extend(
        expected
            .asserts()
            .iter()
            .filter_map(|expected| assert(expected, answer, variables).err()),
    );
    found
}

fn weight(variables: &Variables) -> usize {
    variables.values().map(Value::weight).sum()
}

fn status(expected: &Response, answer: &Answer) -> Vec<Trouble> {
    let mut found = Vec::new();
    let version = match expected.version.value {
        VersionValue::Version1 => Some("HTTP/1.0"),
        VersionValue::Version11 => Some("HTTP/1.1"),
        VersionValue::Version2 => Some("HTTP/2"),
        VersionValue::VersionAny | VersionValue::VersionAnyLegacy => None,
    };
    if let Some(version) = version.filter(|version| *version != answer.version) {
        let message = format!("expected {version}, got {}", answer.version);
        found.push(Trouble::wrong(
            line_of(&expected.version.source_info),
            message,
        ));
    }
    if let StatusValue::Specific(status) = expected.status.value
        && status != u64::from(answer.status)
    {
        let said = answer
            .text()
            .ok()
            .filter(|text| !text.trim().is_empty())
            .map(|text| format!(": {text}"))
            .unwrap_or_default();
        let message = format!("expected status {status}, got {}{said}", answer.status);
        found.push(Trouble::wrong(
            line_of(&expected.status.source_info),
            message,
        ));
    }
    found
}

fn take(capture: &Capture, answer: &Answer, variables: &Variables) -> Result<Value, Trouble> {
    let line = line_of(&capture.query.source_info);
    let name = &capture.name.value;
    let nothing = |what: String| {
        Trouble::wrong(
            line,
            format!("nothing to capture as {name}: {what} found nothing"),
        )
    };
    let value = query::ask(&capture.query, answer, variables)?
        .ok_or_else(|| nothing(query::name(&capture.query)))?;
    filter::apply(&capture.filters, value, variables)?
        .ok_or_else(|| nothing(subject(&capture.query, &capture.filters)))
}

fn headers(expected: &Response, answer: &Answer, variables: &Variables) -> Vec<Trouble> {
    let mut found = Vec::new();
    for header in &expected.headers {
        let (name, line) = (&header.key.value, line_of(&header.key.source_info));
        let wanted = match render(&header.value, variables) {
            Ok(wanted) => wanted,
            Err(trouble) => {
                found.push(trouble);
                continue;
            }
        };
        let values: Vec<&str> = answer.header_values(name).collect();
        if values.is_empty() {
            found.push(Trouble::wrong(
                line,
                format!("header {name}: expected \"{wanted}\", got none"),
            ));
        } else if !values.contains(&wanted.as_str()) {
            found.push(Trouble::wrong(
                line,
                format!(
                    "header {name}: expected \"{wanted}\", got \"{}\"",
                    values.join("\", \"")
                ),
            ));
        }
    }
    found
}

fn body(expected: &Body, answer: &Answer, variables: &Variables) -> Result<(), Trouble> {
    let line = line_of(&expected.space0.source_info);
    let unread = |error| query::body_trouble(line, error);
    let text = |wanted: String, line: usize| {
        let got = answer.text().map_err(unread)?;
        if got == wanted {
            Ok(())
        } else {
            Err(Trouble::wrong(line, difference(&wanted, got)))
        }
    };
    let bytes = |wanted: &[u8]| {
        let got = answer.bytes().map_err(unread)?;
        let describe = |bytes: &[u8]| Value::Bytes(bytes.to_vec()).describe();
        if got == wanted {
            Ok(())
        } else {
            Err(Trouble::wrong(
                line,
                format!("body: expected {}, got {}", describe(wanted), describe(got)),
            ))
        }
    };
    match &expected.value {
        AstBytes::Json(json) => text(render_json(json, variables)?, line),
        AstBytes::Xml(xml) => text(xml.clone(), line),
        AstBytes::OnelineString(template) => text(render(template, variables)?, line),
        AstBytes::MultilineString(multiline) => text(
            render_multiline(multiline, variables)?,
            line_of(&multiline.value().source_info),
        ),
        AstBytes::Base64(base64) => bytes(&base64.value),
        AstBytes::Hex(hex) => bytes(&hex.value),
        AstBytes::File(_) => Err(Trouble::unknown(line, "a suite cannot read files")),
    }
}

/// Names the first line in which two texts differ; long equal beginnings help nobody.
fn difference(wanted: &str, got: &str) -> String {
    let mut wanted_lines = wanted.split('\n');
    let mut got_lines = got.split('\n');
    for number in 1.. {
        match (wanted_lines.next(), got_lines.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => {
                let show = |line: Option<&str>| {
                    line.map_or_else(|| "the end".to_owned(), |line| format!("\"{line}\""))
                };
                return format!("body, line {number}: expected {}, got {}", show(a), show(b));
            }
        }
    }
    "body: expected another text".to_owned()
}

fn assert(assert: &Assert, answer: &Answer, variables: &Variables) -> Result<(), Trouble> {
    let line = line_of(&assert.predicate.predicate_func.source_info);
    let found = query::ask(&assert.query, answer, variables)?;
    let actual = match (found, assert.filters.is_empty()) {
        (found, true) => found,
        (Some(value), false) => filter::apply(&assert.filters, value, variables)?,
        (None, false) => {
            let message = format!("{}: found nothing to filter", query::name(&assert.query));
            return Err(Trouble::wrong(line, message));
        }
    };
    predicate::holds(&assert.predicate, actual.as_ref(), line, variables)?.map_err(|unmet| {
        let subject = subject(&assert.query, &assert.filters);
        let got = actual.map_or_else(
            || "nothing".to_owned(),
            |value| match &value {
                Value::String(_)
                | Value::Date(_)
                | Value::List(_)
                | Value::Object(_)
                | Value::Bytes(_) => value.describe(),
                other => format!("{} {}", other.kind(), other.describe()),
            },
        );
        Trouble::wrong(
            line,
            format!("{subject}: expected {}, got {got}", unmet.expected),
        )
    })
}

/// What a message calls a query with its filters.
fn subject(
    asked: &hurl_core::ast::Query,
    filters: &[(hurl_core::ast::Whitespace, hurl_core::ast::Filter)],
) -> String {
    let mut subject = query::name(asked);
    for (_, filter) in filters {
        subject.push(' ');
        subject.push_str(filter::name(&filter.value));
    }
    subject
}
