//! Which stage a change belongs to.
//!
//! Total and deterministic over (stage file, trigger): the first rule in file order wins, at
//! most one stage comes out, and every rule that was looked at says why it did or did not
//! match. A rule that matches but cannot give a stage (a fork that it does not take, an unknown actor) ends the
//! search: the next rule must not get a change only because somebody's name is missing. A
//! `kind: local` rule takes the branches that no other rule takes, wherever it stands.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::name::{Actor, RefName, RuleName, StageName};
use crate::stage_file::{From, Pattern, Reference, Rule, StageFile, Values, collision_free};

/// Something that may lead to a stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trigger {
    pub event: Event,
    /// What was pushed; of a pull request its head branch as `refs/heads/...`.
    pub reference: RefName,
    /// Who pushed, or opened the pull request; a poll does not know.
    pub actor: Option<Actor>,
    /// The reference is gone. It resolves like before, so that its stage can be told.
    pub deleted: bool,
}

/// What kind of thing happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A push (or a poll that found a new head). GitHub also sends tags as pushes: what
    /// counts is the reference.
    Push,
    Tag,
    PullRequest {
        number: u64,
        /// Short name of the branch it is to be merged into.
        base: String,
        labels: Vec<String>,
        /// Whether its head is in another repository.
        fork: bool,
    },
    /// The refresh of this rule is due.
    Schedule {
        rule: RuleName,
    },
}

/// What came of it. Serialises to what `greenroom resolve --json` prints.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Resolution {
    pub stage: Option<StageName>,
    /// The rule that matched; there can be one without a stage, then `note` says why.
    pub rule: Option<RuleName>,
    /// Every rule up to the one that matched, in file order.
    pub tried: Vec<Tried>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Cow<'static, str>>,
    /// What the templates of the rule are filled with, the stage's name included.
    #[serde(skip)]
    pub values: Values,
    /// What is done for the stage, where it is not deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

/// What a change leads to on a stage that does not deploy it by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is built, and waits until a person selects it.
    Build,
}

/// One rule that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Tried {
    pub rule: RuleName,
    pub matched: bool,
    pub why: Cow<'static, str>,
}

/// Finds the stage of `trigger`. Looks at nothing but its arguments.
pub fn resolve(file: &StageFile, trigger: &Trigger) -> Resolution {
    let mut tried = Vec::with_capacity(file.rules.len());
    for rule in &file.rules {
        let (matched, why) = match judge(rule, trigger) {
            Judgement::No(why) => (false, why),
            Judgement::Yes(why) => (true, why),
        };
        tried.push(Tried {
            rule: rule.name.clone(),
            matched,
            why,
        });
        if matched {
            return settle(file, rule, trigger, tried);
        }
    }
    leftover(file, trigger, tried)
}

/// Why a push does not reach a stage that its branch is for.
const ONLY_BY_SCHEDULE: &str = "the branch matches, but only the schedule refreshes this stage";

/// No rule that deploys matched.
fn leftover(file: &StageFile, trigger: &Trigger, mut tried: Vec<Tried>) -> Resolution {
    let pushed = matches!(trigger.event, Event::Push) && trigger.reference.branch().is_some();
    let local = file
        .rules
        .iter()
        .position(|rule| rule.from == From::Local)
        .filter(|_| pushed);
    let scheduled = tried.iter().find(|tried| tried.why == ONLY_BY_SCHEDULE);
    let scheduled = scheduled.map(|tried| {
        format!(
            "`{}` takes this branch by its schedule, not by pushes",
            tried.rule
        )
    });
    let (rule, note) = match local.and_then(|index| tried.get_mut(index)) {
        Some(local) => {
            local.matched = true;
            local.why = "no other stage takes this branch".into();
            (Some(local.rule.clone()), "a local stage is never deployed")
        }
        None => (None, "no rule of the stage file leads anywhere from here"),
    };
    Resolution {
        stage: None,
        rule,
        tried,
        note: Some(scheduled.map_or_else(|| note.into(), Cow::Owned)),
        values: Values::default(),
        action: None,
    }
}

