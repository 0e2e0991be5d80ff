//! The template, read as any YAML.

use std::collections::BTreeSet;

use serde_json::Value;

/// Every function, by its folder.
pub const FUNCTIONS: &[&str] = &[
    "webhook-receiver",
    "stage-resolver",
    "effect-dispatcher",
    "execution-watcher",
    "pipeline-admission",
    "integration-test-runner",
    "break-notifier",
    "clock-tick",
    "control-api",
];

/// A right: an action, and what on.
pub type Right = (String, String);

/// What a function's folder is called in the template: `StageResolver`.
pub fn logical(function: &str) -> String {
    let words = function.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    });
    words.collect()
}

pub struct Template(Value);

impl Template {
    pub fn read() -> Self {
        let text = include_str!("../../../infra/template.yaml");
        Self(serde_saphyr::from_str(text).expect("the template is YAML"))
    }

    pub fn resource(&self, name: &str) -> &Value {
        let resource = &self.0["Resources"][name];
        assert!(resource.is_object(), "there is no {name}");
        resource
    }

    pub fn parameter(&self, name: &str) -> &Value {
        let parameter = &self.0["Parameters"][name];
        assert!(parameter.is_object(), "there is no {name}");
        parameter
    }

    pub fn parameters(&self) -> Vec<(String, Value)> {
        pairs(&self.0["Parameters"])
    }

    pub fn of_type(&self, kind: &str) -> Vec<(String, Value)> {
        let all = pairs(&self.0["Resources"]).into_iter();
        all.filter(|(_, resource)| resource["Type"] == kind)
            .collect()
    }

    /// What a role may.
    pub fn rights_of(&self, role: &str) -> BTreeSet<Right> {
        let policies = &self.resource(role)["Properties"]["Policies"];
        let mut rights = BTreeSet::new();
        for policy in list(policies) {
            for statement in list(&policy["PolicyDocument"]["Statement"]) {
                assert_eq!(statement["Effect"], "Allow", "{role}");
                for action in list(&statement["Action"]) {
                    for resource in list(&statement["Resource"]) {
                        let action = action.as_str().expect("an action is a text").to_owned();
                        rights.insert((action, name_of(&resource)));
                    }
                }
            }
        }
        rights
    }

    /// The variables of Greenroom's own that a function has.
    pub fn variables_of(&self, function: &str) -> BTreeSet<String> {
        let own = &self.resource(function)["Properties"]["Environment"]["Variables"];
        pairs(own).into_iter().map(|(name, _)| name).collect()
    }

    /// The queues and streams whose records are brought to a function.
    pub fn sources_of(&self, function: &str) -> Vec<(String, String)> {
        let mappings = self.of_type("AWS::Lambda::EventSourceMapping").into_iter();
        mappings
            .map(|(_, mapping)| mapping["Properties"].clone())
            .filter(|mapping| mapping["FunctionName"]["Ref"] == function)
            .map(|mapping| {
                let source = &mapping["EventSourceArn"]["Fn::GetAtt"];
                let part = |n: usize| source[n].as_str().expect("a text").to_owned();
                (part(0), part(1))
            })
            .collect()
    }

    /// Whether what a function asynchronously fails at goes to the queue of failures.
    pub fn leaves_failures(&self, function: &str) -> bool {
        let of_streams = self
            .sources_of(function)
            .iter()
            .any(|(_, part)| part == "StreamArn");
        let configs = self.of_type("AWS::Lambda::EventInvokeConfig").into_iter();
        let mut configs = configs.map(|(_, config)| config["Properties"].clone());
        of_streams
            || configs.any(|config| {
                config["FunctionName"]["Ref"] == function && config["DestinationConfig"].is_object()
            })
    }
}

fn pairs(object: &Value) -> Vec<(String, Value)> {
    let object = object.as_object().expect("an object");
    object
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// One, or several.
fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    }
}

/// A resource as people would name it: `Table.Arn`, `Breaks`, or the pattern.
fn name_of(resource: &Value) -> String {
    if let Some(parts) = resource["Fn::GetAtt"].as_array() {
        let parts = parts.iter().filter_map(Value::as_str);
        return parts.collect::<Vec<_>>().join(".");
    }
    let text = resource["Ref"]
        .as_str()
        .or_else(|| resource["Fn::Sub"].as_str())
        .or_else(|| resource.as_str());
    let text = text.expect("a resource is named");
    text.replace("${AWS::Partition}", "aws")
        .replace("${AWS::Region}:${AWS::AccountId}", "")
}
