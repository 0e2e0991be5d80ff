//! Whether the credential is good for a repository, in words for people.

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{Access, Mend, Repository, SourceError};
use greenroom_core::name::{RefName, RepositoryId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::GitHubSource;
use crate::api::{parse, parts};
use crate::credential::Credential;
use crate::refusal::{explain, words};
use crate::send::{Answer, Request};
use crate::wire::{InstallationAnswer, RepositoryAnswer};

/// A token that ends within this time is worth a word.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// No repository has this commit, so a status of it is never set.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

/// What a check found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// GitHub's numeric id, and the name it has there now.
    pub id: RepositoryId,
    pub name: String,
    pub default_branch: RefName,
    /// What a person has to mend, a sentence each; empty when all is well.
    pub problems: Vec<String>,
    /// What will have to be mended soon.
    pub warnings: Vec<String>,
    /// Requests left of this hour's.
    pub remaining: Option<u64>,
}

/// How a missing permission is mended.
const GIVE: &str = "give the App this permission on its settings page and accept it on the page of \
    the installation, or give it to the token; docs/github.md";
/// How a credential that sees nothing is mended.
const LET_IN: &str = "install the App on the repository, or write the right credential into the \
    secret; `docs/github.md` says how, under \"Let it in\" and \"Check it\"";
/// How a credential that ends is mended.
const RENEW: &str = "make a new token and write it into the secret; docs/github.md";

impl Checked {
    /// What a person has to mend, with how.
    pub(crate) fn into_access(self) -> Access {
        let mend = |fix: &'static str| {
            move |what| Mend {
                what,
                fix: fix.to_owned(),
            }
        };
        Access {
            problems: self.problems.into_iter().map(mend(GIVE)).collect(),
            warnings: self.warnings.into_iter().map(mend(RENEW)).collect(),
        }
    }
}

/// The repository is not shown to us at all.
pub(crate) fn refused(why: String) -> Access {
    let fix = LET_IN.to_owned();
    Access {
        problems: vec![Mend { what: why, fix }],
        warnings: Vec::new(),
    }
}

impl<S: Secrets> GitHubSource<S> {
    /// Tries the credential on a repository: whether it is accepted, sees the repository, may read
    /// contents and may set statuses. Nothing is changed by it.
    ///
    /// # Errors
    /// `Refused` with the sentence for people when the repository cannot be seen at all;
    /// `Unavailable` when it cannot be told now.
    pub async fn check(&self, repository: &Repository) -> Result<Checked, SourceError> {
        let about = repository.name.as_str();
        let answer = self.api.ask(repository, &Request::get([])).await?;
        if answer.status == 404 {
            return Err(self.hidden(repository, &answer).await);
        }
        if answer.status != 200 {
            return Err(explain(about, &answer));
        }
        let read: RepositoryAnswer = parse(repository, &answer, "the repository")?;
        let mut problems = Vec::new();
        let contents = Request::get(["branches"]).with("per_page", 1);
        let contents = self.api.ask(repository, &contents).await?;
        if contents.status != 200 {
            let need = "`Contents: read`, without which no branch and no file can be read";
            problems.push(lacks(need, &contents));
        }
        // Whether we may is looked at before what we ask for.
        let status = json!({ "state": "pending", "context": "greenroom/check" });
        let status = Request::post(["statuses", NO_COMMIT], status);
        let status = self.api.ask(repository, &status).await?;
        if status.status != 422 {
            let need = "`Commit statuses: write`, without which nothing is shown beside commits";
            problems.push(lacks(need, &status));
        }
        Ok(Checked {
            id: RepositoryId(read.id),
            name: read.full_name,
            default_branch: RefName::new(format!("refs/heads/{}", read.default_branch)),
            problems,
            warnings: self.ends_soon(&answer).into_iter().collect(),
            remaining: status.remaining,
        })
    }

    /// What is known about why the repository is not shown to us.
    async fn hidden(&self, repository: &Repository, answer: &Answer) -> SourceError {
        let about = repository.name.as_str();
        let Ok((owner, name)) = parts(repository) else {
            return explain(about, answer);
        };
        let credential = match self.api.tokens.credential(about).await {
            Ok(credential) => credential,
            Err(error) => return error,
        };
        let refused = |why| SourceError::Refused {
            repository: about.to_owned(),
            why,
        };
        let (app, installation, signer) = match credential {
            Credential::App {
                app,
                installation,
                signer,
            } => (app, installation, signer),
            Credential::Token(_) => {
                return refused(
                    "the token is not for it, or there is no repository of this name".to_owned(),
                );
            }
        };
        let sender = &self.api.sender;
        let jwt = match signer.sign(&app, sender.now()) {
            Ok(jwt) => jwt,
            Err(why) => return refused(why),
        };
        let request = Request::get(["repos", owner, name, "installation"]);
        let found = match sender.send(about, &jwt, &request).await {
            Ok(found) => found,
            Err(error) => return error,
        };
        let there = parse::<InstallationAnswer>(repository, &found, "an installation");
        match there.ok().filter(|_| found.status == 200) {
            Some(there) if there.id != installation => refused(format!(
                "App {app} is installed on it as installation {}, but the secret says {installation}",
                there.id
            )),
            Some(_) => explain(about, answer),
            None => refused(format!(
                "App {app} is not installed on it, or there is no repository of this name"
            )),
        }
    }

    fn ends_soon(&self, answer: &Answer) -> Option<String> {
        let ends = answer.token_ends.as_deref()?;
        // `2026-12-01 08:00:00 UTC`, or with an offset instead.
        let words: Vec<&str> = ends.split_whitespace().collect();
        let [day, time, zone] = words.as_slice() else {
            return None;
        };
        let zone = if *zone == "UTC" { "Z" } else { zone };
        let at: Timestamp = format!("{day}T{time}{zone}").parse().ok()?;
        let left = at.duration_since(self.api.sender.now());
        (left < SOON).then(|| format!("the token ends at {at}; make a new one before"))
    }
}

fn lacks(permission: &str, answer: &Answer) -> String {
    let said = words(&answer.body);
    match answer.status {
        403 | 404 => format!("the credential lacks {permission} (GitHub says: {said})"),
        status => format!(
            "it cannot be told whether the credential has {permission} (status {status}: {said})"
        ),
    }
}
