//! What CodeBuild does: the text of a buildspec, with the shell program that runs the steps.
//!
//! One command runs everything and always ends well; the one after it fails the build if that
//! left a failure. CodeBuild keeps what a command exported for certain only when it ended well,
//! and what failed is what people want to know most.

use std::collections::BTreeSet;

use greenroom_core::name::SecretName;
use greenroom_core::stage_file::{Reference, Step, Template};
use serde_json::json;

use crate::shell::{quote, word};
use crate::{Job, Kind, reports};

const BEGIN: &str = include_str!("script/begin.sh");
const INNER: &str = include_str!("script/inner.sh");
const OUTPUTS: &str = include_str!("script/outputs.awk");
const PUT: &str = include_str!("script/put.sh");
const PACK: &str = include_str!("script/pack.sh");
const REPORTS: &str = include_str!("script/reports.sh");
const FETCH: &str = include_str!("script/fetch.sh");
const END: &str = include_str!("script/end.sh");

/// Where CodeBuild puts the value of a variable's secret: under a name no tool reads, so that
/// what is meant for a step is not used to fetch that step's artifact.
pub(crate) fn secret_variable(name: &str) -> String {
    format!("GREENROOM_SECRET_{name}")
}

/// Variables of the stage whose value is a secret it may have.
pub(crate) fn secrets<'a>(job: &Job<'a>) -> Vec<(&'a str, &'a SecretName)> {
    let Kind::Stage { rule, trusted, .. } = job.kind else {
        return Vec::new();
    };
    if !trusted {
        return Vec::new();
    }
    let all = job.file.templates_for(rule).into_iter();
    all.filter_map(|(name, template)| Some((name, secret(template)?)))
        .collect()
}

/// The secret a template is, if it is one.
pub(crate) fn secret(template: &Template) -> Option<&SecretName> {
    match template.references().next()? {
        Reference::Secret(name) => Some(name),
        _ => None,
    }
}

/// All outputs the steps declare, once each.
pub(crate) fn outputs<'a>(job: &'a Job<'_>) -> BTreeSet<&'a str> {
    let steps = job.steps.iter();
    steps
        .flat_map(|step| &step.outputs)
        .map(String::as_str)
        .collect()
}

/// The buildspec of a pipeline's project.
pub(crate) fn text(job: &Job<'_>) -> String {
    let mut exported = vec!["GREENROOM_STEP", "GREENROOM_FAILURE"];
    if let Kind::Build = job.kind {
        exported.extend(["GREENROOM_DIGEST", "GREENROOM_SIZE"]);
    }
    if !reports::declared(job).is_empty() {
        exported.push("GREENROOM_REPORTS");
    }
    exported.extend(outputs(job));
    let spec = json!({
        "version": "0.2",
        "env": {
            "shell": "/bin/sh",
            "exported-variables": exported,
        },
        "phases": { "build": { "commands": [program(job), "test -z \"$GREENROOM_FAILURE\""] } },
    });
    harmless(&format!("{spec:#}"))
}

/// The same JSON without anything that another reader would take for its own. CloudFormation
/// resolves `{{resolve:...}}` wherever it stands, and YAML forbids some characters unescaped;
/// both stand only inside strings, where JSON can write them as escapes.
fn harmless(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut before = ' ';
    for c in json.chars() {
        let forbidden = matches!(
            u32::from(c),
            0x7f..=0x9f | 0x2028 | 0x2029 | 0xfeff | 0xfffe | 0xffff
        );
        if forbidden || (c == '{' && before == '{') {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
        before = c;
    }
    out
}

fn program(job: &Job<'_>) -> String {
    let mut program = bare(BEGIN);
    let mut line = |text: &str| {
        program.push_str(text);
        if !text.ends_with('\n') {
            program.push('\n');
        }
    };
    line(&format!("greenroom_awk={}", quote(&bare(OUTPUTS))));
    line(&format!("greenroom_inner={}", quote(&inner(job))));
    let names: Vec<&str> = secrets(job).into_iter().map(|(name, _)| name).collect();
    line(&format!(
        "export GREENROOM_SECRETS={}",
        quote(&names.join(" "))
    ));
    line(&bare(END));
    let mut acts = Vec::new();
    let reports = !reports::declared(job).is_empty();
    match job.kind {
        Kind::Build => {
            line("GREENROOM_DIGEST=none GREENROOM_SIZE=0 GREENROOM_REPORTS=none");
            line(&bare(PUT));
            line(&bare(PACK));
            if reports {
                line(&bare(REPORTS));
                acts.extend(reports::before(job));
            }
        }
        Kind::Stage { artifact: true, .. } => {
            line(&bare(FETCH));
            acts.push("greenroom_fetch".to_owned());
        }
        Kind::Stage { .. } => {}
    }
    for (place, step) in job.steps.iter().enumerate() {
        acts.push(run(step));
        let Kind::Build = job.kind else { continue };
        if let Some(path) = &step.artifact {
            acts.push(format!("greenroom_pack {}", quote(path)));
        }
        if let Some(reports) = &step.reports {
            acts.extend(reports::after(place, reports));
        }
    }
    if reports {
        acts.push("greenroom_report".to_owned());
    }
    line("[ -z \"$GREENROOM_FAILURE\" ] &&");
    line(&acts.join(" &&\n"));
    if let Kind::Build = job.kind {
        line(
            "[ -z \"$GREENROOM_FAILURE\" ] || GREENROOM_DIGEST=none GREENROOM_SIZE=0 GREENROOM_REPORTS=none",
        );
        line("export GREENROOM_DIGEST GREENROOM_SIZE GREENROOM_REPORTS");
    }
    let outputs: Vec<&str> = outputs(job).into_iter().collect();
    line(&format!("greenroom_export {}", outputs.join(" ")));
    line("rm -rf \"$greenroom_work\"");
    line("unset greenroom_awk greenroom_inner");
    program
}

fn run(step: &Step) -> String {
    format!(
        "greenroom_step {} {} {} {}",
        quote(&step.name),
        seconds(step),
        quote(&step.outputs.join(" ")),
        quote(&step.run)
    )
}

/// Whole seconds, rounded up: `timeout 0` would be no limit at all.
pub(crate) fn seconds(step: &Step) -> i64 {
    let rest = i64::from(step.timeout.subsec_nanos() > 0);
    (step.timeout.as_secs() + rest).max(1)
}

/// Sets the stage's variables, and nothing but a step sees them: one may even replace `PATH`.
fn inner(job: &Job<'_>) -> String {
    let mut text = String::new();
    if let Kind::Stage { rule, .. } = job.kind {
        for (name, template) in job.file.templates_for(rule) {
            if let Some(word) = word(template) {
                text.push_str(&format!("export {name}={word}\n"));
            }
        }
    }
    for (name, _) in secrets(job) {
        let from = secret_variable(name);
        text.push_str(&format!("export {name}=\"${from}\"; unset {from}\n"));
    }
    text + &bare(INNER)
}

/// Without the lines that are only comments: they are for readers of the source.
fn bare(script: &str) -> String {
    let lines = script.lines();
    let kept = lines.filter(|line| !line.trim_start().starts_with('#') && !line.is_empty());
    kept.map(|line| format!("{line}\n")).collect()
}
