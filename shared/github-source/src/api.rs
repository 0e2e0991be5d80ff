//! Requests about a repository: with a token, to where the repository is now.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{Repository, SourceError};
use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::refusal::{explain, unreadable};
use crate::send::{Answer, Request, Sender};
use crate::token::{Tokens, same};

/// A name that leads to a name that leads to a name.
const HOPS_MAX: usize = 3;
/// Renamed repositories that are remembered.
const MOVED_MAX: usize = 1000;

#[derive(Debug)]
pub(crate) struct Api<S> {
    pub sender: Sender,
    pub tokens: Tokens<S>,
    /// Names that a repository no longer has, with its id: who uses one pays for it once.
    moved: Mutex<HashMap<String, String>>,
}

impl<S: Secrets> Api<S> {
    pub(crate) fn new(sender: Sender, tokens: Tokens<S>) -> Self {
        Self {
            sender,
            tokens,
            moved: Mutex::default(),
        }
    }

    /// Asks about a repository; `request.path` is what comes after `/repos/{owner}/{name}`. Any
    /// status below 500 is an answer, limits and 401 apart.
    pub(crate) async fn ask(
        &self,
        repository: &Repository,
        request: &Request<'_>,
    ) -> Result<Answer, SourceError> {
        let about = repository.name.as_str();
        let (owner, name) = parts(repository)?;
        let mut token = self.tokens.get(&self.sender, about, None).await?;
        let mut id = self.moved_to(about);
        let mut is_new_token = false;
        let mut hops = 0;
        loop {
            let mut asked = request.clone();
            asked.path = match &id {
                Some(id) => vec!["repositories", id.as_str()],
                None => vec!["repos", owner, name],
            };
            asked.path.extend(&request.path);
            let answer = self.sender.send(about, &token, &asked).await?;
            match answer.status {
                401 => {
                    let new = self.tokens.get(&self.sender, about, Some(&token)).await?;
                    if is_new_token || same(&new, &token) {
                        return Err(explain(about, &answer));
                    }
                    token = new;
                    is_new_token = true;
                }
                301 | 302 | 307 | 308 => {
                    let keeps_method = request.method == Method::GET || answer.status > 302;
                    let to = answer.location.as_deref();
                    let to = to.filter(|_| keeps_method && hops < HOPS_MAX);
                    let Some(to) = to.and_then(|to| self.id_in(to)) else {
                        return Err(explain(about, &answer));
                    };
                    self.remember(about, &to);
                    id = Some(to);
                    hops += 1;
                }
                _ => return Ok(answer),
            }
        }
    }

    /// As [`ask`](Self::ask), where 200 is the only answer there is.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        repository: &Repository,
        request: &Request<'_>,
        what: &str,
    ) -> Result<T, SourceError> {
        let answer = self.ask(repository, request).await?;
        if answer.status != 200 {
            return Err(explain(repository.name.as_str(), &answer));
        }
        parse(repository, &answer, what)
    }

    /// After a "not found": whether GitHub would have shown it to us.
    pub(crate) async fn is_shown(&self, repository: &Repository) -> Result<(), SourceError> {
        let probe = Request::get(["branches"]).with("per_page", 1);
        let answer = self.ask(repository, &probe).await?;
        match answer.status {
            200 => Ok(()),
            404 => {
                // Deleted, and another may have the name by now.
                self.forget(repository.name.as_str());
                Err(explain(repository.name.as_str(), &answer))
            }
            _ => Err(explain(repository.name.as_str(), &answer)),
        }
    }

    /// `42` of `https://api.github.com/repositories/42/branches`.
    fn id_in(&self, location: &str) -> Option<String> {
        if !self.sender.is_ours(location) {
            return None;
        }
        let (_, rest) = location.split_once("/repositories/")?;
        let id = rest.split(['/', '?']).next()?;
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then(|| id.to_owned())
    }

    fn moved_to(&self, name: &str) -> Option<String> {
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.get(name).cloned()
    }

    fn remember(&self, name: &str, id: &str) {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        if moved.len() < MOVED_MAX {
            moved.insert(name.to_owned(), id.to_owned());
        }
    }

    fn forget(&self, name: &str) {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.remove(name);
    }
}

pub(crate) fn parse<T: DeserializeOwned>(
    repository: &Repository,
    answer: &Answer,
    what: &str,
) -> Result<T, SourceError> {
    serde_json::from_slice(&answer.body).map_err(|_| unreadable(repository.name.as_str(), what))
}

/// `owner` and `name`, which could be nothing else in an address.
pub(crate) fn parts(repository: &Repository) -> Result<(&str, &str), SourceError> {
    let legal = |part: &str| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !part.is_empty() && !matches!(part, "." | "..") && part.bytes().all(legal)
    };
    let parts = repository.name.as_str().split_once('/');
    parts
        .filter(|(owner, name)| legal(owner) && legal(name))
        .ok_or_else(|| SourceError::Refused {
            repository: repository.name.to_string(),
            why: "its name is not `owner/name` as GitHub has them".to_owned(),
        })
}
