//! E: what people are told.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_core::message::Kind;
use greenroom_core::name::ChannelName;
use jiff::Timestamp;

use super::lease::Leases;
use super::storm::{self, Line, Storm};
use super::{Commit, Found, Replaced};
use crate::truth::{Answer, Change, Happened, Told, Truth};

/// What has arrived where, and what is still to be sent.
#[derive(Debug, Default)]
pub struct Talk {
    /// Messages that arrived, by key: when the sender of the first began.
    arrived: BTreeMap<String, Timestamp>,
    /// Breaks told, by stage, episode and channel.
    opened: BTreeSet<(String, u64, String)>,
    recovered: BTreeSet<(String, u64, String)>,
    /// Entries of the outbox that are to be sent.
    waiting: BTreeSet<String>,
    /// Entries that were ever in the outbox.
    entered: BTreeSet<String>,
    /// Breaks, by stage and episode, and the channels that are to hear of them.
    breaks: BTreeMap<(String, u64), Vec<String>>,
    /// Channels whose silence another channel, or the board, told of.
    exhausted: BTreeSet<String>,
    /// The highest episode each stage's record has named.
    episodes: BTreeMap<String, u64>,
    leases: Leases,
    storm: Storm,
}

/// The channel that the board is told to be silent.
fn silent<'a>(change: &'a Change<'_>) -> Option<&'a str> {
    change.after?;
    change.key.sort.strip_prefix("attention#channel-")
}

/// The break that a message is about, for whom, and what it says of it.
fn break_of(message: &str) -> Option<((String, u64, String), &str)> {
    let (owner, rest) = message.split_once("/announce/")?;
    let (key, channel) = rest.split_once('/')?;
    let mut words = key.splitn(3, '-').skip(1);
    let (episode, what) = (words.next()?.parse().ok()?, words.next()?);
    let stage = owner.split_once('/')?.1;
    Some(((stage.to_owned(), episode, channel.to_owned()), what))
}

impl Talk {
    pub fn replaced(&mut self, truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
        self.ended(truth, replaced, found);
        self.storm.replaced(truth, replaced, &self.entered, found);
        let name = replaced.after.id.stage.to_string();
        let brk = replaced.after.brk.as_ref();
        let flapping = replaced.after.flap.flapping.as_ref();
        let brk = brk.map(|brk| (brk.episode, &brk.told));
        let flapping = flapping.map(|it| (it.episode, &it.told));
        for (episode, told) in flapping.into_iter().chain(brk) {
            let told = told.iter().map(ToString::to_string).collect();
            self.breaks.entry((name.clone(), episode)).or_insert(told);
        }
        self.episodes.insert(name, replaced.after.episodes);
    }

    /// E4: who was to hear of a break is told of its end with the very commit that ends it, and
    /// nobody else is.
    fn ended(&self, truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
        let (stage, before) = (replaced.after, replaced.before);
        let Some(old) = before.and_then(|before| before.brk.as_ref()) else {
            return;
        };
        let now = stage.brk.as_ref().map(|brk| brk.episode);
        // A break that ends with its stage is told with that.
        if now == Some(old.episode) || stage.life.gone.is_some() {
            return;
        }
        let prefix = format!("{}/announce/break-{}-recovered/", stage.id, old.episode);
        let told: BTreeSet<&str> = self
            .entered
            .range(prefix.clone()..)
            .map_while(|name| name.strip_prefix(&prefix))
            .collect();
        let heard: BTreeSet<&str> = old.told.iter().map(ChannelName::as_str).collect();
        if told != heard {
            let what = format!(
                "break {} of {} was told to {heard:?} and its end to {told:?}",
                old.episode, stage.id
            );
            found.broken(truth, "E4", what);
        }
    }

    /// E1
    pub fn end(&self, truth: &Truth, found: &mut Found) {
        self.storm.end(truth, found);
        for ((stage, episode), channels) in &self.breaks {
            for channel in channels {
                let name = (stage.clone(), *episode, channel.clone());
                if !self.opened.contains(&name) && !self.exhausted.contains(channel) {
                    let what = format!("{channel} never heard of break {episode} of {stage}");
                    found.broken(truth, "E1", what);
                }
            }
        }
    }

    pub fn see(
        &mut self,
        truth: &Truth,
        happened: &Happened<'_>,
        commit: &Commit,
        found: &mut Found,
    ) {
        match happened {
            Happened::Committed { changes } => {
                let said = |message: &str| {
                    let channel = message.rsplit('/').next();
                    changes.iter().any(|other| silent(other) == channel)
                };
                let excused = |message: &str| self.arrived.contains_key(message) || said(message);
                self.storm.committed(truth, changes, excused, found);
                for change in *changes {
                    self.entry(truth, change, changes, commit, found);
                }
            }
            Happened::Told(told) => self.told(truth, told, found),
            _ => {}
        }
    }

