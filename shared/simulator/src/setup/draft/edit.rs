//! What people who edit a stage file do to it.

use super::{CRONS, Draft, Entry, SOAKS, ZONES, approvals, refreshed};
use crate::random::Random;

impl Draft {
    /// What a person who edits the file does to it; says so in words.
    pub fn edit(&mut self, random: &mut Random) -> String {
        let n = u64::try_from(self.stages.len()).unwrap_or(1);
        let index = usize::try_from(random.below(n)).unwrap_or(0);
        let channels = self.channels.clone();
        let entry = &mut self.stages[index];
        let key = entry.key.clone();
        match random.below(6) {
            0 | 1 if entry.upstream.is_some() => {
                entry.soak = Some(*random.pick(&SOAKS));
                format!("another soak of {key}")
            }
            0..=2 => {
                entry.approvals = random.chance(600).then(|| approvals(random));
                format!("other approvals of {key}")
            }
            3 => {
                entry.alert = channels;
                if random.chance(500) {
                    entry.alert.clear();
                }
                format!("other channels of {key}")
            }
            4 if self.removable(&key) => {
                self.stages.remove(index);
                format!("no {key} any more")
            }
            _ => self.grow(random),
        }
    }

    /// Changes what runs of it are made of: their steps, their tests, what they prove.
    pub fn rework(&mut self, random: &mut Random) -> String {
        let mut what = Vec::new();
        if random.chance(600) {
            self.makes += 1 + random.below(3);
            what.push("another command that deploys".to_owned());
        }
        if random.chance(400) {
            self.retries = (self.retries + 1) % 4;
            what.push("other retries".to_owned());
        }
        for _ in 0..random.between(1, 3) {
            what.push(self.test_more(random));
        }
        what.join(", ")
    }

    /// Tells others of each stage than were told before.
    pub fn rewire(&mut self, random: &mut Random) -> String {
        for entry in &mut self.stages {
            entry.alert.clear();
            for channel in &self.channels {
                if random.chance(500) {
                    entry.alert.push(*channel);
                }
            }
        }
        "other channels".to_owned()
    }

    /// Leads a branch elsewhere, or changes a calendar.
    pub fn turn(&mut self, random: &mut Random) -> String {
        let calendar = self.stages.iter_mut().find(|entry| entry.zone.is_some());
        if let Some(entry) = calendar
            && random.chance(500)
        {
            let (cron, zone) = (*random.pick(&CRONS), *random.pick(&ZONES));
            entry.from = refreshed(cron, zone);
            entry.zone = Some(zone);
            return format!("{} is refreshed at {cron} of {zone}", entry.key);
        }
        let plain = |entry: &&mut Entry| entry.from == "branch: develop";
        let found = self.stages.iter_mut().find(plain);
        match found.filter(|_| random.chance(500)) {
            Some(entry) => {
                entry.from = r#"branch: "{stray,trunk}""#.to_owned();
                format!("{} follows another branch", entry.key)
            }
            None => {
                let entry = self.entry("mirror", r#"branch: "{stray,develop}""#, random);
                self.stages.retain(|entry| entry.key != "mirror");
                self.stages.insert(0, entry);
                "mirror takes what others had".to_owned()
            }
        }
    }

    fn removable(&self, key: &str) -> bool {
        let used =
            |entry: &Entry| entry.upstream.as_deref() == Some(key) || entry.through == Some(key);
        self.stages.len() > 2 && !self.stages.iter().any(used)
    }

    /// One more stage, or other tests.
    fn grow(&mut self, random: &mut Random) -> String {
        let free = ["eu", "us", "asia"]
            .into_iter()
            .find(|key| self.stages.iter().all(|entry| entry.key != *key));
        let upstream = self
            .stages
            .iter()
            .find(|entry| entry.key == "preprod" || entry.key == "dev");
        match (free, upstream.map(|entry| entry.key.clone())) {
            (Some(key), Some(upstream)) if random.chance(700) => {
                self.promoted(key, &upstream, random);
                format!("a new stage {key}")
            }
            _ if random.chance(400) => {
                self.makes += 1;
                "another command that deploys".to_owned()
            }
            _ if random.chance(500) => self.test_more(random),
            _ => {
                self.retries = (self.retries + 1) % 4;
                "more retries".to_owned()
            }
        }
    }

    fn test_more(&mut self, random: &mut Random) -> String {
        let n = u64::try_from(self.stages.len()).unwrap_or(1);
        let index = usize::try_from(random.below(n)).unwrap_or(0);
        let suites = self.suites(random);
        let entry = &mut self.stages[index];
        entry.verify = suites;
        format!("other tests of {}", entry.key)
    }
}
