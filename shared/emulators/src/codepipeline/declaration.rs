//! What a pipeline is declared to be, and what CodePipeline refuses to be told.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_executions::Mode;
use serde::Deserialize;
use serde_json::Value;

use super::error::AwsError;

/// A pipeline, with what this stand-in runs of it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Declaration {
    pub name: String,
    pub role_arn: String,
    pub stages: Vec<Stage>,
    #[serde(default)]
    pub artifact_store: Option<ArtifactStore>,
    #[serde(default)]
    pub execution_mode: Option<String>,
    #[serde(default)]
    pub pipeline_type: Option<String>,
    #[serde(default)]
    pub variables: Vec<Variable>,
    #[serde(default)]
    triggers: Vec<Value>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct ArtifactStore {
    pub location: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variable {
    pub name: String,
    #[serde(default)]
    pub default_value: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stage {
    pub name: String,
    pub actions: Vec<Action>,
    #[serde(default)]
    on_failure: Value,
    #[serde(default)]
    on_success: Value,
    #[serde(default)]
    before_entry: Value,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Action {
    pub name: String,
    pub action_type_id: ActionType,
    #[serde(default = "one")]
    pub run_order: u32,
    #[serde(default)]
    pub configuration: BTreeMap<String, String>,
    #[serde(default)]
    pub input_artifacts: Vec<Named>,
    #[serde(default)]
    pub output_artifacts: Vec<Named>,
    #[serde(default)]
    pub namespace: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct ActionType {
    pub category: String,
    pub owner: String,
    pub provider: String,
    pub version: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Named {
    pub name: String,
}

fn one() -> u32 {
    1
}

/// The actions that are modelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Source,
    Invoke,
    Build,
}

impl Action {
    pub fn kind(&self) -> Result<Kind, AwsError> {
        let ActionType {
            category,
            owner,
            provider,
            version,
        } = &self.action_type_id;
        match (
            category.as_str(),
            owner.as_str(),
            provider.as_str(),
            version.as_str(),
        ) {
            ("Source", "AWS", "CodeStarSourceConnection", "1") => Ok(Kind::Source),
            ("Invoke", "AWS", "Lambda", "1") => Ok(Kind::Invoke),
            ("Build" | "Test", "AWS", "CodeBuild", "1") => Ok(Kind::Build),
            _ => Err(AwsError::not_modelled(format!(
                "actions of {category} {owner} {provider} {version}"
            ))),
        }
    }

    /// The value of a key that [`check`] found.
    pub fn configured(&self, key: &str) -> &str {
        self.configuration.get(key).map_or("", String::as_str)
    }
}

impl Declaration {
    pub fn mode(&self) -> Mode {
        match self.execution_mode.as_deref() {
            Some("PARALLEL") => Mode::Parallel,
            Some("QUEUED") => Mode::Queued,
            _ => Mode::Superseded,
        }
    }

    pub fn is_v2(&self) -> bool {
        self.pipeline_type.as_deref() == Some("V2")
    }

    /// The bucket its artifacts are said to be in.
    pub fn bucket(&self) -> &str {
        let store = self.artifact_store.as_ref();
        store.map_or("artifacts", |store| store.location.as_str())
    }

    /// Reads and judges a declaration that has the right shape.
    pub fn of(pipeline: &Value) -> Result<Self, AwsError> {
        let declaration: Self = serde_json::from_value(pipeline.clone())
            .map_err(|error| AwsError::new("SerializationException", error.to_string()))?;
        declaration.check()?;
        Ok(declaration)
    }

    fn check(&self) -> Result<(), AwsError> {
        let structure = |why: String| Err(AwsError::new("InvalidStructureException", why));
        if self.stages.len() < 2 {
            return structure(format!(
                "Pipeline has only {} stage(s). There should be a minimum of 2 stages in a pipeline",
                self.stages.len()
            ));
        }
        if !self.triggers.is_empty() {
            return Err(AwsError::not_modelled("triggers"));
        }
        if self.artifact_store.is_none() {
            return structure(
                "Exactly one of artifactStore and artifactStores must be there".to_owned(),
            );
        }
        if !self.is_v2() && (self.mode() != Mode::Superseded || !self.variables.is_empty()) {
            return structure(format!(
                "Pipeline {} of type V1 cannot have variables or an execution mode other than SUPERSEDED",
                self.name
            ));
        }
        self.check_stages()?;
        self.check_artifacts()
    }

    fn check_stages(&self) -> Result<(), AwsError> {
        let stage_error = |why: String| Err(AwsError::new("InvalidStageDeclarationException", why));
        let (mut names, mut spaces) = (BTreeSet::new(), BTreeSet::new());
        for (index, stage) in self.stages.iter().enumerate() {
            if !names.insert(&stage.name) {
                return stage_error(format!("Stage name '{}' is not unique", stage.name));
            }
            if stage.actions.is_empty() {
                return stage_error(format!("Stage '{}' has no actions", stage.name));
            }
            let conditions = [&stage.on_failure, &stage.on_success, &stage.before_entry];
            if conditions.iter().any(|condition| !condition.is_null()) {
                return Err(AwsError::not_modelled("conditions of stages"));
            }
            let mut actions = BTreeSet::new();
            for action in &stage.actions {
                if !actions.insert(&action.name) {
                    let why = format!(
                        "Action name '{}' in stage '{}' is not unique",
                        action.name, stage.name
                    );
                    return stage_error(why);
                }
                let is_source = action.kind()? == Kind::Source;
                if is_source != (index == 0) {
                    return Err(AwsError::new(
                        "InvalidStructureException",
                        "Pipeline should start with a stage that only contains source actions, and source actions may only occur in the first stage",
                    ));
                }
                check_configuration(action)?;
                if let Some(space) = &action.namespace
                    && (space == "codepipeline" || space == "variables" || !spaces.insert(space))
                {
                    return Err(wrong(format!(
                        "Namespace '{space}' of action '{}' is not unique",
                        action.name
                    )));
                }
            }
        }
        Ok(())
    }

    /// What an action reads must have been made by one before it.
    fn check_artifacts(&self) -> Result<(), AwsError> {
        let mut made = BTreeSet::new();
        for stage in &self.stages {
            let mut actions: Vec<&Action> = stage.actions.iter().collect();
            actions.sort_by_key(|action| action.run_order);
            for action in actions {
                for input in &action.input_artifacts {
                    if !made.contains(&input.name) {
                        return Err(wrong(format!(
                            "Input Artifact Bundle {} in action {} is not declared as Output Artifact Bundle in any of the preceding actions",
                            input.name, action.name
                        )));
                    }
                }
                for output in &action.output_artifacts {
                    if !made.insert(output.name.clone()) {
                        return Err(wrong(format!(
                            "Output Artifact Bundle name must be unique: {}",
                            output.name
                        )));
                    }
                }
            }
        }
        Ok(())
    }
}

fn wrong(why: String) -> AwsError {
    AwsError::new("InvalidActionDeclarationException", why)
}

/// Keys an action must have, and those it may.
fn keys(kind: Kind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        Kind::Source => (
            &["ConnectionArn", "FullRepositoryId", "BranchName"],
            &["OutputArtifactFormat", "DetectChanges"],
        ),
        Kind::Invoke => (&["FunctionName"], &["UserParameters"]),
        Kind::Build => (&["ProjectName"], &["EnvironmentVariables", "PrimarySource"]),
    }
}

fn check_configuration(action: &Action) -> Result<(), AwsError> {
    let kind = action.kind()?;
    let (must, may) = keys(kind);
    let name = &action.name;
    for key in must {
        if !action.configuration.contains_key(*key) {
            return Err(wrong(format!(
                "Action configuration for action '{name}' is missing required configuration '{key}'"
            )));
        }
    }
    for key in action.configuration.keys() {
        if !must.contains(&key.as_str()) && !may.contains(&key.as_str()) {
            return Err(wrong(format!(
                "Action configuration for action '{name}' contains unknown configuration '{key}'"
            )));
        }
    }
    let counts = (action.input_artifacts.len(), action.output_artifacts.len());
    let fits = match kind {
        Kind::Source => counts == (0, 1),
        Kind::Invoke => counts.0 <= 5 && counts.1 <= 5,
        Kind::Build => (1..=5).contains(&counts.0) && counts.1 <= 5,
    };
    if !fits {
        return Err(wrong(format!(
            "Action {name} declares {} input and {} output artifacts which is not valid for its type",
            counts.0, counts.1
        )));
    }
    if kind != Kind::Source && counts.1 > 0 {
        return Err(AwsError::not_modelled(
            "artifacts that a build or a function makes",
        ));
    }
    if let Some(text) = action.configuration.get("EnvironmentVariables") {
        check_variables(action, text)?;
    }
    Ok(())
}

fn check_variables(action: &Action, text: &str) -> Result<(), AwsError> {
    let parsed: Result<Vec<EnvironmentVariable>, _> = serde_json::from_str(text);
    parsed.map(drop).map_err(|error| {
        wrong(format!(
            "Action configuration for action '{}' has an invalid EnvironmentVariables: {error}",
            action.name
        ))
    })
}

/// A variable of a build, of a project or of an action's configuration.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct EnvironmentVariable {
    pub name: String,
    pub value: String,
    /// PLAINTEXT unless it says otherwise.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

#[cfg(test)]
mod tests;
