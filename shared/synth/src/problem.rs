//! What cannot be rendered, and what is different on AWS.

use greenroom_core::stage_file::StageFile;
use serde::Serialize;

use crate::{Job, Kind, buildspec};

/// Something that cannot run on AWS as it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Problem {
    /// `pipeline service, step build`.
    pub what: String,
    pub why: String,
    /// What to do about it.
    pub help: String,
}

/// Something that works, and differently from what one might expect.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Note {
    /// `stage preview`.
    pub what: String,
    pub why: String,
}

/// Variables that the shell and the tools between two steps read.
const TAKEN: [&str; 9] = [
    "PATH", "HOME", "IFS", "PWD", "ENV", "SHELL", "TMPDIR", "LANG", "PS4",
];
const TAKEN_BEGINNINGS: [&str; 5] = ["GREENROOM_", "AWS_", "CODEBUILD_", "LD_", "LC_"];

pub(crate) fn problems(jobs: &[Job<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for job in jobs {
        for step in &job.steps {
            let what = format!("{}, step {}", job.title, step.name);
            let taken = |name: &&String| {
                TAKEN.contains(&name.as_str())
                    || TAKEN_BEGINNINGS.iter().any(|one| name.starts_with(one))
            };
            for output in step.outputs.iter().filter(taken) {
                problems.push(Problem {
                    what: what.clone(),
                    why: format!("{output} cannot be an output: CodeBuild tells outputs as variables of its shell, and that one is not free"),
                    help: "give the output another name".to_owned(),
                });
            }
        }
    }
    problems
}

pub(crate) fn notes(file: &StageFile, jobs: &[Job<'_>]) -> Vec<Note> {
    let mut notes = Vec::new();
    for rule in file.rules.iter().filter(|rule| rule.pipeline.is_none()) {
        notes.push(Note {
            what: format!("stage {}", rule.name),
            why: "it is never deployed and gets no pipeline".to_owned(),
        });
    }
    for rule in &file.rules {
        let pipeline = rule.pipeline.as_ref();
        let pipeline = pipeline.and_then(|name| file.pipelines.get(name));
        if let Some(existing) = pipeline.and_then(|it| it.existing.as_ref()) {
            notes.push(Note {
                what: format!("stage {}", rule.name),
                why: format!(
                    "it is deployed by {existing}, which exists already: `greenroom doctor` says \
                     whether that asks the fence"
                ),
            });
        }
    }
    for job in jobs {
        if let Kind::Stage {
            rule,
            trusted: false,
            ..
        } = job.kind
        {
            let all = file.templates_for(rule).into_iter();
            let left_out: Vec<&str> = all
                .filter(|(_, template)| buildspec::secret(template).is_some())
                .map(|(name, _)| name)
                .collect();
            if !left_out.is_empty() {
                notes.push(Note {
                    what: format!("stage {}", rule.name),
                    why: format!(
                        "pull requests lead to it, so its steps do not get the secrets of {}",
                        left_out.join(", ")
                    ),
                });
            }
        }
    }
    notes
}
