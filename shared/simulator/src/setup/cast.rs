//! Who and what there is to act with, read from a stage file: branches and tags that its patterns
//! match, its stages, the holders of its roles.

use std::collections::BTreeSet;

use greenroom_core::name::{Actor, RefName};
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage_file::{From, Pattern, QueuePolicy, Rule, StageFile};

/// People who push.
pub const PUSHERS: [&str; 4] = ["alice", "bob", "Carol-X", "dependabot[bot]"];
/// Somebody without any role.
pub const STRANGER: &str = "mallory";

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cast {
    pub default_branch: String,
    /// Short names; those that lead to a stage first.
    pub branches: Vec<String>,
    pub tags: Vec<String>,
    /// A pattern of tags that lead to a stage.
    tagged: Option<Pattern>,
    /// Whether pull requests lead anywhere.
    pub takes_pulls: bool,
    /// Base branches and labels of pull requests that get a stage.
    pub pulls: Vec<(String, Vec<String>)>,
    /// Names of stages; those that only an event makes are among them.
    pub stages: Vec<String>,
    /// Stages whose approvals are for certain people only.
    pub guarded: Vec<String>,
    /// Holders of roles.
    pub holders: Vec<String>,
    pub channels: Vec<String>,
    /// Stages that take what people select, and a branch for each.
    pub selects: Vec<(String, String)>,
    /// Whether stages demand a mark.
    pub marks: bool,
    /// Whether stages go.
    pub expires: bool,
    /// Branches that lead to stages which deploy each change by itself.
    pub lines: Vec<String>,
    /// Stages that are tested again though nothing is deployed.
    pub watched: Vec<String>,
    /// The zone of the first refresh.
    pub zone: Option<String>,
}

impl Cast {
    pub fn of(file: &StageFile) -> Self {
        let mut cast = Self {
            default_branch: default_branch(file),
            ..Self::default()
        };
        for rule in &file.rules {
            match &rule.from {
                From::Branch { pattern, refresh } => {
                    cast.branches.extend(examples(pattern));
                    let zone = refresh.as_ref().map(|refresh| refresh.timezone.clone());
                    cast.zone = cast.zone.or(zone);
                }
                From::Tag { pattern } => {
                    cast.tags.extend(examples(pattern));
                    cast.tagged.get_or_insert_with(|| pattern.clone());
                }
                From::PullRequest { base, labels, .. } => {
                    cast.takes_pulls = true;
                    let base = examples(base).into_iter().next().unwrap_or_default();
                    cast.pulls.push((base, labels.clone()));
                }
                From::Select { pattern } => {
                    let found = examples(pattern);
                    let stage = rule.stage.as_literal().unwrap_or_default();
                    let each = found
                        .iter()
                        .map(|branch| (stage.to_owned(), branch.clone()));
                    cast.selects.extend(each);
                    cast.branches.extend(found);
                }
                From::Promote { .. } | From::Local => {}
            }
            if rule.queue == QueuePolicy::Fifo {
                cast.lines.extend(source(file, rule));
            }
            let watched = rule.stage.as_literal().filter(|_| rule.watch.is_some());
            cast.watched.extend(watched.map(str::to_owned));
            if let Some(name) = rule.stage.as_literal() {
                cast.stages.push(name.to_owned());
                if rule
                    .approvals
                    .as_ref()
                    .is_some_and(|asked| !asked.by.is_empty())
                {
                    cast.guarded.push(name.to_owned());
                }
            }
        }
        cast.marks = !file.marks.is_empty();
        cast.expires = file.rules.iter().any(|rule| rule.expires.is_some());
        cast.more(file);
        cast
    }

    /// The n-th tag that leads to a stage, if there is a rule for any.
    pub fn tag(&self, n: u64) -> Option<String> {
        let pattern = self.tagged.as_ref()?;
        let filled = fill(pattern, &format!("1.{n}"), &format!("1.{n}"));
        let fits = pattern.matches(&filled).then_some(filled);
        fits.or_else(|| self.tags.first().cloned())
    }

