//! Whether the credential that repositories are read with is good, for people.

use greenroom_core::name::{AppId, RepoName};
use serde::Serialize;

use crate::App;
use crate::dispatch::fail::source_error;
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::source::{Access, Mend, Repository, Source};
use crate::records::AppRecord;

/// What the credential of an app's repository can do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AccessView {
    pub app: AppId,
    pub name: RepoName,
    /// False where the repository is read by an address, with no credential of ours.
    pub checked: bool,
    pub problems: Vec<Mend>,
    pub warnings: Vec<Mend>,
}

impl<P: Ports> App<P> {
    /// Tries the credential on each of `apps`. One that cannot be told of now has that for a problem
    /// and keeps no other from being tried.
    pub async fn access(&self, apps: Vec<AppRecord>) -> Vec<AccessView> {
        let mut all = Vec::new();
        for app in apps {
            let tried = self.ports.source().access(&app.repository).await;
            let (checked, access) = match tried {
                Ok(access) => (access.is_some(), access.unwrap_or_default()),
                Err(error) => {
                    let mut access = Access::default();
                    access.problems.push(Mend {
                        what: error.to_string(),
                        fix: "try again in a moment".to_owned(),
                    });
                    (true, access)
                }
            };
            all.push(AccessView {
                app: app.id,
                name: app.name,
                checked,
                problems: access.problems,
                warnings: access.warnings,
            });
        }
        all
    }

    /// Why a repository cannot be read, as precisely as the credential itself tells.
    pub(super) async fn why_unreadable(&self, repository: &Repository, error: Error) -> Error {
        if !matches!(error, Error::Unreadable { .. }) {
            return error;
        }
        let tried = self.ports.source().access(repository).await;
        let tried = tried.map_err(|error| source_error(&error));
        let mend = tried
            .ok()
            .flatten()
            .and_then(|access| access.problems.into_iter().next());
        match mend {
            Some(mend) => Error::Unreadable {
                what: repository.name.to_string(),
                why: mend.what,
                help: mend.fix,
            },
            None => error,
        }
    }
}
