//! Buildspecs of version 0.2, as far as they are run here. What is not, is an error.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The phases that have commands, in order, by the names buildspecs and APIs have for them.
pub(super) const PHASES: [(&str, &str); 4] = [
    ("install", "INSTALL"),
    ("pre_build", "PRE_BUILD"),
    ("build", "BUILD"),
    ("post_build", "POST_BUILD"),
];

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Buildspec {
    pub shell: String,
    pub variables: BTreeMap<String, String>,
    /// Reference by variable.
    pub secrets: BTreeMap<String, String>,
    pub exported: Vec<String>,
    /// By the buildspec's name for it.
    pub phases: BTreeMap<String, Phase>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Phase {
    pub commands: Vec<String>,
    pub finally: Vec<String>,
    /// `on-failure: CONTINUE`.
    pub goes_on: bool,
}

/// True for the text of a buildspec, false for the path of one.
pub(super) fn is_inline(text: &str) -> bool {
    text.contains('\n') || text.trim_start().starts_with(['{', '-']) || text.contains("version:")
}

impl Buildspec {
    /// # Errors
    /// A sentence, for `YAML_FILE_ERROR`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let all: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let all = object(&all, "the buildspec")?;
        known(
            all,
            &["version", "env", "phases", "artifacts"],
            "the buildspec",
        )?;
        let version = all
            .get("version")
            .map(scalar)
            .transpose()?
            .unwrap_or_default();
        if version != "0.2" {
            return Err(format!("version {version:?} is not supported, only 0.2"));
        }
        let nothing = Map::new();
        let env = match all.get("env") {
            Some(env) => object(env, "env")?,
            None => &nothing,
        };
        known(
            env,
            &[
                "shell",
                "variables",
                "secrets-manager",
                "exported-variables",
            ],
            "env",
        )?;
        let phases = object(all.get("phases").ok_or("phases are missing")?, "phases")?;
        let names = PHASES.map(|(name, _)| name);
        known(phases, &names, "phases")?;
        let shell = env
            .get("shell")
            .map_or_else(|| Ok("sh".to_owned()), scalar)?;
        if !["sh", "/bin/sh", "bash"].contains(&shell.as_str()) {
            return Err(format!("shell {shell} is not supported"));
        }
        Ok(Self {
            shell,
            variables: texts(env.get("variables"), "variables")?,
            secrets: texts(env.get("secrets-manager"), "secrets-manager")?,
            exported: list(env.get("exported-variables"), "exported-variables")?,
            phases: phases
                .iter()
                .map(|(name, phase)| Ok((name.clone(), Phase::parse(phase, name)?)))
                .collect::<Result<_, String>>()?,
        })
    }
}

impl Phase {
    fn parse(phase: &Value, name: &str) -> Result<Self, String> {
        let phase = object(phase, name)?;
        known(
            phase,
            &["commands", "finally", "on-failure", "runtime-versions"],
            name,
        )?;
        let goes_on = match phase.get("on-failure").map(scalar).transpose()?.as_deref() {
            None | Some("ABORT") => false,
            Some("CONTINUE") => true,
            Some(other) => return Err(format!("on-failure {other} of {name} is not supported")),
        };
        let phase = Self {
            commands: list(phase.get("commands"), "commands")?,
            finally: list(phase.get("finally"), "finally")?,
            goes_on,
        };
        if phase.commands.is_empty() {
            return Err(format!("phase {name} has no commands"));
        }
        Ok(phase)
    }
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, String> {
    value
        .as_object()
        .ok_or_else(|| format!("{what} is no mapping"))
}

fn known(map: &Map<String, Value>, names: &[&str], what: &str) -> Result<(), String> {
    match map.keys().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(format!("{key} in {what} is not modelled by the stand-in")),
        None => Ok(()),
    }
}

/// YAML's numbers and booleans are texts where a text is wanted.
fn scalar(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(format!("{other} is no text")),
    }
}

fn texts(value: Option<&Value>, what: &str) -> Result<BTreeMap<String, String>, String> {
    match value {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(value) => object(value, what)?
            .iter()
            .map(|(name, value)| Ok((name.clone(), scalar(value)?)))
            .collect(),
    }
}

fn list(value: Option<&Value>, what: &str) -> Result<Vec<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(all)) => all.iter().map(scalar).collect(),
        Some(_) => Err(format!("{what} is no list")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_json_are_read_alike() {
        let yaml = "version: 0.2\nenv:\n  variables: { A: 1 }\n  secrets-manager: { K: 'a/b:k' }\n  exported-variables: [X]\nphases:\n  build:\n    commands:\n      - echo 1\n      - |\n        a\n        b\n    finally: [echo 2]\n";
        let json = r#"{"version":0.2,"env":{"variables":{"A":"1"},"secrets-manager":{"K":"a/b:k"},
            "exported-variables":["X"]},"phases":{"build":{"commands":["echo 1","a\nb\n"],
            "finally":["echo 2"]}}}"#;
        let read = Buildspec::parse(yaml).expect("it holds");
        assert_eq!(read.phases["build"].commands, ["echo 1", "a\nb\n"]);
        assert_eq!(Buildspec::parse(json), Ok(read));
        assert!(is_inline(yaml) && is_inline(json) && !is_inline("ci/buildspec.yml"));
    }

    #[test]
    fn what_is_not_run_here_is_an_error() {
        for text in [
            "version: 0.1\nphases: { build: { commands: [a] } }",
            "version: 0.2\nphases: { build: { commands: [] } }",
            "version: 0.2\nphases: { deploy: { commands: [a] } }",
            "version: 0.2\nreports: {}\nphases: { build: { commands: [a] } }",
            "version: 0.2",
            "- a",
        ] {
            assert!(Buildspec::parse(text).is_err(), "{text}");
        }
    }
}