    fn more(&mut self, file: &StageFile) {
        let mut seen = BTreeSet::new();
        self.branches.retain(|branch| seen.insert(branch.clone()));
        for branch in [self.default_branch.clone(), "stray".to_owned()] {
            if !self.branches.contains(&branch) {
                self.branches.push(branch);
            }
        }
        if self.tags.is_empty() {
            self.tags.push("nightly".to_owned());
        }
        if self.pulls.is_empty() {
            self.pulls.push((self.default_branch.clone(), Vec::new()));
        }
        let holders: BTreeSet<String> = file
            .roles
            .values()
            .flatten()
            .map(|person| person.as_str().to_ascii_lowercase())
            .collect();
        self.holders = holders.into_iter().collect();
        self.channels = file.channels.keys().map(ToString::to_string).collect();
        for branch in self.branches.clone() {
            let trigger = Trigger {
                event: Event::Push,
                reference: RefName::new(format!("refs/heads/{branch}")),
                actor: Some(Actor::new(PUSHERS[0])),
                deleted: false,
            };
            let stage = resolve(file, &trigger).stage.map(|stage| stage.to_string());
            self.stages
                .extend(stage.filter(|stage| !self.stages.contains(stage)));
        }
    }
}

/// The stage file does not say which branch it is read from.
fn default_branch(file: &StageFile) -> String {
    let literal = |name: &str| {
        file.rules.iter().any(|rule| {
            matches!(&rule.from, From::Branch { pattern, .. } if pattern.literal() == Some(name))
        })
    };
    let known = ["main", "master", "trunk"]
        .into_iter()
        .find(|name| literal(name));
    known.unwrap_or("main").to_owned()
}

/// Branches that lead to a stage, by way of others or not.
fn source(file: &StageFile, rule: &Rule) -> Vec<String> {
    let mut at = Some(rule);
    // Promotions come to an end in every file that holds.
    for _ in &file.rules {
        match at.map(|rule| &rule.from) {
            Some(From::Branch { pattern, .. }) => return examples(pattern),
            Some(From::Promote { rule }) => at = file.rule(rule),
            _ => break,
        }
    }
    Vec::new()
}

/// A name or two that the pattern matches.
fn examples(pattern: &Pattern) -> Vec<String> {
    if let Some(name) = pattern.literal() {
        return vec![name.to_owned()];
    }
    let all = [("a", "a"), ("b", "b"), ("1", "c/d"), ("1.2", "1.2")];
    let all = all.map(|(one, many)| fill(pattern, one, many));
    let mut found: Vec<String> = all
        .into_iter()
        .filter(|name| pattern.matches(name))
        .collect();
    found.dedup();
    found.truncate(3);
    found
}

fn fill(pattern: &Pattern, one: &str, many: &str) -> String {
    let plain = first_of_braces(pattern.as_str());
    plain.replace("**", many).replace('*', one)
}

/// The pattern with the first alternative of each pair of braces.
fn first_of_braces(pattern: &str) -> String {
    let mut text = String::new();
    let mut skipping = Vec::new();
    for letter in pattern.chars() {
        match letter {
            '{' => skipping.push(false),
            '}' => drop(skipping.pop()),
            ',' if !skipping.is_empty() => {
                if let Some(last) = skipping.last_mut() {
                    *last = true;
                }
            }
            _ if skipping.iter().any(|skip| *skip) => {}
            _ => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_match_their_pattern() {
        for text in [
            "develop",
            "feature/**",
            "{feature,fix}/*",
            "**",
            "*",
            "release/{1,2}.*",
            "a/**/b",
        ] {
            let pattern = Pattern::parse(text).expect("a pattern");
            let found = examples(&pattern);
            assert!(!found.is_empty(), "{text}");
            assert!(
                found.iter().all(|name| pattern.matches(name)),
                "{text}: {found:?}"
            );
        }
    }
}
