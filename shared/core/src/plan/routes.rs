//! Who is to hear of what, by what the stage file says of its channels.

use super::finish::Told;
use crate::name::ChannelName;
use crate::stage::{Break, Failing};
use crate::stage_file::NewsKind;

/// A break is told on no more channels than this, however often the stage file changes meanwhile:
/// what follows from one decision is committed whole.
const TOLD_MAX: usize = 15;

impl Told<'_> {
    /// Channels that news of this kind is for.
    pub(super) fn hear(&self, kind: NewsKind) -> Vec<ChannelName> {
        let routes = self.routes.iter().filter(|route| route.hears(kind));
        routes.map(|route| route.channel.clone()).collect()
    }

    /// Channels that a break which fails like this is for.
    pub(super) fn concerned(&self, failing: &Failing) -> Vec<ChannelName> {
        let routes = self.routes.iter().filter(|route| route.concerns(failing));
        routes.map(|route| route.channel.clone()).collect()
    }

    /// Those of them that are not among `known`, as far as there is room beside these.
    pub(super) fn newly_concerned(
        &self,
        failing: &Failing,
        known: &[ChannelName],
    ) -> Vec<ChannelName> {
        let new = self.concerned(failing).into_iter();
        let room = TOLD_MAX.saturating_sub(known.len());
        new.filter(|channel| !known.contains(channel))
            .take(room)
            .collect()
    }

    /// Channels that hear of a break that has changed: those who know of it, unless they asked not
    /// to, and those whom it concerns only now.
    pub(super) fn follow(&self, brk: &Break) -> Vec<ChannelName> {
        let asked_not = |channel: &ChannelName| {
            let mut routes = self.routes.iter();
            routes.any(|it| it.channel == *channel && !it.hears(NewsKind::Changed))
        };
        let known = brk.told.iter().filter(|channel| !asked_not(channel));
        let mut all: Vec<ChannelName> = known.cloned().collect();
        all.extend(self.newly_concerned(&brk.failing, &brk.told));
        all
    }
}
