//! Texts with references: `https://${stage}.example.com`.
//!
//! The references are a closed list; `$` without `{` is an ordinary character. Secrets are
//! never resolved here: a value is either text, or the name of a secret and nothing else, so
//! that no rendered text can carry one.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::name::{Actor, SecretName, StageName};
use crate::stage_file::diagnostic::shown;
use crate::stage_file::slug::{slug, suffixed};

/// Every reference there is, for messages.
pub const REFERENCES: &str =
    "${secret:name}, ${stage}, ${actor}, ${branch.slug}, ${pr}, ${outputs.NAME}";

/// A text with references, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Text(String),
    Reference(Reference),
}

/// What `${...}` can name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reference {
    /// `${secret:name}`, resolved late by whoever starts a process.
    Secret(SecretName),
    /// `${stage}`: the stage's name.
    Stage,
    /// `${actor}`: the login of who pushed or opened the pull request, in lower case.
    Actor,
    /// `${branch.slug}`: the branch, as a legal name.
    BranchSlug,
    /// `${pr}`: the number of the pull request.
    PullRequest,
    /// `${outputs.NAME}`: what a step wrote to its output file.
    Output(String),
}

/// What references stand for at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Values {
    pub stage: Option<StageName>,
    pub actor: Option<Actor>,
    /// The short branch name, as git spells it.
    pub branch: Option<String>,
    pub pr: Option<u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
}

/// A template with its references filled in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rendered {
    Text(String),
    Secret(SecretName),
}

/// A reference without a value; what needs the template must wait or fail.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("`{reference}` has no value here")]
pub struct MissingValue {
    pub reference: Reference,
}

/// Why a text is no template.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TemplateError {
    #[error("`${{` is never closed by `}}`")]
    Unclosed,
    #[error("`${{{0}}}` is not a reference")]
    Unknown(String),
    #[error("a secret must be the whole value, so that it is never part of a text")]
    SecretInText,
    #[error("`{0}` cannot be the name of a secret")]
    SecretName(String),
    #[error("`{0}` cannot be the name of an output")]
    OutputName(String),
}

impl Template {
    /// Reads the references of `text`.
    ///
    /// # Errors
    /// [`TemplateError`] for an unknown reference and for a secret inside a longer text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            if start > 0 {
                parts.push(Part::Text(rest[..start].to_owned()));
            }
            let inside = &rest[start + 2..];
            let end = inside.find('}').ok_or(TemplateError::Unclosed)?;
            parts.push(Part::Reference(Reference::parse(&inside[..end])?));
            rest = &inside[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let is_secret = |part: &Part| matches!(part, Part::Reference(Reference::Secret(_)));
        if parts.len() > 1 && parts.iter().any(is_secret) {
            return Err(TemplateError::SecretInText);
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// A template without references, whatever `text` holds.
    pub fn literal(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            parts: vec![Part::Text(text.to_owned())],
        }
    }

    /// As it is written in the stage file.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The references in the order of the text.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.parts.iter().filter_map(|part| match part {
            Part::Reference(reference) => Some(reference),
            Part::Text(_) => None,
        })
    }

    /// Its texts and references in order, for those that fill it in elsewhere.
    pub fn pieces(&self) -> impl Iterator<Item = Result<&str, &Reference>> {
        self.parts.iter().map(|part| match part {
            Part::Text(text) => Ok(text.as_str()),
            Part::Reference(reference) => Err(reference),
        })
    }

    /// The text, when there is nothing to fill in.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Fills the references in.
    ///
    /// # Errors
    /// [`MissingValue`] for the first reference that `values` has nothing for.
    pub fn render(&self, values: &Values) -> Result<Rendered, MissingValue> {
        if let [Part::Reference(Reference::Secret(name))] = self.parts.as_slice() {
            return Ok(Rendered::Secret(name.clone()));
        }
        let mut out = String::with_capacity(self.text.len());
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Reference(reference) => {
                    let value = values.get(reference).ok_or_else(|| MissingValue {
                        reference: reference.clone(),
                    })?;
                    out.push_str(&value);
                }
            }
        }
        Ok(Rendered::Text(out))
    }

    /// Fills the references in and makes a legal stage name of it. A template with more than
    /// one reference always ends in a hash of the values, because `a-b` + `c` and `a` + `b-c`
    /// would read the same.
    ///
    /// # Errors
    /// [`MissingValue`] as [`Template::render`].
    pub fn stage_name(&self, values: &Values) -> Result<StageName, MissingValue> {
        let mut text = String::with_capacity(self.text.len());
        let mut identity = String::new();
        let mut references = 0;
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Reference(reference) => {
                    let value = values.raw(reference).ok_or_else(|| MissingValue {
                        reference: reference.clone(),
                    })?;
                    references += 1;
                    text.push_str(&value);
                    identity.push_str(&value);
                    identity.push('\0');
                }
            }
        }
        Ok(if references > 1 {
            suffixed(&text, &identity)
        } else {
            slug(&text)
        })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Reference {
    /// Reads what stands between `${` and `}`.
    fn parse(inside: &str) -> Result<Self, TemplateError> {
        if let Some(name) = inside.strip_prefix("secret:") {
            return if is_secret_name(name) {
                Ok(Self::Secret(SecretName::new(name)))
            } else {
                Err(TemplateError::SecretName(shown(name)))
            };
        }
        if let Some(name) = inside.strip_prefix("outputs.") {
            return if is_variable_name(name) {
                Ok(Self::Output(name.to_owned()))
            } else {
                Err(TemplateError::OutputName(shown(name)))
            };
        }
        match inside {
            "stage" => Ok(Self::Stage),
            "actor" => Ok(Self::Actor),
            "branch.slug" => Ok(Self::BranchSlug),
            "pr" => Ok(Self::PullRequest),
            other => Err(TemplateError::Unknown(shown(other))),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(name) => write!(f, "${{secret:{name}}}"),
            Self::Stage => f.write_str("${stage}"),
            Self::Actor => f.write_str("${actor}"),
            Self::BranchSlug => f.write_str("${branch.slug}"),
            Self::PullRequest => f.write_str("${pr}"),
            Self::Output(name) => write!(f, "${{outputs.{name}}}"),
        }
    }
}

impl Values {
    /// What a reference becomes in a text.
    pub(crate) fn get(&self, reference: &Reference) -> Option<String> {
        match reference {
            Reference::BranchSlug => self.branch.as_deref().map(|b| slug(b).to_string()),
            other => self.raw(other),
        }
    }

    /// The value before anything is lost; what a stage name is made from.
    fn raw(&self, reference: &Reference) -> Option<String> {
        match reference {
            // A template that names a secret together with anything else does not parse.
            Reference::Secret(_) => None,
            Reference::Stage => self.stage.as_ref().map(ToString::to_string),
            // GitHub's logins differ by more than case.
            Reference::Actor => self.actor.as_ref().map(|a| a.as_str().to_ascii_lowercase()),
            Reference::BranchSlug => self.branch.clone(),
            Reference::PullRequest => self.pr.map(|number| number.to_string()),
            Reference::Output(name) => self.outputs.get(name).cloned(),
        }
    }
}

/// `orders/db`: letters, digits, `_ . / -`, at most 120 characters, no empty segment.
pub fn is_secret_name(name: &str) -> bool {
    name.len() <= 120
        && name
            .split('/')
            .all(|segment| !segment.is_empty() && segment != "." && segment != "..")
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'-'))
}

/// The name of an environment variable: letters, digits, `_`, no digit first, at most 64.
pub fn is_variable_name(name: &str) -> bool {
    name.len() <= 64
        && name
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
