//! Pipelines and projects out of a CloudFormation template, so that tests run what is deployed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::error::{ACCOUNT, AwsError};
use super::service::Service;
use super::{pipelines, projects, shapes};

/// Why a template could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Give the value, or render the template without it.
    #[error("{resource}: {what} cannot be resolved")]
    Unresolved { resource: String, what: String },
    /// Correct the template.
    #[error("{resource} is refused, {kind}: {why}")]
    Refused {
        resource: String,
        kind: &'static str,
        why: String,
    },
}

/// What the template's resources are called, in its order.
pub(super) fn load(
    service: &Service,
    template: &Value,
    values: &BTreeMap<String, String>,
) -> Result<Vec<String>, TemplateError> {
    let resolver = Resolver {
        service,
        template,
        values,
    };
    let mut made = Vec::new();
    for (logical, resource) in template["Resources"].as_object().into_iter().flatten() {
        let kind = resource["Type"].as_str().unwrap_or_default();
        if kind != "AWS::CodePipeline::Pipeline" && kind != "AWS::CodeBuild::Project" {
            continue;
        }
        let resolved = resolver.resolve(&resource["Properties"]);
        let resolved = resolved.map_err(|what| TemplateError::Unresolved {
            resource: logical.clone(),
            what,
        })?;
        let mut input = camel(&resolved);
        if let Some(members) = input.as_object_mut() {
            for unused in ["tags", "restartExecutionOnUpdate"] {
                members.remove(unused);
            }
        }
        let done = if kind == "AWS::CodeBuild::Project" {
            whole(&mut input);
            project(service, &input)
        } else {
            whole(&mut input);
            pipeline(service, &json!({"pipeline": input}))
        };
        done.map_err(|error| TemplateError::Refused {
            resource: logical.clone(),
            kind: error.kind,
            why: error.message,
        })?;
        made.push(input["name"].as_str().unwrap_or_default().to_owned());
    }
    Ok(made)
}

fn pipeline(service: &Service, input: &Value) -> Result<Value, AwsError> {
    shapes::PIPELINE_ONLY.check(input)?;
    match pipelines::create(service, input) {
        Err(error) if error.kind == "PipelineNameInUseException" => {
            pipelines::update(service, input)
        }
        done => done,
    }
}

fn project(service: &Service, input: &Value) -> Result<Value, AwsError> {
    shapes::CREATE_PROJECT.check(input)?;
    match projects::create(service, input) {
        Err(error) if error.kind == "ResourceAlreadyExistsException" => {
            projects::update(service, input)
        }
        done => done,
    }
}

