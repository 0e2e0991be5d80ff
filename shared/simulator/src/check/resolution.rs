//! B1: where a change leads, read from the rules by themselves: of those that take it the first
//! counts, and its name is the stage's.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_app::records::{Decision, Delivery};
use greenroom_core::name::ConfigHash;
use greenroom_core::stage_file::{From, Rule, StageFile};
use greenroom_github::event::What;

use super::Found;
use crate::truth::Truth;

/// A delivery was decided about.
pub fn decided(
    truth: &Truth,
    delivery: &Delivery,
    decisions: &[Decision],
    files: &BTreeMap<ConfigHash, Arc<StageFile>>,
    found: &mut Found,
) {
    for decision in decisions {
        let Some(file) = files.get(&decision.config) else {
            continue;
        };
        let what = &delivery.event.what;
        let first = file.rules.iter().find(|rule| takes(rule, what));
        let named = first.and_then(|rule| name(rule, what));
        let right = first.is_some_and(|rule| rule.name == decision.rule)
            && named.is_none_or(|name| name == decision.stage.as_str());
        if !right {
            let first = first.map(|rule| &rule.name);
            let what = format!(
                "{} leads to {} by {}, and the first rule that takes it is {first:?}",
                delivery.id, decision.stage, decision.rule
            );
            found.broken(truth, "B1", what);
        }
    }
}

fn takes(rule: &Rule, what: &What) -> bool {
    match (&rule.from, what) {
        (
            From::Branch {
                pattern,
                refresh: None,
            },
            What::Push(push),
        ) => {
            let branch = push.reference.branch();
            branch.is_some_and(|branch| pattern.matches(branch))
        }
        // Its builds are made ready; what is deployed is for people to say.
        (From::Select { pattern }, What::Push(push)) => {
            let branch = push.reference.branch();
            branch.is_some_and(|branch| pattern.matches(branch))
        }
        (From::Tag { pattern }, What::Tag(tag)) => {
            let tag = tag.reference.tag();
            tag.is_some_and(|tag| pattern.matches(tag))
        }
        (From::PullRequest { base, labels, .. }, What::PullRequest(pull)) => {
            let target = pull.base.branch();
            target.is_some_and(|target| base.matches(target))
                && labels.iter().all(|label| pull.labels.contains(label))
        }
        _ => false,
    }
}

/// What the stage is called, where that follows from rule and number alone.
fn name(rule: &Rule, what: &What) -> Option<String> {
    let text = rule.stage.as_str();
    match what {
        What::PullRequest(pull) => Some(text.replace("${pr}", &pull.number.to_string())),
        _ => rule.stage.as_literal().map(str::to_owned),
    }
    .filter(|name| !name.contains("${"))
}
