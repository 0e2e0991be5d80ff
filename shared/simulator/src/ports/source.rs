//! The repository, as GitHub answers about it.

use greenroom_app::ports::source::{
    Changed, Commit, Comparison, Head, Repository, Source, SourceError, SourceFile,
};
use greenroom_core::name::{RefName, Revision};

use super::{Failure, SimPorts};
use crate::fault::Port;
use crate::model::repository::Repository as Model;

fn missing(repository: &Repository, what: impl std::fmt::Display) -> SourceError {
    SourceError::NotFound {
        what: what.to_string(),
        repository: repository.name.to_string(),
    }
}

impl SimPorts {
    async fn ask<T>(
        &self,
        op: &'static str,
        repository: &Repository,
        read: impl FnOnce(&Model) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let away = |_| SourceError::Unavailable {
            repository: repository.name.to_string(),
            why: "no route".to_owned(),
        };
        let fault = self.enter(Port::Source, op).await.map_err(away)?;
        let answer = {
            let truth = &self.shared.lock().truth;
            let is_it = |model: &&Model| model.full_name == repository.name.as_str();
            match truth.neighbour.as_ref().filter(is_it) {
                Some(neighbour) if truth.neighbour_answers => read(neighbour),
                Some(_) => return Err(away(Failure::Away)),
                None => read(&truth.repository),
            }
        };
        self.leave(fault).await.map_err(away)?;
        answer
    }
}

impl Source for SimPorts {
    async fn default_branch(&self, repository: &Repository) -> Result<RefName, SourceError> {
        self.ask("default_branch", repository, |model| {
            let default = model.default_branch().cloned();
            default.ok_or_else(|| missing(repository, "a default branch"))
        })
        .await
    }

    async fn head(
        &self,
        repository: &Repository,
        reference: &RefName,
    ) -> Result<Option<Head>, SourceError> {
        self.ask("head", repository, |model| {
            Ok(model.tip(reference).map(|revision| Head {
                reference: reference.clone(),
                revision: revision.clone(),
            }))
        })
        .await
    }

    async fn heads(&self, repository: &Repository) -> Result<Vec<Head>, SourceError> {
        self.ask("heads", repository, |model| Ok(model.heads()))
            .await
    }

    async fn commit(
        &self,
        repository: &Repository,
        revision: &Revision,
    ) -> Result<Commit, SourceError> {
        self.ask("commit", repository, |model| {
            let found = model.find(revision).cloned();
            found.ok_or_else(|| missing(repository, revision))
        })
        .await
    }

    async fn file_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        path: &str,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, SourceError> {
        self.ask("file_at", repository, |model| {
            if model.find(revision).is_none() {
                return Err(missing(repository, revision));
            }
            let text = model.stage_file(revision);
            match text.filter(|_| path == greenroom_app::apps::STAGE_FILE_PATH) {
                Some(text) if text.len() > limit => Err(SourceError::TooLarge {
                    path: path.to_owned(),
                    limit,
                }),
                text => Ok(text.map(|text| text.as_bytes().to_vec())),
            }
        })
        .await
    }

    async fn files_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        glob: &str,
    ) -> Result<Vec<SourceFile>, SourceError> {
        self.ask("files_at", repository, |model| {
            if model.find(revision).is_none() {
                return Err(missing(repository, revision));
            }
            Ok(model.tests(revision, glob))
        })
        .await
    }

    async fn changed(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
    ) -> Result<Changed, SourceError> {
        self.ask("changed", repository, |model| {
            let changed = model.changed(base, head);
            changed.ok_or_else(|| missing(repository, head))
        })
        .await
    }

    async fn compare(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
        limit: usize,
    ) -> Result<Comparison, SourceError> {
        self.ask("compare", repository, |model| {
            let compared = model.compare(base, head, limit);
            compared.ok_or_else(|| missing(repository, head))
        })
        .await
    }
}
