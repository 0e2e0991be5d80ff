//! Single values of a stage file: how each kind is read and described.

use std::borrow::Cow;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::evidence::{Percent, PercentError};
use crate::name::SecretName;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::duration::{DurationError, parse_duration};
use crate::stage_file::record::{Decode, wrong_type};
use crate::stage_file::template::{REFERENCES, TemplateError};
use crate::stage_file::yaml::{Node, Value};
use crate::stage_file::{MailTls, pattern, template};

/// A text.
pub(crate) type Text = String;
/// A whole number.
pub(crate) type Whole = i64;
/// `true` or `false`.
pub(crate) type YesNo = bool;
pub(crate) type Pattern = pattern::Pattern;
pub(crate) type Template = template::Template;

/// Longer texts are refused; a command may be this long.
const TEXT_BYTES_MAX: usize = 8 * 1024;

/// A length of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length(pub SignedDuration);

/// The value of a variable: text, number or `true`/`false`, kept as written.
#[derive(Clone, Debug)]
pub(crate) struct VariableValue(pub Template);

/// Exactly `${secret:name}`.
#[derive(Clone, Debug)]
pub(crate) struct SecretReference(pub SecretName);

/// A Telegram chat: a number or `@name`.
#[derive(Clone, Debug)]
pub(crate) struct Chat(pub String);

/// What `kind:` can be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Local,
}

/// A percentage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share(pub Percent);

/// The one word of `tests:` under `gates:`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed;
/// The one word of `endpoints:`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tested;
/// The one word of `docs:`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Complete;

/// What `tls:` can be.
pub(crate) type Tls = MailTls;

fn text<'a>(node: &'a Node, expected: &str, log: &mut Log) -> Option<&'a str> {
    match &node.value {
        Value::Text(text) if text.len() <= TEXT_BYTES_MAX => Some(text),
        Value::Text(text) => {
            let message = format!(
                "the text has {} bytes, {TEXT_BYTES_MAX} are allowed",
                text.len()
            );
            log.report(
                Diagnostic::error("too-long", &node.span, message)
                    .label("too long")
                    .help("Put a long command into a script of the repository."),
            );
            None
        }
        Value::Number(..) | Value::Bool(_) => {
            wrong_type(node, expected, "Put it in quotes to make it a text.", log);
            None
        }
        Value::Null => {
            wrong_type(node, expected, "Give it a value, or remove the key.", log);
            None
        }
        Value::List(_) | Value::Map(_) => {
            wrong_type(node, expected, "Write a single value here.", log);
            None
        }
    }
}

fn report(code: &'static str, node: &Node, message: String, help: &str, log: &mut Log) {
    log.report(Diagnostic::error(code, &node.span, message).help(help));
}

impl Decode for Text {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        text(node, "a text", log).map(str::to_owned)
    }
}

impl Decode for Whole {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        match &node.value {
            Value::Number(_, Some(number)) => Some(*number),
            Value::Number(written, None) => {
                let message = format!("{} is not a whole number of usable size", shown(written));
                report("number", node, message, "Write a whole number.", log);
                None
            }
            _ => {
                wrong_type(
                    node,
                    "a whole number",
                    "Write a number, without quotes.",
                    log,
                );
                None
            }
        }
    }
}

impl Decode for YesNo {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        if let Value::Bool(it) = node.value {
            return Some(it);
        }
        wrong_type(
            node,
            "`true` or `false`",
            "YAML 1.2 knows only these two words.",
            log,
        );
        None
    }
}

impl Decode for Pattern {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        if let Value::List(_) = node.value {
            wrong_type(
                node,
                "one pattern",
                "Write alternatives as `{one,two}`.",
                log,
            );
            return None;
        }
        let text = text(node, "a pattern", log)?;
        if !log.may_compile(Self::cost(text)) {
            let message = "the patterns of this file stand for too many names".to_owned();
            report(
                "too-many",
                node,
                message,
                "Use `*` instead of long lists in braces.",
                log,
            );
            return None;
        }
        Self::parse(text)
            .map_err(|error| {
                let help = "`*` stands for part of a segment, `**` for whole segments, `{a,b}` for either.";
                report("pattern", node, error.to_string(), help, log);
            })
            .ok()
    }
}

impl Decode for Template {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        template(text(node, "a text", log)?, node, log)
    }
}

fn template(text: &str, node: &Node, log: &mut Log) -> Option<Template> {
    match Template::parse(text) {
        Ok(template) => Some(template),
        Err(error) => {
            log.report(template_problem(&error, node));
            None
        }
    }
}

fn template_problem(error: &TemplateError, node: &Node) -> Diagnostic {
    let known = ["stage", "actor", "branch.slug", "pr", "secret:", "outputs."];
    let problem = |code| Diagnostic::error(code, &node.span, error.to_string());
    match error {
        TemplateError::Unclosed => problem("reference").help("Add the `}`."),
        TemplateError::Unknown(word) => problem("reference")
            .label("unknown reference")
            .help(format!("There are {REFERENCES}."))
            .did_you_mean(word, known),
        TemplateError::SecretInText => problem("secret-in-text")
            .label("a secret and more")
            .help("Keep the whole text in the secret, or use two variables."),
        TemplateError::SecretName(_) => {
            problem("reference").help("Letters, digits, `_`, `.`, `-`, and `/` between them.")
        }
        TemplateError::OutputName(_) => {
            problem("reference").help("Letters, digits and `_`, no digit first.")
        }
    }
}

