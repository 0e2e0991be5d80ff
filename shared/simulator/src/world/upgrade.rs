//! Greenroom itself is upgraded while it works, one process after the other, and sometimes back.

use super::World;
use crate::setup::Shape;

impl World {
    /// The process is of the next version from now on, or of this one again.
    pub(super) fn upgrade(&mut self, process: usize) {
        let alone = {
            let truth = &mut self.shared.lock().truth;
            let alone = truth.setup.shape == Shape::Machine;
            let process = if alone { 0 } else { process };
            if !truth.upgraded.remove(&process) {
                truth.upgraded.insert(process);
            }
            alone
        };
        if alone {
            self.kill();
        }
    }
}
