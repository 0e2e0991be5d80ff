//! Somebody wants to know whether a channel works.

use super::{Output, World};

impl World {
    pub(super) fn tries(&mut self, channel: &str) {
        let Some((process, app)) = self.process() else {
            return;
        };
        let channel = channel.into();
        self.spawn(format!("test {channel}"), process, async move {
            let id = app.ports.shared.lock().truth.app;
            // A channel that the stage file does not have any more is refused.
            drop(app.notify_test(id, &channel).await);
            Output::Nothing
        });
    }
}