enum Judgement {
    No(Cow<'static, str>),
    Yes(Cow<'static, str>),
}

fn no(why: &'static str) -> Judgement {
    Judgement::No(Cow::Borrowed(why))
}

fn judge(rule: &Rule, trigger: &Trigger) -> Judgement {
    if let Event::Schedule { rule: due } = &trigger.event
        && *due != rule.name
    {
        return no("the schedule of another rule is due");
    }
    match &rule.from {
        From::Local => no("is never deployed; takes only branches that no other stage takes"),
        From::Promote { rule: upstream } => {
            Judgement::No(format!("only takes what `{upstream}` has verified").into())
        }
        From::Branch { pattern, refresh } => branch(pattern, refresh.is_some(), trigger),
        From::Tag { pattern } => tag(pattern, trigger),
        From::PullRequest { base, labels, .. } => pull_request(base, labels, trigger),
        From::Select { pattern } => match branch(pattern, false, trigger) {
            Judgement::Yes(_) => Judgement::Yes(
                format!("the branch matches `{pattern}`; it is built, and a person selects").into(),
            ),
            no @ Judgement::No(_) => no,
        },
    }
}

fn branch(pattern: &Pattern, refreshed: bool, trigger: &Trigger) -> Judgement {
    match (&trigger.event, refreshed) {
        (Event::PullRequest { .. }, _) => return no("takes branches, and this is a pull request"),
        (Event::Schedule { .. }, false) => return no("has no schedule"),
        (Event::Push | Event::Tag | Event::Schedule { .. }, _) => {}
    }
    let Some(name) = trigger.reference.branch() else {
        return no("takes branches, and this is not one");
    };
    if !pattern.matches(name) {
        return Judgement::No(format!("the branch does not match `{pattern}`").into());
    }
    match (&trigger.event, refreshed) {
        (Event::Schedule { .. }, _) => Judgement::Yes("its schedule is due".into()),
        (_, true) => no(ONLY_BY_SCHEDULE),
        (_, false) => Judgement::Yes(format!("the branch matches `{pattern}`").into()),
    }
}

fn tag(pattern: &Pattern, trigger: &Trigger) -> Judgement {
    let name = match &trigger.event {
        Event::Push | Event::Tag => trigger.reference.tag(),
        Event::PullRequest { .. } | Event::Schedule { .. } => None,
    };
    match name {
        None => no("takes tags, and this is not one"),
        Some(name) if pattern.matches(name) => {
            Judgement::Yes(format!("the tag matches `{pattern}`").into())
        }
        Some(_) => Judgement::No(format!("the tag does not match `{pattern}`").into()),
    }
}

fn pull_request(base: &Pattern, labels: &[String], trigger: &Trigger) -> Judgement {
    let Event::PullRequest {
        base: target,
        labels: present,
        ..
    } = &trigger.event
    else {
        return no("takes pull requests, and this is not one");
    };
    if !base.matches(target) {
        return Judgement::No(format!("the base branch does not match `{base}`").into());
    }
    match labels.iter().find(|label| !present.contains(label)) {
        Some(missing) => Judgement::No(format!("the label `{missing}` is not set").into()),
        None => Judgement::Yes(format!("the base branch matches `{base}`").into()),
    }
}

/// The rule is found; is there a stage in it?
fn settle(file: &StageFile, rule: &Rule, trigger: &Trigger, tried: Vec<Tried>) -> Resolution {
    let mut values = Values {
        actor: trigger.actor.clone(),
        branch: trigger.reference.branch().map(str::to_owned),
        ..Values::default()
    };
    let mut fork = false;
    if let Event::PullRequest {
        number,
        fork: foreign,
        ..
    } = &trigger.event
    {
        values.pr = Some(*number);
        fork = *foreign;
    }
    let admitted = let_in(rule).filter(|_| fork);
    let fork = fork && admitted.is_none();
    let named = rule.stage.stage_name(&values);
    let (stage, note) = match named {
        _ if fork => (
            None,
            Some(
                "a pull request from a fork gets no stage: its code is not trusted with one; \
                 `forks` in the stage file can name a mark for commits that somebody has read"
                    .into(),
            ),
        ),
        Err(missing) => (None, Some(unnamed(&missing.reference))),
        Ok(name) => {
            let name = collision_free(file, rule, name);
            let deleted = trigger
                .deleted
                .then_some("the reference was deleted".into());
            let note = deleted.or_else(|| admitted.map(waits_for));
            (Some(name), note)
        }
    };
    values.stage.clone_from(&stage);
    let selects = matches!(rule.from, From::Select { .. });
    let action = (stage.is_some() && selects).then_some(Action::Build);
    let built = || Cow::Borrowed("it is built; the stage takes only what a person selects");
    Resolution {
        stage,
        rule: Some(rule.name.clone()),
        tried,
        note: note.or_else(|| action.map(|_| built())),
        values,
        action,
    }
}

/// The mark by which commits of forks come here, if they do.
fn let_in(rule: &Rule) -> Option<&str> {
    match &rule.from {
        From::PullRequest { forks, .. } => forks.as_deref(),
        _ => None,
    }
}

fn waits_for(mark: &str) -> Cow<'static, str> {
    format!("it is from a fork: nothing of it runs until its commit is marked {mark}").into()
}

fn unnamed(reference: &Reference) -> Cow<'static, str> {
    match reference {
        Reference::Actor => {
            "the stage is named after who pushed, and that is not known here".into()
        }
        other => format!("the stage is named after {other}, and that is not known here").into(),
    }
}
