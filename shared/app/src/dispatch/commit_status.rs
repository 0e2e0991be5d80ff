//! Showing beside a commit how it stands on a stage. It is the least of all effects: what cannot be
//! shown is on the board, and nobody is told.

use greenroom_core::commit_status::{self, CommitStatus};
use greenroom_core::name::{AppId, Revision, StageId, StageName};

use super::Done;
use super::fail::{Failure, source_error};
use crate::App;
use crate::attention;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::source::{Source, SourceError, Status};
use crate::ports::store::{Store, Write};
use crate::records::{AppRecord, StageRecord};
use crate::table;

/// Under this name people are shown that no status can be set.
const REFUSED: &str = "statuses";
/// How often what was shown is looked at again before others are left to show what is newer.
const ROUNDS_MAX: usize = 4;

impl<P: Ports> App<P> {
    /// Shows what the stage shows by now; `decided` is that of a commit it has forgotten since.
    ///
    /// A newer status may be set by somebody else while ours is on its way, and ours may come after
    /// it. So the stage is asked once more when ours is there, until it shows what was set.
    pub(super) async fn report_status(
        &self,
        app: AppId,
        stage: &StageName,
        revision: &Revision,
        decided: &CommitStatus,
    ) -> Result<Done, Failure> {
        let record = match self.app(app).await {
            Err(Error::NotFound { .. }) => return Ok(Done::Over(Vec::new())),
            record => record?,
        };
        let id = StageId {
            app,
            stage: stage.clone(),
        };
        let mut set: Option<CommitStatus> = None;
        for _ in 0..ROUNDS_MAX {
            let shown = self.status_of(&id, revision).await?;
            let wanted = shown.or_else(|| set.clone());
            let wanted = wanted.unwrap_or_else(|| decided.clone());
            if set.as_ref() == Some(&wanted) {
                break;
            }
            let status = Status {
                context: format!("greenroom/{stage}"),
                state: wanted.state,
                description: wanted.sentence.clone(),
                url: self.address_of(&record, stage),
            };
            let source = self.ports.source();
            match source
                .set_status(&record.repository, revision, &status)
                .await
            {
                Ok(()) => set = Some(wanted),
                Err(error) => return self.no_status(&record, &error),
            }
        }
        Ok(Done::Over(self.statuses_are_shown(app).await?))
    }

    /// Where more of a stage is told, if people reach us anywhere.
    fn address_of(&self, app: &AppRecord, stage: &StageName) -> Option<String> {
        let base = self.settings.public_url.as_ref()?;
        let base = base.trim_end_matches('/');
        let (stage, app) = (in_path(stage.as_str()), in_path(app.name.as_str()));
        Some(format!("{base}/api/v1/stages/{stage}?app={app}"))
    }

    async fn status_of(
        &self,
        id: &StageId,
        revision: &Revision,
    ) -> Result<Option<CommitStatus>, Error> {
        let read: Option<table::Versioned<StageRecord>> =
            table::load(self.ports.store(), &keys::stage(id)).await?;
        Ok(read.and_then(|read| commit_status::of(&read.record.stage, revision)))
    }

    /// What a person has to mend is shown once for the app; a commit that is gone needs no status.
    fn no_status(&self, app: &AppRecord, error: &SourceError) -> Result<Done, Failure> {
        match error {
            SourceError::Unavailable { .. } => Err(source_error(error).into()),
            SourceError::NotFound { .. } | SourceError::TooLarge { .. } => {
                Ok(Done::Over(Vec::new()))
            }
            SourceError::Refused { .. } | SourceError::Unsupported { .. } => {
                let text = format!("stages are not shown beside commits: {error}");
                let command = Some("greenroom doctor".to_owned());
                let now = self.ports.now();
                let code = "statuses_refused";
                let write = attention::put(app.id, REFUSED, code, text, command, now)?;
                Ok(Done::Over(vec![write]))
            }
        }
    }

    async fn statuses_are_shown(&self, app: AppId) -> Result<Vec<Write>, Error> {
        let key = keys::attention(app, REFUSED);
        let shown = self.ports.store().get(&key).await?;
        Ok(shown
            .map(|_| attention::over(app, REFUSED))
            .into_iter()
            .collect())
    }
}

/// As one segment of an address, or one value of its query.
fn in_path(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
