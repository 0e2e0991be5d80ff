//! Which API document describes what stands on a stage.

use greenroom_core::evidence::Finding;
use greenroom_core::name::{Digest, Revision, StageId};

use crate::App;
use crate::error::Error;
use crate::ports::Ports;

/// The document of the release that stands on a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    pub revision: Revision,
    /// What the adapter keeps it by.
    pub digest: Digest,
}

impl<P: Ports> App<P> {
    /// The API document of what is deployed on the stage.
    ///
    /// # Errors
    /// `NotFound` when nothing stands there, or its build left no document.
    pub async fn document(&self, id: &StageId) -> Result<Document, Error> {
        let missing = |help: String| Error::NotFound {
            what: format!("API document of {}", id.stage),
            help,
        };
        let stage = self.load_stage(id, None).await?.stage;
        let Some(deployed) = stage.deployed.filter(|deployed| deployed.complete) else {
            return Err(missing(format!("nothing stands on {}", id.stage)));
        };
        let (revision, recipe) = (deployed.release.revision, deployed.release.recipe);
        let read = self.load_build(id.app, &revision, &recipe).await?;
        let build = read.as_ref().map(|read| &read.record.build);
        let api = build.and_then(|build| build.evidence()?.api.as_ref());
        let digest = match api {
            Some(Finding::Read(api)) => api.document.clone(),
            Some(Finding::Missing { .. } | Finding::Unreadable { .. }) | None => None,
        };
        match digest {
            Some(digest) => Ok(Document { revision, digest }),
            None => Err(missing(format!(
                "the build of {} left none; a `once` step names it by `reports: {{ openapi: PATH }}`",
                revision.short()
            ))),
        }
    }
}
