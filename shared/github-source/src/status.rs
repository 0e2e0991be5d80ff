//! Statuses of a commit: what people see beside it on GitHub.

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{Repository, SourceError, Status};
use greenroom_core::commit_status::StatusState;
use greenroom_core::name::Revision;
use serde_json::json;

use crate::GitHubSource;
use crate::history::{absent, is_full_hash};
use crate::refusal::{explain, words};
use crate::send::Request;

/// GitHub takes no longer descriptions, in characters.
const DESCRIPTION_MAX: usize = 140;

/// Sets a status. Doing it again adds the same once more, which shows as one; GitHub keeps a
/// thousand for each commit and context.
pub(crate) async fn set<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    revision: &Revision,
    status: &Status,
) -> Result<(), SourceError> {
    if !is_full_hash(revision.as_str()) {
        return Err(absent(repository, &[revision]));
    }
    let mut body = json!({
        "context": status.context,
        "state": word(status.state),
        "description": cut(&status.description),
    });
    if let Some(url) = &status.url {
        body["target_url"] = json!(url);
    }
    let request = Request::post(["statuses", revision.as_str()], body);
    let answer = source.api.ask(repository, &request).await?;
    match answer.status {
        201 => Ok(()),
        422 if words(&answer.body).contains("No commit found") => {
            Err(absent(repository, &[revision]))
        }
        _ => Err(explain(repository.name.as_str(), &answer)),
    }
}

fn word(state: StatusState) -> &'static str {
    match state {
        StatusState::Pending => "pending",
        StatusState::Success => "success",
        StatusState::Failure => "failure",
        StatusState::Error => "error",
    }
}

/// One line without control characters; the beginning, marked as such, when it is too long.
fn cut(text: &str) -> String {
    let line = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().map(line).collect();
    if text.chars().count() <= DESCRIPTION_MAX {
        return text;
    }
    let beginning: String = text.chars().take(DESCRIPTION_MAX - 1).collect();
    format!("{}…", beginning.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_one_line_of_at_most_140_characters() {
        assert_eq!(cut("a\nb\u{1b}[31m"), "a b [31m");
        let exact = "é".repeat(140);
        assert_eq!(cut(&exact), exact);
        let long = cut(&"é".repeat(141));
        assert_eq!((long.chars().count(), long.ends_with('…')), (140, true));
    }
}
