//! Statuses of a commit: the marks that people see beside it on GitHub.

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{Repository, SourceError};
use greenroom_core::name::Revision;
use serde_json::json;

use crate::GitHubSource;
use crate::history::{absent, is_full_hash};
use crate::refusal::{explain, words};
use crate::send::Request;

/// GitHub takes no longer descriptions, in characters.
const DESCRIPTION_MAX: usize = 140;

/// How it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Pending,
    Success,
    Failure,
    Error,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Error => "error",
        }
    }
}

/// What is shown beside a commit. The last one of a context is the one that counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// Whose mark it is: `greenroom/<stage>`. Case does not matter to GitHub.
    pub context: String,
    pub state: State,
    /// A sentence for people; cut after 140 characters.
    pub description: String,
    /// Where there is more to read.
    pub url: Option<String>,
}

impl<S: Secrets> GitHubSource<S> {
    /// Sets a status. Doing it again adds the same once more, which shows as one; GitHub keeps a
    /// thousand for each commit and context.
    ///
    /// # Errors
    /// `NotFound` when there is certainly no such commit; `Refused` when the credential may not,
    /// or there are a thousand already.
    pub async fn set_status(
        &self,
        repository: &Repository,
        revision: &Revision,
        status: &Status,
    ) -> Result<(), SourceError> {
        if !is_full_hash(revision.as_str()) {
            return Err(absent(repository, &[revision]));
        }
        let mut body = json!({
            "context": status.context,
            "state": status.state.word(),
            "description": cut(&status.description),
        });
        if let Some(url) = &status.url {
            body["target_url"] = json!(url);
        }
        let request = Request::post(["statuses", revision.as_str()], body);
        let answer = self.api.ask(repository, &request).await?;
        match answer.status {
            201 => Ok(()),
            422 if words(&answer.body).contains("No commit found") => {
                Err(absent(repository, &[revision]))
            }
            _ => Err(explain(repository.name.as_str(), &answer)),
        }
    }
}

/// The beginning, marked as such when it is not all.
fn cut(text: &str) -> String {
    if text.chars().count() <= DESCRIPTION_MAX {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(DESCRIPTION_MAX - 1).collect();
    format!("{}…", beginning.trim_end())
}