    fn entry(
        &mut self,
        truth: &Truth,
        change: &Change<'_>,
        all: &[Change<'_>],
        commit: &Commit,
        found: &mut Found,
    ) {
        if let Some(channel) = silent(change) {
            // When all channels are silent the board alone says so.
            self.exhausted.insert(channel.to_owned());
        }
        if !change.key.partition.starts_with("outbox#") || !change.key.sort.contains("/announce/") {
            return;
        }
        let name = change.key.sort.clone();
        if change.after.is_some() {
            // Two people who try a channel in one millisecond decide the same; it is told again.
            if change.before.is_none() && name.contains("/announce/test-") {
                self.arrived.remove(&name);
            }
            self.leases.changed(truth, change, commit, found);
            self.entered.insert(name.clone());
            self.waiting.insert(name);
            return;
        }
        // What is in a digest still waits, and so does what was in one that is in another now.
        if self.storm.holds(&name) || storm::is_taken_over(&name, all) {
            return;
        }
        self.waiting.remove(&name);
        for (line, _) in self.storm.tells(&name) {
            self.waiting.remove(&line);
        }
        let channel = name.rsplit('/').next();
        let said = all.iter().any(|other| silent(other) == channel);
        if change.before.is_some() && !said && !self.arrived.contains_key(&name) {
            let what = format!("{name} is forgotten, and neither arrived nor is said to be lost");
            found.broken(truth, "E1", what);
        }
    }

    fn told(&mut self, truth: &Truth, told: &Told, found: &mut Found) {
        let announcement = &told.announcement;
        if !self.entered.contains(&told.key) {
            found.broken(
                truth,
                "E3",
                format!("{} is sent and stands nowhere", told.key),
            );
        }
        if !told.arrived || told.answer == Answer::Later {
            return;
        }
        self.storm.told(truth, told, found);
        for line in self.storm.lines(&told.key) {
            self.line(truth, told, &line, found);
        }
        if let Some(first) = self.arrived.get(&told.key) {
            if told.begun > *first && !announcement.possibly_repeated {
                let what = format!("{} arrives again and does not say so", told.key);
                found.broken(truth, "E2", what);
            }
        } else {
            self.arrived.insert(told.key.clone(), told.begun);
        }
        if let Kind::Exhausted { channel, .. } = &announcement.kind {
            self.exhausted.insert(channel.to_string());
        }
        let (Some(stage), Some(episode)) = (&announcement.stage, announcement.episode) else {
            return;
        };
        let name = (stage.to_string(), episode, told.channel.to_string());
        if self.episodes.get(&name.0).copied().unwrap_or(0) < episode {
            let what = format!("{} tells of a break that is not recorded", told.key);
            found.broken(truth, "E3", what);
        }
        match announcement.kind {
            Kind::Broke | Kind::Flapping { .. } => drop(self.opened.insert(name)),
            Kind::Recovered { .. } => self.over(truth, &told.key, name, found),
            _ => {}
        }
    }

    /// A recovery arrives.
    fn over(&mut self, truth: &Truth, key: &str, name: (String, u64, String), found: &mut Found) {
        let opening = key.replace("-recovered/", "-opened/");
        let waits = self.waiting.contains(&opening);
        if !self.opened.contains(&name) && waits {
            let what = format!("{key} arrives before its break");
            found.broken(truth, "E4", what);
        }
        if !self.entered.contains(&opening) {
            let what = format!("{key} ends a break that nobody was to hear of");
            found.broken(truth, "E4", what);
        }
        self.recovered.insert(name);
    }

    /// A line of a digest arrives.
    fn line(&mut self, truth: &Truth, told: &Told, line: &Line, found: &mut Found) {
        let (message, again) = line;
        let says = *again || told.announcement.possibly_repeated;
        let first = *self.arrived.entry(message.clone()).or_insert(told.begun);
        if told.begun > first && !says {
            let what = format!("{message} arrives again in a digest and does not say so");
            found.broken(truth, "E2", what);
        }
        let Some((name, what)) = break_of(message) else {
            return;
        };
        match what {
            "opened" | "began" => drop(self.opened.insert(name)),
            "recovered" => self.over(truth, message, name, found),
            _ => {}
        }
    }
}
