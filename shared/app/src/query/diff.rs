//! What two stages have in common and what not: commits, artifact, variables.

use std::collections::BTreeSet;

use greenroom_core::name::{AppId, Digest, RepoName, Revision, SecretName, StageId, StageName};
use greenroom_core::stage::{Deployed, Health, Stage};
use greenroom_core::stage_file::{Reference, StageFile, Template};
use jiff::Timestamp;
use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::source::{self, Repository, Source};
use crate::stages::Loaded;

/// Commits that one stage has before the other; more are only said to be there.
const COMMITS_MAX: usize = 100;

/// How two stages of an app differ.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Difference {
    pub app: AppId,
    pub name: RepoName,
    pub from: Side,
    pub to: Side,
    /// Whether the very same bytes stand on both; `None` where nothing stands or was built.
    pub same_artifact: Option<bool>,
    /// Why the commits of both sides are not known, if they are not.
    pub unknown: Option<String>,
    /// Those that differ, by name, as the stage file in force has them.
    pub variables: Vec<Differing>,
}

/// One of the two.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Side {
    pub stage: StageName,
    pub health: Health,
    /// What stands there.
    pub revision: Option<Revision>,
    pub artifact: Option<Digest>,
    pub since: Option<Timestamp>,
    /// What it has and the other has not, newest first.
    pub commits: Vec<Ahead>,
    /// There are more.
    pub truncated: bool,
    /// Of a stage that takes turns with another: whether people use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
}

/// A commit that only one side has. Its texts are untrusted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ahead {
    pub revision: Revision,
    pub author: String,
    pub subject: String,
    pub at: Timestamp,
}

/// A variable that is not the same on both.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Differing {
    pub name: String,
    /// `None`: that side has no such variable.
    pub from: Option<Value>,
    pub to: Option<Value>,
}

/// A variable's value, as the stage file writes it. Of a secret there is only its name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Text(String),
    Secret(SecretName),
}

impl<P: Ports> App<P> {
    /// How `from` and `to` differ.
    ///
    /// # Errors
    /// `Invalid` for stages of two apps; `NotFound` where one does not exist.
    pub async fn difference(&self, from: &StageId, to: &StageId) -> Result<Difference, Error> {
        if from.app != to.app {
            return Err(Error::Invalid {
                why: format!("{} and {} are of different apps", from.stage, to.stage),
                help: "compare two stages of one app".to_owned(),
            });
        }
        let (one, other) = (
            self.load_stage(from, None).await?,
            self.load_stage(to, None).await?,
        );
        let app = one.app.record.clone();
        let (mut left, mut right) = (side(&one.stage), side(&other.stage));
        let unknown = self
            .ahead(&app.repository, &mut left, &mut right)
            .await
            .err();
        left.live = is_live(&one);
        right.live = is_live(&other);
        let artifacts = left.artifact.as_ref().zip(right.artifact.as_ref());
        Ok(Difference {
            app: app.id,
            name: app.name,
            same_artifact: artifacts.map(|(left, right)| left == right),
            unknown,
            variables: one
                .file
                .as_deref()
                .map_or_else(Vec::new, |file| variables(file, &one.stage, &other.stage)),
            from: left,
            to: right,
        })
    }

    /// The commits that each side has before the other.
    async fn ahead(
        &self,
        repository: &Repository,
        left: &mut Side,
        right: &mut Side,
    ) -> Result<(), String> {
        let (Some(one), Some(other)) = (left.revision.clone(), right.revision.clone()) else {
            let empty = if left.revision.is_none() { left } else { right };
            return Err(format!("nothing stands on {}", empty.stage));
        };
        if one == other {
            return Ok(());
        }
        for (side, base, head) in [(left, &other, &one), (right, &one, &other)] {
            let source = self.ports.source();
            let compared = source.compare(repository, base, head, COMMITS_MAX).await;
            let compared = compared.map_err(|error| error.to_string())?;
            side.truncated = compared.truncated;
            side.commits = compared.commits.into_iter().map(shown).collect();
        }
        Ok(())
    }
}

/// Whether people use it, of a stage that takes turns with another.
fn is_live(loaded: &Loaded) -> Option<bool> {
    let toggled = loaded.toggle.as_ref()?;
    Some(toggled.toggle.is_live(&loaded.stage.id.stage))
}

fn side(stage: &Stage) -> Side {
    let stands: Option<&Deployed> = stage.stands();
    Side {
        stage: stage.id.stage.clone(),
        health: stage.health,
        revision: stands.map(|it| it.release.revision.clone()),
        artifact: stands.and_then(|it| it.release.artifact.clone()),
        since: stands.map(|it| it.at),
        commits: Vec::new(),
        truncated: false,
        live: None,
    }
}

fn shown(commit: source::Commit) -> Ahead {
    Ahead {
        revision: commit.revision,
        author: commit.author,
        subject: commit.subject,
        at: commit.at,
    }
}

/// What the stage file says otherwise of one than of the other. What both write alike is the same,
/// though it has the stage's name in it.
fn variables(file: &StageFile, one: &Stage, other: &Stage) -> Vec<Differing> {
    let of = |stage: &Stage| {
        let rule = file.rule(&stage.spec.rule);
        rule.map(|rule| file.templates_for(rule))
            .unwrap_or_default()
    };
    let (one, other) = (of(one), of(other));
    let names: BTreeSet<&str> = one.keys().chain(other.keys()).copied().collect();
    let differing = names
        .into_iter()
        .filter(|name| one.get(name) != other.get(name));
    differing
        .map(|name| Differing {
            name: name.to_owned(),
            from: one.get(name).map(|template| value(template)),
            to: other.get(name).map(|template| value(template)),
        })
        .collect()
}

fn value(template: &Template) -> Value {
    let secret = template.references().find_map(|reference| match reference {
        Reference::Secret(name) => Some(name.clone()),
        _ => None,
    });
    match secret {
        Some(name) => Value::Secret(name),
        None => Value::Text(template.as_str().to_owned()),
    }
}
