//! Which commits contain one: asked of the repository, each once, and so many at most.

use std::collections::BTreeMap;

use greenroom_core::name::{RefName, Revision};

use crate::App;
use crate::ports::Ports;
use crate::ports::source::{Repository, Source};
use crate::records::Journey;

/// Questions to the repository for one answer.
const ASKED_MAX: usize = 100;

/// What is known of the descendants of one commit.
pub(super) struct Ancestry<'a, P: Ports> {
    app: &'a App<P>,
    repository: &'a Repository,
    revision: &'a Revision,
    known: BTreeMap<Revision, Result<bool, String>>,
    asked: usize,
}

impl<'a, P: Ports> Ancestry<'a, P> {
    pub fn of(app: &'a App<P>, repository: &'a Repository, revision: &'a Revision) -> Self {
        Self {
            app,
            repository,
            revision,
            known: BTreeMap::from([(revision.clone(), Ok(true))]),
            asked: 0,
        }
    }

    /// The commit that is followed.
    pub fn revision(&self) -> &'a Revision {
        self.revision
    }

    /// What was written down need not be asked.
    pub fn learn(&mut self, records: &[Journey]) {
        let carriers = records.iter().filter_map(|it| it.contained_in.clone());
        self.known
            .extend(carriers.map(|carrier| (carrier, Ok(true))));
    }

    /// Whether `newer` is the commit or contains it; the error says why nobody can tell.
    pub async fn is_in(&mut self, newer: &Revision) -> Result<bool, String> {
        if let Some(known) = self.known.get(newer) {
            return known.clone();
        }
        if self.asked == ASKED_MAX {
            return Err(format!(
                "more than {ASKED_MAX} commits would have to be looked through"
            ));
        }
        self.asked += 1;
        let source = self.app.ports.source();
        // What the commit has and the newer one has not: nothing, if it is contained.
        let compared = source
            .compare(self.repository, newer, self.revision, 1)
            .await;
        let answer = compared
            .map(|compared| compared.commits.is_empty())
            .map_err(|error| error.to_string());
        self.known.insert(newer.clone(), answer.clone());
        answer
    }

    /// Where a branch stands.
    pub async fn head(&self, branch: &RefName) -> Result<Option<Revision>, String> {
        let head = self.app.ports.source().head(self.repository, branch).await;
        head.map(|head| head.map(|head| head.revision))
            .map_err(|error| error.to_string())
    }
}
