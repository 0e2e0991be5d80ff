//! What a person should know of the stage file although no promise is broken: stages that nothing
//! reached, and what kept things from them.

use greenroom_core::stage_file::{From, Rule, StageFile};
use greenroom_simulator::rehearsal::{StageStory, Story};

use crate::output::text::clean;

/// A share of all time above which a wait is worth a word, in hundredths.
const OFTEN: i64 = 25;

/// One sentence each, in the order of the file.
pub fn of(file: &StageFile, story: &Story) -> Vec<String> {
    let mut warned = Vec::new();
    for rule in &file.rules {
        too_few(file, rule, &mut warned);
        if matches!(rule.from, From::Local) {
            continue;
        }
        let name = clean(rule.stage.as_str());
        let Some(literal) = rule.stage.as_literal() else {
            continue;
        };
        match story.stages.get(literal) {
            None => warned.push(format!("nothing led to {name}: {}", from(rule))),
            Some(stage) if stage.deployments == 0 => {
                warned.push(format!("{name} was never reached: {}", why(stage, rule)));
            }
            Some(stage) => slow(&name, stage, &mut warned),
        }
    }
    warned
}

/// Approvals that nobody, or too few, can give.
fn too_few(file: &StageFile, rule: &Rule, warned: &mut Vec<String>) {
    let Some(asked) = rule.approvals.as_ref().filter(|asked| !asked.by.is_empty()) else {
        return;
    };
    let mut people: Vec<String> = asked
        .by
        .iter()
        .filter_map(|role| file.roles.get(role))
        .flatten()
        .map(|person| person.as_str().to_ascii_lowercase())
        .collect();
    people.sort();
    people.dedup();
    let (name, roles) = (clean(rule.name.as_str()), clean(&asked.by.join(", ")));
    if people.is_empty() {
        warned.push(format!(
            "{name} wants an approval of {roles}, and nobody holds that role"
        ));
    } else if people.len() < usize::try_from(asked.count).unwrap_or(usize::MAX) {
        warned.push(format!(
            "{name} wants {} approvals of {roles}, and only {} can give one",
            asked.count,
            people.join(", ")
        ));
    }
}

fn from(rule: &Rule) -> String {
    match &rule.from {
        From::Branch { pattern, refresh } => {
            let by = if refresh.is_some() {
                "its schedule"
            } else {
                "a push"
            };
            format!("no branch matched `{}` by {by}", clean(pattern.as_str()))
        }
        From::Tag { pattern } => format!("no tag matched `{}`", clean(pattern.as_str())),
        From::PullRequest { .. } => "no pull request matched".to_owned(),
        From::Promote { rule } => {
            format!("`{}` had nothing to promote", clean(rule.as_str()))
        }
        From::Local => "it is never deployed".to_owned(),
        From::Select { pattern } => {
            format!("nobody selected a branch of `{}`", clean(pattern.as_str()))
        }
    }
}

/// What it waited for longest.
fn why(stage: &StageStory, rule: &Rule) -> String {
    let longest = stage.waits.iter().max_by_key(|(_, waited)| waited.total);
    match longest {
        Some((&"nothing_yet", _)) | None => from(rule),
        Some((code, waited)) => format!(
            "it waited for `{code}`, which {} could end",
            clean(&waited.who)
        ),
    }
}

/// A wait that took a good part of the time.
fn slow(name: &str, stage: &StageStory, warned: &mut Vec<String>) {
    let all: i64 = stage
        .waits
        .values()
        .map(|waited| waited.total.as_secs())
        .sum();
    for (code, waited) in stage.waits.iter().filter(|(_, waited)| waited.blocked) {
        let part = waited.total.as_secs() * 100 / all.max(1);
        if part >= OFTEN {
            warned.push(format!(
                "{name} spent {part} % of the time waiting for `{code}`; {} could end that",
                clean(&waited.who)
            ));
        }
    }
}
