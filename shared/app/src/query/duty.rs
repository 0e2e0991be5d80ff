//! Who is on duty, and who is next, by the rotas of the stage files in force.

use greenroom_core::name::{AppId, ChannelName, RepoName};
use greenroom_core::rota::Turn;
use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::ports::Ports;
use crate::records::AppRecord;

/// A rota of an app, as it stands.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DutyView {
    pub app: AppId,
    pub name: RepoName,
    pub rota: String,
    pub timezone: Option<String>,
    /// `None` before the first turn.
    pub now: Option<Turn>,
    pub next: Option<Turn>,
    /// Channels whose messages say so.
    pub channels: Vec<ChannelName>,
}

impl<P: Ports> App<P> {
    /// The rotas of all apps, or of one.
    pub async fn duty(&self, app: Option<&AppRecord>) -> Result<Vec<DutyView>, Error> {
        let now = self.ports.now();
        let apps = match app {
            Some(app) => vec![app.clone()],
            None => self.apps().await?,
        };
        let mut all = Vec::new();
        for app in apps {
            let Some(hash) = &app.config else { continue };
            let file = self.stage_file(app.id, hash).await?;
            all.extend(file.rotas.iter().map(|(name, rota)| {
                let named = file.on_duty.iter().filter(|(_, of)| *of == name);
                DutyView {
                    app: app.id,
                    name: app.name.clone(),
                    rota: name.clone(),
                    timezone: rota.zone.iana_name().map(str::to_owned),
                    now: rota.at(now),
                    next: rota.next(now),
                    channels: named.map(|(channel, _)| channel.clone()).collect(),
                }
            }));
        }
        Ok(all)
    }
}
