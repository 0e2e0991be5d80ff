//! Which of two stages people use, for people.

use greenroom_core::name::{StageId, StageName};
use greenroom_core::stage::Stage;
use greenroom_core::stage_file::StageFile;
use greenroom_core::toggle::{Doubt, Flip};
use jiff::Timestamp;
use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::ports::Ports;

/// What a stage is that takes turns with another.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ToggleView {
    /// Whether people use this one.
    pub is_live: bool,
    /// The side that is live; none before anybody was led anywhere.
    pub live: Option<StageName>,
    /// The one it takes turns with.
    pub with: StageName,
    pub since: Option<Timestamp>,
    pub by: Option<String>,
    /// Until when this one is kept as it stands.
    pub kept_until: Option<Timestamp>,
    /// People are being led to one of them.
    pub flip: Option<Flip>,
    /// Nobody can say where people are led.
    pub doubt: Option<Doubt>,
}

impl<P: Ports> App<P> {
    /// Whether people use the stage; `None` of one that takes turns with nobody.
    pub(super) async fn is_live(
        &self,
        id: &StageId,
        file: Option<&StageFile>,
    ) -> Result<Option<bool>, Error> {
        let mut rules = file.into_iter().flat_map(|file| &file.rules);
        let rule = rules.find(|rule| rule.toggle.is_some() && rule.is_of(&id.stage));
        let Some(rule) = rule else {
            return Ok(None);
        };
        let toggled = self.load_toggle(id.app, &rule.name).await?;
        Ok(Some(toggled.toggle.is_live(&id.stage)))
    }

    /// `None` of a stage that takes turns with nobody.
    pub(super) async fn toggle_shown(
        &self,
        stage: &Stage,
        file: Option<&StageFile>,
    ) -> Result<Option<ToggleView>, Error> {
        let side = &stage.id.stage;
        let rule = file.and_then(|file| file.rule(&stage.spec.rule));
        let other = rule.and_then(|rule| Some((rule, rule.other_side(side)?)));
        let Some((rule, with)) = other else {
            return Ok(None);
        };
        let toggle = self.load_toggle(stage.id.app, &rule.name).await?.toggle;
        let (now, clock_error) = (self.ports.now(), self.settings.clock_error);
        let kept = toggle.is_kept(side, now, clock_error);
        let until = toggle.kept_until(side, clock_error);
        Ok(Some(ToggleView {
            is_live: toggle.is_live(side),
            with,
            kept_until: until.filter(|_| kept),
            live: toggle.live,
            since: toggle.since,
            by: toggle.by,
            flip: toggle.flip,
            doubt: toggle.doubt,
        }))
    }
}
