//! What keeps releases back, in some worlds: windows, marks, another stage on the way, stages that
//! take only what a person selects, and stages that go.

use std::fmt::Write as _;

use super::{Draft, ZONES};
use crate::random::Random;

/// The mark that stages may demand.
pub const READY: &str = "ready";
/// When windows begin, and how long they last.
const WINDOWS: [(&str, &str); 6] = [
    ("0 */2 * * *", "40m"),
    ("30 * * * *", "25m"),
    ("0 */4 * * *", "90m"),
    ("0 22 * * *", "9h"),
    ("30 2 * * *", "2h"),
    ("0 9 * * 1-5", "8h"),
];

/// How long a stage may stand idle, and how long before its end it is warned of.
const IDLE: [&str; 3] = ["1h", "2h", "5h"];
const WARN: [&str; 2] = ["10m", "30m"];

/// When a stage goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Expires {
    idle: &'static str,
    warn: Option<&'static str>,
    with_branch: bool,
}

impl Expires {
    pub(super) fn write(self, text: &mut String) {
        let _ = write!(text, ", expires: {{ idle: {}", self.idle);
        if let Some(warn) = self.warn {
            let _ = write!(text, ", warn: {warn}");
        }
        let with_branch = self.with_branch;
        let _ = write!(text, ", with_branch: {with_branch}, by: [release] }}");
    }
}

impl Draft {
    /// Puts brakes on some stages. What is drawn without them stays as it is.
    pub fn brake(&mut self, random: &mut Random) {
        if random.chance(250) {
            self.close(random);
        }
        if random.chance(150) {
            self.marks = true;
            for entry in &mut self.stages {
                entry.ready = random.chance(if entry.upstream.is_some() { 500 } else { 100 });
            }
        }
        if random.chance(150) {
            self.pass(random);
        }
        if random.chance(150) {
            let mut entry = self.entry("sandbox", r#"select: "trial/**""#, random);
            entry.verify = self.suites(random);
            self.stages.push(entry);
        }
        if random.chance(250) {
            self.expire(random);
        }
    }

    /// Stages named for whoever or whatever leads to them go again.
    fn expire(&mut self, random: &mut Random) {
        self.teardown = true;
        for entry in &mut self.stages {
            if entry.name.is_some() && random.chance(800) {
                let idle = *random.pick(&IDLE);
                entry.expires = Some(Expires {
                    idle,
                    warn: random.chance(600).then(|| *random.pick(&WARN)),
                    with_branch: random.chance(400),
                });
            }
        }
    }

    pub(super) fn write_brakes(&self, text: &mut String) {
        if !self.windows.is_empty() {
            text.push_str("windows:\n");
        }
        for (name, window) in &self.windows {
            let _ = writeln!(text, "  {name}: {window}");
        }
        if self.marks {
            let _ = writeln!(text, "marks:\n  {READY}: {{ by: [release] }}");
        }
    }

    /// One window or two, each for some of the stages.
    fn close(&mut self, random: &mut Random) {
        let kinds = match random.below(3) {
            0 => vec!["deny"],
            1 => vec!["allow"],
            _ => vec!["deny", "allow"],
        };
        for kind in kinds {
            let (cron, lasts) = *random.pick(&WINDOWS);
            let zone = *random.pick(&ZONES);
            let when = format!(r#"{{ cron: "{cron}", for: {lasts}, timezone: {zone} }}"#);
            let window = format!("{{ {kind}: {when}, reason: so it is, override: [release] }}");
            self.windows.push((kind, window));
            for entry in &mut self.stages {
                if random.chance(400) {
                    entry.windows.push(kind);
                }
            }
        }
    }

    /// A stage whose releases have to prove themselves on `dev` first.
    fn pass(&mut self, random: &mut Random) {
        let known = self.stages.iter_mut().find(|entry| entry.key == "demo");
        match known {
            Some(entry) => entry.through = Some("dev"),
            None => {
                let mut entry = self.entry("live", "branch: trunk", random);
                entry.through = Some("dev");
                // Before the stages that take what others leave.
                self.stages.insert(0, entry);
            }
        }
    }
}
