//! What comes when, in some worlds: stages that deploy each change by itself, and stages whose suites
//! run again though nothing is deployed.

use std::fmt::Write as _;

use super::{Draft, Entry};
use crate::random::Random;

/// How long after their suites ended stages are tested again.
const EVERY: [&str; 6] = ["15m", "30m", "1h", "1h", "2h", "3h"];

/// Of a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Order {
    /// Whether each change is deployed by itself.
    line: bool,
    watch: Option<&'static str>,
}

impl Order {
    pub(super) fn write(self, text: &mut String) {
        if self.line {
            text.push_str(", queue: fifo");
        }
        if let Some(every) = self.watch {
            let _ = write!(text, ", watch: {{ every: {every} }}");
        }
    }
}

impl Entry {
    /// What of its order may be written: nothing queues where something has to stay upstream, or where
    /// people select, and nothing is watched without a suite.
    pub(super) fn order(&self) -> Order {
        let queues = self.soak.is_none() && !self.from.starts_with("select");
        let looks = !self.verify.is_empty();
        Order {
            line: self.order.line && queues,
            watch: self.order.watch.filter(|_| looks),
        }
    }

    fn queue(&mut self) {
        self.order.line = true;
        self.soak = None;
    }
}

impl Draft {
    /// Lines and watches for some stages. What is drawn without them stays as it is.
    pub fn order(&mut self, random: &mut Random) {
        if random.chance(150) {
            for entry in &mut self.stages {
                if random.chance(500) {
                    entry.queue();
                }
            }
        }
        if random.chance(100) {
            for entry in &mut self.stages {
                if random.chance(400) {
                    entry.order.watch = Some(random.pick::<&str>(&EVERY));
                }
            }
        }
        self.watch_above(random);
    }

    /// What a line takes may turn red where it came from while it waits.
    fn watch_above(&mut self, random: &mut Random) {
        let queues = |entry: &&Entry| entry.order.line && entry.upstream.is_some();
        let lines = self.stages.iter().filter(queues);
        let above: Vec<String> = lines.filter_map(|it| it.upstream.clone()).collect();
        for entry in &mut self.stages {
            if above.contains(&entry.key) && random.chance(500) {
                entry.order.watch = Some(random.pick::<&str>(&EVERY));
            }
        }
    }

    /// Stages that are watched, each with one below that takes what is green there in a line.
    pub fn watched_above(&self) -> Vec<(String, String)> {
        let lines = self.stages.iter().filter(|entry| entry.order().line);
        let above = lines.filter_map(|entry| Some((entry.upstream.as_ref()?, &entry.key)));
        let watched = |key: &String| {
            let mut all = self.stages.iter();
            all.any(|entry| entry.key == *key && entry.order().watch.is_some())
        };
        let watched = above.filter(|(above, _)| watched(above));
        watched
            .map(|(above, below)| (above.clone(), below.clone()))
            .collect()
    }

    /// Whether any stage has a line or a watch.
    pub fn has_order(&self) -> bool {
        let all = self.stages.iter().map(Entry::order);
        all.into_iter().any(|order| order != Order::default())
    }

    /// Somebody who edits the file has another order for a stage; says so in words.
    pub fn reorder(&mut self, random: &mut Random) -> String {
        let n = u64::try_from(self.stages.len()).unwrap_or(1);
        let index = usize::try_from(random.below(n)).unwrap_or(0);
        let entry = &mut self.stages[index];
        if random.chance(500) {
            if entry.order.line {
                entry.order.line = false;
                return format!("{} takes the newest", entry.key);
            }
            entry.queue();
            return format!("{} takes each change by itself", entry.key);
        }
        if entry.order.watch.take().is_some() && random.chance(600) {
            return format!("nobody watches {}", entry.key);
        }
        let every = *random.pick::<&str>(&EVERY);
        entry.order.watch = Some(every);
        format!("{} is tested again every {every}", entry.key)
    }
}