/// Keys as the APIs have them: `RoleArn` is `roleArn`. What is under `Configuration` is the
/// action's own and stays.
fn camel(value: &Value) -> Value {
    match value {
        Value::Array(all) => Value::Array(all.iter().map(camel).collect()),
        Value::Object(all) => {
            let keys = all.iter().map(|(key, value)| match key.as_str() {
                "BuildSpec" => ("buildspec".to_owned(), value.clone()),
                "Configuration" => ("configuration".to_owned(), value.clone()),
                _ => {
                    let mut letters = key.chars();
                    let first = letters.next().map(|first| first.to_ascii_lowercase());
                    (first.into_iter().chain(letters).collect(), camel(value))
                }
            });
            Value::Object(keys.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// CloudFormation takes texts for numbers, and numbers for texts, where the APIs do not.
fn whole(input: &mut Value) {
    let Some(members) = input.as_object_mut() else {
        return;
    };
    if let Some(Value::String(text)) = members.get("timeoutInMinutes")
        && let Ok(number) = text.parse::<i64>()
    {
        members.insert("timeoutInMinutes".to_owned(), json!(number));
    }
    for stage in members
        .get_mut("stages")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        for action in stage["actions"].as_array_mut().into_iter().flatten() {
            for value in action["configuration"]
                .as_object_mut()
                .into_iter()
                .flatten()
            {
                if !value.1.is_string() {
                    *value.1 = json!(value.1.to_string());
                }
            }
        }
    }
}

struct Resolver<'a> {
    service: &'a Service,
    template: &'a Value,
    values: &'a BTreeMap<String, String>,
}

impl Resolver<'_> {
    fn resolve(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::Array(all) => all
                .iter()
                .map(|one| self.resolve(one))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Value::Object(all) => {
                if let (1, Some((key, of))) = (all.len(), all.iter().next())
                    && (key == "Ref" || key.starts_with("Fn::"))
                {
                    return self.function(key, of).map(Value::String);
                }
                let resolved = all
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), self.resolve(value)?)));
                resolved
                    .collect::<Result<Map<_, _>, String>>()
                    .map(Value::Object)
            }
            other => Ok(other.clone()),
        }
    }

    fn text(&self, value: &Value) -> Result<String, String> {
        match self.resolve(value)? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            other => Err(other.to_string()),
        }
    }

    fn function(&self, key: &str, of: &Value) -> Result<String, String> {
        match (key, of) {
            ("Ref", Value::String(name)) => self.reference(name),
            ("Fn::GetAtt", Value::String(path)) => self.attribute(path),
            ("Fn::GetAtt", Value::Array(parts)) => {
                let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                self.attribute(&parts.join("."))
            }
            ("Fn::Sub", Value::String(text)) => self.substitute(text, &Map::new()),
            ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(text), Value::Object(own)] => self.substitute(text, own),
                _ => Err(of.to_string()),
            },
            ("Fn::Join", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(between), Value::Array(all)] => {
                    let all: Result<Vec<String>, String> =
                        all.iter().map(|one| self.text(one)).collect();
                    Ok(all?.join(between))
                }
                _ => Err(of.to_string()),
            },
            _ => Err(format!("{key} {of}")),
        }
    }

    fn reference(&self, name: &str) -> Result<String, String> {
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        match name {
            "AWS::Region" => return Ok(self.service.options.region.clone()),
            "AWS::AccountId" => return Ok(ACCOUNT.to_owned()),
            "AWS::Partition" => return Ok("aws".to_owned()),
            "AWS::URLSuffix" => return Ok("amazonaws.com".to_owned()),
            _ => {}
        }
        let default = &self.template["Parameters"][name]["Default"];
        if !default.is_null() {
            return self.text(default);
        }
        let resource = &self.template["Resources"][name];
        let key = match resource["Type"].as_str() {
            Some("AWS::IAM::Role") => "RoleName",
            Some("AWS::S3::Bucket") => "BucketName",
            Some("AWS::Logs::LogGroup") => "LogGroupName",
            Some("AWS::CodeBuild::Project" | "AWS::CodePipeline::Pipeline") => "Name",
            _ => return Err(name.to_owned()),
        };
        match &resource["Properties"][key] {
            // CloudFormation makes one up.
            Value::Null => Ok(name.to_ascii_lowercase()),
            given => self.text(given),
        }
    }

    fn attribute(&self, path: &str) -> Result<String, String> {
        if let Some(value) = self.values.get(path) {
            return Ok(value.clone());
        }
        let (name, attribute) = path.split_once('.').ok_or_else(|| path.to_owned())?;
        let kind = self.template["Resources"][name]["Type"].as_str();
        match (kind, attribute) {
            (Some("AWS::IAM::Role"), "Arn") => Ok(format!(
                "arn:aws:iam::{ACCOUNT}:role/{}",
                self.reference(name)?
            )),
            (Some("AWS::S3::Bucket"), "Arn") => {
                Ok(format!("arn:aws:s3:::{}", self.reference(name)?))
            }
            (Some("AWS::CodeBuild::Project"), "Arn") => {
                let name = self.reference(name)?;
                Ok(self.service.arn("codebuild", &format!("project/{name}")))
            }
            _ => Err(path.to_owned()),
        }
    }

    fn substitute(&self, text: &str, own: &Map<String, Value>) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            out.push_str(&rest[..start]);
            let end = rest[start..].find('}').ok_or_else(|| text.to_owned())? + start;
            let name = &rest[start + 2..end];
            match name.strip_prefix('!') {
                Some(literal) => out.push_str(&format!("${{{literal}}}")),
                None => match own.get(name) {
                    Some(value) => out.push_str(&self.text(value)?),
                    None if name.contains('.') => out.push_str(&self.attribute(name)?),
                    None => out.push_str(&self.reference(name)?),
                },
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }
}
