//! A stage that flaps is told once, and once how that ended: green, or broken for good. In between
//! its breaks are counted, logged and shown as ever, and told to nobody. Whom one of them concerns
//! is told that it flaps; all of these, and nobody else, hear of the end.
//!
//! A mute keeps that it flaps as it keeps a break. That it is over is told at once to whoever was
//! alarmed if it ended well; a break that stays waits for the end of the mute.

use super::finish::{Told, announce};
use super::{Draft, mute};
use crate::effect::News;
use crate::name::{ChannelName, ConfigHash};
use crate::policy::FLAPPING_BREAKS;
use crate::stage::{Break, Flapped, Flapping, Untold};
use crate::waiting::Wait;

/// A break opens. True if the stage flaps, and so the break is told to nobody.
pub(super) fn opens(draft: &mut Draft, brk: &Break, told: &Told<'_>) -> bool {
    let now = draft.now;
    let flap = &mut draft.next.flap;
    if flap.flapping.is_none()
        && let Some(since) = flap.too_many(now)
    {
        flap.flapping = Some(Flapping {
            episode: brk.episode,
            since,
            breaks: u32::try_from(FLAPPING_BREAKS - 1).unwrap_or(u32::MAX),
            turned: now,
            release: brk.release.clone(),
            failing: brk.failing.clone(),
            told: Vec::new(),
            config: told.config.clone(),
            untold: None,
        });
    }
    let Some(flapping) = &mut flap.flapping else {
        return false;
    };
    flapping.breaks = flapping.breaks.saturating_add(1);
    flapping.turned = now;
    flapping.release = brk.release.clone();
    concerns(draft, brk, told)
}

/// What fails may concern somebody who does not know yet that the stage flaps. True if it does.
pub(super) fn concerns(draft: &mut Draft, brk: &Break, told: &Told<'_>) -> bool {
    let Some(flapping) = &mut draft.next.flap.flapping else {
        return false;
    };
    flapping.failing = brk.failing.clone();
    flapping.config = told.config.clone();
    let owed = flapping.untold.iter().flat_map(|owed| &owed.channels);
    let known: Vec<ChannelName> = flapping.told.iter().chain(owed).cloned().collect();
    let channels = told.newly_concerned(&brk.failing, &known);
    hear(draft, channels);
    true
}

/// A break is over.
pub(super) fn recovers(draft: &mut Draft) {
    if let Some(flapping) = &mut draft.next.flap.flapping {
        flapping.turned = draft.now;
    }
}

/// `channels` are to hear that it flaps: at once, or when the mute is over.
fn hear(draft: &mut Draft, channels: Vec<ChannelName>) {
    let muted = draft.next.quiet.mute.is_some();
    let Some(flapping) = &mut draft.next.flap.flapping else {
        return;
    };
    let mut due = flapping
        .untold
        .take()
        .map_or_else(Vec::new, |it| it.channels);
    due.extend(channels);
    let mut due = distinct(due);
    due.retain(|channel| !flapping.told.contains(channel));
    if muted {
        let config = flapping.config.clone();
        let owed = !due.is_empty();
        flapping.untold = owed.then_some(Untold {
            channels: due,
            config,
        });
        return;
    }
    flapping.told.extend(due.iter().cloned());
    let flapping = flapping.clone();
    for channel in due {
        let news = News::Flapping {
            flapping: Box::new(flapping.clone()),
            at: draft.now,
        };
        announce(draft, channel, &flapping.config, news);
    }
}

fn distinct(channels: Vec<ChannelName>) -> Vec<ChannelName> {
    let mut all: Vec<ChannelName> = Vec::new();
    for channel in channels {
        if !all.contains(&channel) {
            all.push(channel);
        }
    }
    all
}

/// Says that the stage flaps, or tells how that ended, after everything else was decided.
pub(super) fn settle(draft: &mut Draft) -> Option<Wait> {
    let flapping = draft.next.flap.flapping.clone()?;
    let (over, muted) = (flapping.over_at(), draft.next.quiet.mute.is_some());
    let brk = draft.next.brk.is_some();
    if draft.now < over || (brk && muted) {
        draft.wake_at(over);
        hear(draft, Vec::new());
        return Some(Wait::Flapping {
            breaks: flapping.breaks,
            since: flapping.since,
            until: over,
        });
    }
    draft.next.flap.flapping = None;
    let config = flapping.config.clone();
    match draft.next.brk.take() {
        Some(mut brk) => {
            stays(draft, &mut brk, &flapping, &config);
            draft.next.brk = Some(brk);
        }
        None => {
            let green = draft.next.verified.is_some();
            for channel in flapping.told.clone() {
                let news = News::Settled {
                    flapping: Box::new(flapping.clone()),
                    green,
                    at: draft.now,
                };
                announce(draft, channel, &config, news);
            }
        }
    }
    None
}

/// It is broken, and stays so: from here on that is a break like any other.
fn stays(draft: &mut Draft, brk: &mut Break, flapping: &Flapping, config: &ConfigHash) {
    brk.flapped = Some(Flapped {
        episode: flapping.episode,
        since: flapping.since,
        breaks: flapping.breaks,
    });
    let mut channels = flapping.told.clone();
    let owed = flapping.untold.iter().flat_map(|owed| &owed.channels);
    channels.extend(owed.cloned());
    mute::tell(draft, brk, distinct(channels), config);
}
