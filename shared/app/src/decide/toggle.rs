//! Which of two stages that take turns a delivery leads to.

use greenroom_core::name::{AppId, StageName};
use greenroom_core::resolve::Resolution;
use greenroom_core::stage_file::StageFile;

use crate::App;
use crate::error::Error;
use crate::ports::Ports;

impl<P: Ports> App<P> {
    /// The side that nobody uses now; should people be led there before anything is deployed, that
    /// side gives it to the other. `None` where the rule has one stage only.
    pub(super) async fn idle_side(
        &self,
        app: AppId,
        file: &StageFile,
        resolution: &Resolution,
    ) -> Result<Option<StageName>, Error> {
        let rule = resolution.rule.as_ref().and_then(|name| file.rule(name));
        let Some(rule) = rule.filter(|rule| rule.toggle.is_some()) else {
            return Ok(None);
        };
        if resolution.stage.is_none() {
            return Ok(None);
        }
        let toggled = self.load_toggle(app, &rule.name).await?;
        Ok(toggled.toggle.idle_side(rule))
    }
}
