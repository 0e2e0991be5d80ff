//! Whether what is told would be heard, before there is anything to tell.

use greenroom_core::name::ChannelName;
use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::channels::{ChannelTarget, Channels};
use crate::ports::source::{Access, Mend};
use crate::records::AppRecord;

/// A channel of the stage file in force, and who would not hear what is told there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AudienceView {
    pub channel: ChannelName,
    /// False where only a message would tell: `greenroom notify --test` sends one.
    pub checked: bool,
    pub problems: Vec<Mend>,
    pub warnings: Vec<Mend>,
}

impl<P: Ports> App<P> {
    /// The channels of the app's stage file in force, by name. Nothing is sent.
    ///
    /// # Errors
    /// The stage file cannot be read. A channel that cannot be asked about has that for a problem.
    pub async fn audiences(&self, app: &AppRecord) -> Result<Vec<AudienceView>, Error> {
        let Some(hash) = &app.config else {
            return Ok(Vec::new());
        };
        let file = self.stage_file(app.id, hash).await?;
        let mut all = Vec::new();
        for (name, channel) in &file.channels {
            let target = ChannelTarget {
                name: name.clone(),
                channel: channel.clone(),
            };
            let audience = match self.ports.channels().audience(&target).await {
                Ok(audience) => audience,
                Err(error) => Some(Access {
                    problems: vec![Mend {
                        what: error.to_string(),
                        fix: "correct the channel in the stage file, or try again in a moment"
                            .to_owned(),
                    }],
                    warnings: Vec::new(),
                }),
            };
            let checked = audience.is_some();
            let Access { problems, warnings } = audience.unwrap_or_default();
            all.push(AudienceView {
                channel: name.clone(),
                checked,
                problems,
                warnings,
            });
        }
        Ok(all)
    }
}