impl Decode for VariableValue {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        match &node.value {
            Value::Number(written, _) => Some(Self(Template::literal(written))),
            Value::Bool(it) => Some(Self(Template::literal(if *it { "true" } else { "false" }))),
            Value::Text(text) if text.contains('\0') => {
                let message = "a variable cannot hold a NUL character".to_owned();
                report("variable", node, message, "Remove it.", log);
                None
            }
            _ => template(
                text(node, "a text, a number or `true`/`false`", log)?,
                node,
                log,
            )
            .map(Self),
        }
    }
}

impl Decode for Length {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        let help = "Write a number with a unit: `30s`, `15m`, `24h`, `7d`, `1h30m`.";
        let written = match &node.value {
            Value::Number(..) => Err(DurationError::NoUnit),
            _ => Ok(text(node, "a length of time", log)?),
        };
        match written.and_then(parse_duration) {
            Ok(duration) => Some(Self(duration)),
            Err(error) => {
                report("duration", node, error.to_string(), help, log);
                None
            }
        }
    }
}

impl Decode for SecretReference {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        let help =
            "Write `${secret:name}`; the value is given to `greenroom serve`, never to this file.";
        let parsed = match &node.value {
            Value::Text(text) if text.contains("${") => template(text, node, log)?,
            Value::List(_) | Value::Map(_) | Value::Null => {
                wrong_type(node, "a reference to a secret", help, log);
                return None;
            }
            // Whatever it is, it may be the secret itself and must not be repeated.
            _ => Template::literal(""),
        };
        match parsed.references().next() {
            Some(template::Reference::Secret(name)) => Some(Self(name.clone())),
            _ => {
                let message = "a secret cannot be written down here".to_owned();
                report("secret-in-file", node, message, help, log);
                None
            }
        }
    }
}

impl Decode for Chat {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        let text = match &node.value {
            Value::Number(_, Some(number)) if *number != 0 => {
                return Some(Self(number.to_string()));
            }
            Value::Number(written, _) => written,
            _ => text(node, "a chat", log)?,
        };
        let is_name = text.strip_prefix('@').is_some_and(|name| {
            (4..=32).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        let is_number = text.parse::<i64>().is_ok_and(|number| number != 0);
        if is_name || is_number {
            return Some(Self(text.to_owned()));
        }
        let message = format!("\"{}\" is not a Telegram chat", shown(text));
        let help = "Write its number (groups start with `-100`), or `@name` of a public one.";
        report("telegram-chat", node, message, help, log);
        None
    }
}

pub(crate) fn choice(node: &Node, known: &[&str], log: &mut Log) -> Option<usize> {
    let word = text(node, "a word", log)?;
    let found = known.iter().position(|one| *one == word);
    if found.is_none() {
        let message = format!("\"{}\" is not known here", shown(word));
        let known_words = crate::stage_file::diagnostic::listed(known.iter().copied());
        log.report(
            Diagnostic::error("unknown-word", &node.span, message)
                .label("unknown word")
                .help(format!("Known here: {known_words}."))
                .did_you_mean(word, known.iter().copied()),
        );
    }
    found
}

impl Decode for Kind {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        choice(node, &["local"], log).map(|_| Self::Local)
    }
}

impl Decode for Tls {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        choice(node, &["required", "none"], log).map(|index| {
            if index == 0 {
                Self::Required
            } else {
                Self::None
            }
        })
    }
}

impl Decode for Passed {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        choice(node, &["passed"], log).map(|_| Self)
    }
}

impl Decode for Tested {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        choice(node, &["tested"], log).map(|_| Self)
    }
}

impl Decode for Complete {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        choice(node, &["complete"], log).map(|_| Self)
    }
}

impl Decode for Share {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        let help =
            "Write a number from 0 to 100 with at most two decimals, such as `80` or `87.5`.";
        let Value::Number(written, _) = &node.value else {
            wrong_type(node, "a percentage", help, log);
            return None;
        };
        match Percent::parse(written) {
            Ok(percent) => Some(Self(percent)),
            Err(error @ (PercentError::NotANumber | PercentError::OutOfRange)) => {
                let message = format!("{} is no percentage: {error}", shown(written));
                report("percent", node, message, help, log);
                None
            }
        }
    }
}

macro_rules! described {
    ($($type:ty, $name:literal: $schema:tt;)+) => { $(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+ };
}

described! {
    Length, "Duration": { "type": "string", "pattern": r"^(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$" };
    Template, "Template": { "type": "string" };
    Pattern, "Pattern": { "type": "string", "minLength": 1, "maxLength": 200 };
    VariableValue, "Variable": { "type": ["string", "number", "boolean"] };
    SecretReference, "SecretReference": { "type": "string", "pattern": r"^\$\{secret:[A-Za-z0-9_./-]+\}$" };
    Chat, "Chat": { "anyOf": [{ "type": "integer" }, { "type": "string", "pattern": "^(-?[0-9]+|@[A-Za-z0-9_]{4,32})$" }] };
    Kind, "Kind": { "const": "local" };
    Tls, "Tls": { "enum": ["required", "none"] };
    Share, "Percent": { "type": "number", "minimum": 0, "maximum": 100 };
    Passed, "Passed": { "const": "passed" };
    Tested, "Tested": { "const": "tested" };
    Complete, "Complete": { "const": "complete" };
}
