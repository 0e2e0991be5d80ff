//! The evidence of a build: the reports of its steps, and the requests of the project's tests.

use greenroom_app::ports::pipelines::{Observation, Purpose};
use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{Source, SourceError, SourceFile};
use greenroom_core::evidence::{Evidence, Finding};
use greenroom_core::name::Digest;
use greenroom_core::stage_file::{Reports, Step};
use greenroom_evidence::calls::{Call, SuiteCalls};
use greenroom_evidence::reports::{lines, read};
use greenroom_suites::requests;

use super::flow::{Flow, errored};
use super::log::LogWriter;
use super::reports::{self, After, Before};
use crate::artifact::{ArtifactError, ArtifactStore};

/// What is known while the steps run.
#[derive(Default)]
pub(super) struct Collected {
    before: Before,
    evidence: Option<Box<Evidence>>,
}

impl Collected {
    /// What the build tells at its end.
    pub fn into_evidence(self) -> Option<Box<Evidence>> {
        self.evidence
    }
}

impl<S: Secrets> Flow<S> {
    /// Before the first step: which files the commit itself brings where reports are expected.
    pub(super) async fn look_before(&self) -> Result<Collected, Observation> {
        let steps: Vec<Reports> = match self.request.purpose {
            Purpose::Build => self
                .request
                .steps
                .iter()
                .filter_map(|step| step.reports.clone())
                .collect(),
            Purpose::Deploy { .. } => Vec::new(),
        };
        if steps.is_empty() {
            return Ok(Collected::default());
        }
        let checkout = self.folder.checkout();
        let looking = move || reports::before(&checkout, &steps);
        Ok(Collected {
            before: blocking(looking).await?,
            evidence: None,
        })
    }

    /// After a step: reads what it was to leave. Only a repository out of reach ends the build,
    /// which is then tried again; a bad report is evidence of nothing.
    pub(super) async fn collect(
        &self,
        step: &Step,
        collected: &mut Collected,
        log: &mut LogWriter,
    ) -> Result<(), Observation> {
        let (Purpose::Build, Some(reports)) = (&self.request.purpose, step.reports.clone()) else {
            return Ok(());
        };
        let mut files = Vec::new();
        for glob in &reports.suites {
            files.push((glob.clone(), self.files(glob).await?));
        }
        let (checkout, before) = (self.folder.checkout(), collected.before.clone());
        let artifacts = self.inner.artifacts.clone();
        let mut evidence = collected.evidence.take().unwrap_or_default();
        let reading = move || {
            let suites: Vec<SuiteCalls> = files
                .into_iter()
                .map(|(glob, files)| calls(glob, files))
                .collect();
            let files = After {
                checkout: &checkout,
                before: &before,
            };
            read(&reports, &files, &suites, &mut evidence);
            let mut lines = lines(&reports, &evidence);
            if let (Some(path), Some(Finding::Read(api))) = (&reports.openapi, &mut evidence.api) {
                match artifacts.pack(&checkout, path) {
                    Ok(packed) => api.document = Some(packed.digest),
                    Err(error) => lines.push(format!("warning: {path} cannot be kept: {error}")),
                }
            }
            (lines, evidence)
        };
        let (lines, evidence) = blocking(reading).await?;
        for line in lines {
            log.say(&line);
        }
        collected.evidence = Some(evidence);
        Ok(())
    }

    /// The suite's files as they are in the commit: only those will be run.
    async fn files(&self, glob: &str) -> Result<Result<Vec<SourceFile>, String>, Observation> {
        let (repository, revision) = (&self.request.repository, &self.request.revision);
        let read = self.inner.git.files_at(repository, revision, glob).await;
        match read {
            Ok(files) => Ok(Ok(files)),
            Err(error @ (SourceError::NotFound { .. } | SourceError::TooLarge { .. })) => {
                Ok(Err(error.to_string()))
            }
            Err(
                error @ (SourceError::Refused { .. }
                | SourceError::Unavailable { .. }
                | SourceError::Unsupported { .. }),
            ) => Err(errored(format!("the tests' files cannot be read: {error}"))),
        }
    }
}

/// A document as it was packed.
pub(super) fn document(store: &ArtifactStore, digest: &Digest) -> std::io::Result<Option<Vec<u8>>> {
    let folder = tempfile::tempdir()?;
    match store.unpack(digest, &folder.path().join("document")) {
        Ok(path) => std::fs::read(path).map(Some),
        Err(ArtifactError::NotStored { .. }) => Ok(None),
        Err(error) => Err(std::io::Error::other(error)),
    }
}

fn calls(glob: String, files: Result<Vec<SourceFile>, String>) -> SuiteCalls {
    let call = |(method, url)| Call { method, url };
    let calls = files.and_then(|files| requests(&files));
    SuiteCalls {
        files: glob,
        calls: calls.map(|calls| calls.into_iter().map(call).collect()),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Observation> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| errored(format!("the reports could not be looked at: {error}")))
}
