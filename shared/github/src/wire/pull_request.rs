//! `pull_request`: opened, changed or closed.

use serde::Deserialize;

use super::object::Object;
use super::shared::{Repository, Sender};
use super::text::{Lossy, Text};

/// The body of a pull request event.
#[derive(Deserialize, Debug)]
pub struct PullRequestEvent<'a> {
    #[serde(borrow)]
    pub action: Option<Text<'a>>,
    pub number: Option<u64>,
    #[serde(borrow)]
    pub pull_request: Option<Object<PullRequest<'a>>>,
    #[serde(borrow)]
    pub repository: Option<Object<Repository<'a>>>,
    #[serde(borrow)]
    pub sender: Option<Object<Sender<'a>>>,
}

/// `pull_request`
#[derive(Deserialize, Debug)]
pub struct PullRequest<'a> {
    #[serde(borrow)]
    pub title: Option<Lossy<'a>>,
    #[serde(borrow)]
    pub head: Option<Object<Tip<'a>>>,
    #[serde(borrow)]
    pub base: Option<Object<Tip<'a>>>,
    #[serde(borrow)]
    pub labels: Option<Vec<Object<Label<'a>>>>,
    pub draft: Option<bool>,
    pub merged: Option<bool>,
    #[serde(borrow)]
    pub author_association: Option<Text<'a>>,
    /// Null when the account is gone.
    #[serde(borrow)]
    pub user: Option<Object<Sender<'a>>>,
}

/// `head` and `base`
#[derive(Deserialize, Debug)]
pub struct Tip<'a> {
    /// A branch's short name.
    #[serde(borrow, rename = "ref")]
    pub reference: Option<Text<'a>>,
    #[serde(borrow)]
    pub sha: Option<Text<'a>>,
    /// Null when the fork was deleted.
    pub repo: Option<Object<TipRepository>>,
}

/// `repo` of a tip
#[derive(Deserialize, Debug)]
pub struct TipRepository {
    pub id: Option<u64>,
}

/// One of `labels`
#[derive(Deserialize, Debug)]
pub struct Label<'a> {
    #[serde(borrow)]
    pub name: Option<Lossy<'a>>,
}
