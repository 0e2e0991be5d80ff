//! Who is told of a break, and when. While a stage is muted nothing is told that opens or changes,
//! or that nobody could tell; it is owed, and told when the mute is over if it is still so then. What
//! is over is told at once to whoever was alarmed. That a stage comes to its end is told always: it
//! is told once, and nobody could do anything about it afterwards.

use super::Draft;
use super::finish::announce;
use crate::effect::News;
use crate::name::{ChannelName, ConfigHash};
use crate::stage::{Break, Kept, Untold};
use crate::waiting::Wait;

/// A mute that is over is taken away, before anything else is decided.
pub(super) fn expire(draft: &mut Draft) {
    let Some(mute) = &draft.next.quiet.mute else {
        return;
    };
    if mute.holds(draft.now) {
        let until = mute.until;
        draft.wake_at(until);
    } else {
        draft.next.quiet.mute = None;
    }
}

/// Tells what is still owed when no mute holds, after everything else was decided; says that one
/// does.
pub(super) fn settle(draft: &mut Draft) -> Option<Wait> {
    if let Some(mute) = &draft.next.quiet.mute {
        return Some(Wait::Muted(mute.clone()));
    }
    if let Some(mut brk) = draft.next.brk.take() {
        if let Some(owed) = brk.untold.take() {
            tell(draft, &mut brk, owed.channels, &owed.config);
        }
        draft.next.brk = Some(brk);
    }
    if let Some(kept) = draft.next.quiet.kept.take() {
        let mut news = *kept.news;
        if let News::Unverified { at, .. } | News::Refused { at, .. } = &mut news {
            *at = draft.now;
        }
        for channel in kept.channels {
            announce(draft, channel, &kept.config, news.clone());
        }
    }
    None
}

/// `channels` are to hear of the break as it is now: those who know of it that it has changed, the
/// others that it opened. At once, or when the mute is over.
pub(super) fn tell(
    draft: &mut Draft,
    brk: &mut Break,
    channels: Vec<ChannelName>,
    config: &ConfigHash,
) {
    let mut due = brk.untold.take().map_or_else(Vec::new, |it| it.channels);
    for channel in channels {
        if !due.contains(&channel) {
            due.push(channel);
        }
    }
    if draft.next.quiet.mute.is_some() {
        let config = config.clone();
        let owed = !due.is_empty();
        brk.untold = owed.then_some(Untold {
            channels: due,
            config,
        });
        return;
    }
    let (known, new): (Vec<_>, Vec<_>) = due.into_iter().partition(|it| brk.told.contains(it));
    brk.told.extend(new.iter().cloned());
    let at = draft.now;
    for channel in known {
        let brk = brk.clone();
        announce(draft, channel, config, News::Changed { brk, at });
    }
    for channel in new {
        let brk = brk.clone();
        announce(draft, channel, config, News::Broke { brk, at });
    }
}

/// Tells that nobody could tell how a release is; the newest is kept while the stage is muted.
pub(super) fn doubt(
    draft: &mut Draft,
    news: News,
    channels: Vec<ChannelName>,
    config: &ConfigHash,
) {
    if channels.is_empty() {
        return;
    }
    if draft.next.quiet.mute.is_some() {
        draft.next.quiet.kept = Some(Kept {
            channels,
            config: config.clone(),
            news: Box::new(news),
        });
        return;
    }
    // What was kept while the stage was muted is older.
    draft.next.quiet.kept = None;
    for channel in channels {
        announce(draft, channel, config, news.clone());
    }
}
