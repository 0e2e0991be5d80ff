//! Stage files made from a seed: chains of promotions with soak and approvals, refreshes by
//! calendars of many zones, stages named after people, tags and pull requests.

pub mod brake;
mod edit;
mod order;

use std::fmt::Write as _;

use greenroom_core::stage_file::StageFile;

use crate::random::Random;
use crate::stage_files;
use brake::Expires;
use order::Order;

/// Zones whose clocks jump in their own ways, and some that never do.
pub const ZONES: [&str; 12] = [
    "Europe/Rome",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Tehran",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Kolkata",
    "UTC",
];
const CRONS: [&str; 13] = [
    "0 */3 * * *",
    "20 * * * *",
    "45 */2 * * *",
    "*/15 * * * *",
    "0 * * * *",
    "7 * * * *",
    "30 */2 * * *",
    "0 6 * * 1-5",
    "0 2 * * *",
    "30 2 * * *",
    "15 1 * * *",
    "0 0 * * *",
    "0 30 2 * * *",
];
const SOAKS: [&str; 8] = ["1m", "5m", "10m", "10m", "15m", "30m", "1h", "3h"];

/// A stage file that is not yet written down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    pub app: String,
    /// Whether the pipeline builds something once, or each stage builds for itself.
    once: bool,
    retries: u64,
    /// How often the command that deploys was changed.
    makes: u64,
    channels: Vec<&'static str>,
    /// Windows by name, as they are written.
    windows: Vec<(&'static str, String)>,
    /// Whether stages may demand a mark.
    marks: bool,
    /// Whether its pipeline says how a stage goes.
    teardown: bool,
    pub stages: Vec<Entry>,
}

/// An entry of `stages`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    pub key: String,
    name: Option<&'static str>,
    from: String,
    /// The stage it promotes from.
    pub upstream: Option<String>,
    verify: Vec<&'static str>,
    pub soak: Option<&'static str>,
    pub approvals: Option<(u64, &'static str)>,
    pub alert: Vec<&'static str>,
    timeout: Option<&'static str>,
    /// The zone of its refresh.
    pub zone: Option<&'static str>,
    windows: Vec<&'static str>,
    /// Whether it demands a mark.
    ready: bool,
    /// The stage that its releases pass first.
    through: Option<&'static str>,
    expires: Option<Expires>,
    order: Order,
}

/// Most approvals that the people of a role can give.
fn holders(role: &str) -> u64 {
    if role == "product-owner" { 3 } else { 2 }
}

impl Draft {
    /// One of very many.
    pub fn drawn(app: &str, random: &mut Random) -> Self {
        let mut all: Vec<&'static str> = vec!["team", "log", "ops", "post"];
        all.truncate(usize::try_from(random.between(1, 4)).unwrap_or(4));
        let mut draft = Self {
            app: app.to_owned(),
            once: random.chance(700),
            retries: random.below(4),
            makes: 0,
            channels: all,
            windows: Vec::new(),
            marks: false,
            teardown: false,
            stages: Vec::new(),
        };
        draft.leaves(random);
        draft.chain(random);
        if random.chance(250) {
            let entry = draft.entry("rest", r#"branch: "*""#, random);
            draft.stages.push(entry);
        }
        draft
    }

    /// Stages that nothing is promoted from.
    fn leaves(&mut self, random: &mut Random) {
        if random.chance(500) {
            let mut entry = self.entry("personal", r#"branch: "feature/**""#, random);
            entry.name = Some("${actor}");
            entry.verify.truncate(usize::from(random.chance(300)));
            self.stages.push(entry);
        }
        if random.chance(300) {
            let label = if random.chance(300) {
                ", labels: [preview]"
            } else {
                ""
            };
            let from = format!(r#"pull_request: {{ base: "*"{label} }}"#);
            let mut entry = self.entry("preview", &from, random);
            entry.name = Some("pr-${pr}");
            self.stages.push(entry);
        }
        if random.chance(200) {
            let mut entry = self.entry("release", r#"branch: "release/*""#, random);
            entry.name = Some("rel-${branch.slug}");
            self.stages.push(entry);
        }
        if random.chance(250) {
            let entry = self.entry("demo", r#"tag: "v*""#, random);
            self.stages.push(entry);
        }
    }

    /// From dev to prod.
    fn chain(&mut self, random: &mut Random) {
        let mut dev = self.entry("dev", "branch: develop", random);
        dev.verify = self.suites(random);
        self.stages.push(dev);
        let mut last = "dev".to_owned();
        if random.chance(350) {
            self.promoted("qa", &last, random);
            "qa".clone_into(&mut last);
        }
        match random.below(4) {
            0 => self.promoted("preprod", &last, random),
            1 => {
                let mut entry = self.entry("preprod", "branch: master", random);
                entry.verify = self.suites(random);
                self.stages.push(entry);
            }
            _ => {
                let (cron, zone) = (*random.pick(&CRONS), *random.pick(&ZONES));
                let mut entry = self.entry("preprod", &refreshed(cron, zone), random);
                entry.verify = self.suites(random);
                entry.zone = Some(zone);
                self.stages.push(entry);
            }
        }
        self.promoted("prod", "preprod", random);
        if random.chance(200) {
            self.promoted("canary", "preprod", random);
        }
    }

    fn promoted(&mut self, key: &str, upstream: &str, random: &mut Random) {
        let mut entry = self.entry(key, &format!("promote: {upstream}"), random);
        entry.verify = self.suites(random);
        entry.upstream = Some(upstream.to_owned());
        entry.soak = random.chance(700).then(|| *random.pick(&SOAKS));
        if random.chance(450) {
            entry.approvals = Some(approvals(random));
        }
        self.stages.push(entry);
    }

    fn entry(&self, key: &str, from: &str, random: &mut Random) -> Entry {
        let mut alert = self.channels.clone();
        alert.truncate(usize::try_from(random.between(0, 3)).unwrap_or(1));
        Entry {
            key: key.to_owned(),
            name: None,
            from: from.to_owned(),
            upstream: None,
            verify: if random.chance(700) {
                vec!["smoke"]
            } else {
                Vec::new()
            },
            soak: None,
            approvals: random.chance(40).then(|| approvals(random)),
            alert,
            timeout: match random.below(6) {
                0 => Some("10m"),
                1 => Some("20m"),
                _ => None,
            },
            zone: None,
            windows: Vec::new(),
            ready: false,
            through: None,
            expires: None,
            order: Order::default(),
        }
    }

    /// At least one, or nothing could be promoted from there.
    fn suites(&self, random: &mut Random) -> Vec<&'static str> {
        match random.below(4) {
            0 => vec!["smoke", "api"],
            1 => vec!["api"],
            _ => vec!["smoke"],
        }
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut text = format!("version: 1\napp: {}\n", self.app);
        text.push_str("pipelines:\n  service:\n    steps:\n");
        if self.once {
            text.push_str("      - { name: build, run: make, once: true, artifact: dist/ }\n");
        }
        let makes = match self.makes {
            0 => String::new(),
            n => format!(" N={n}"),
        };
        let _ = writeln!(
            text,
            "      - {{ name: deploy, run: make deploy{makes}, outputs: [URL] }}"
        );
        if self.teardown {
            text.push_str(
                "    teardown: { steps: [{ name: remove, run: make remove }], leftovers: make left }\n",
            );
        }
        let (retries, makes) = (self.retries, self.makes);
        let _ = write!(
            text,
            r#"suites:
  smoke: {{ files: "tests/*.hurl", base_url: "https://${{stage}}.example.com", retries: {retries}, variables: {{ edition: "{retries}.{makes}" }} }}
  api: {{ files: "api/*.hurl", base_url: "${{outputs.URL}}" }}
"#
        );
        text.push_str("channels:\n");
        for channel in &self.channels {
            let _ = writeln!(text, "  {channel}: {}", wire(channel));
        }
        text.push_str("roles:\n  product-owner: [eve, frank, grace]\n  release: [heidi, eve]\n");
        self.write_brakes(&mut text);
        text.push_str("stages:\n");
        for entry in &self.stages {
            entry.write(&mut text);
        }
        text
    }

    /// The file, which must hold: a world of invalid files would test nothing.
    pub fn valid(&self) -> String {
        let text = self.text();
        if stage_files::read(text.as_bytes()).is_none() {
            let parsed = StageFile::parse("greenroom.yaml", text.as_bytes());
            let problems = parsed.err().map(|problems| problems.to_string());
            panic!("a drawn stage file does not hold: {problems:?}\n{text}");
        }
        text
    }
}

impl Entry {
    fn write(&self, text: &mut String) {
        let _ = write!(
            text,
            "  {}: {{ from: {{ {} }}, pipeline: service",
            self.key, self.from
        );
        if let Some(name) = self.name {
            let _ = write!(text, r#", name: "{name}""#);
        }
        if !self.verify.is_empty() {
            let _ = write!(text, ", verify: [{}]", self.verify.join(", "));
        }
        if let Some(soak) = self.soak {
            let _ = write!(text, ", soak: {soak}");
        }
        if let Some((count, role)) = self.approvals {
            let _ = write!(text, ", approvals: {{ count: {count}, by: [{role}] }}");
        }
        if !self.alert.is_empty() {
            let _ = write!(text, ", alert: [{}]", self.alert.join(", "));
        }
        if let Some(timeout) = self.timeout {
            let _ = write!(text, ", timeout: {timeout}");
        }
        if !self.windows.is_empty() {
            let _ = write!(text, ", windows: [{}]", self.windows.join(", "));
        }
        if self.ready {
            let _ = write!(text, ", marks: [{}]", brake::READY);
        }
        if let Some(expires) = self.expires {
            expires.write(text);
        }
        if let Some(through) = self.through {
            let _ = write!(text, ", through: {through}");
        }
        self.order().write(text);
        text.push_str(" }\n");
    }
}

fn refreshed(cron: &str, zone: &str) -> String {
    format!(r#"branch: master, refresh: {{ cron: "{cron}", timezone: {zone} }}"#)
}

fn approvals(random: &mut Random) -> (u64, &'static str) {
    let role = *random.pick(&["product-owner", "product-owner", "release"]);
    (random.between(1, holders(role)), role)
}

fn wire(channel: &str) -> &'static str {
    match channel {
        "team" => r#"{ telegram: { chat: "-1", token: "${secret:telegram}" } }"#,
        "ops" => "{ sns: \"arn:aws:sns:eu-west-1:111111111111:orders\" }",
        "post" => {
            "{ mail: { to: [ops@example.com], from: g@example.com, server: \"mail.example.com:587\" } }"
        }
        _ => "{ console: {} }",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::key;

    #[test]
    fn every_drawn_file_and_every_edit_of_it_holds() {
        let mut sources = [0; 12];
        for seed in 0..150 {
            let mut random = Random::of(seed, key("draft"));
            let mut draft = Draft::drawn("acme/orders", &mut random);
            draft.brake(&mut random);
            draft.order(&mut random);
            drop(draft.valid());
            for n in 0..9 {
                drop(match n {
                    0 | 1 => draft.rework(&mut random),
                    2 => draft.rewire(&mut random),
                    3 => draft.turn(&mut random),
                    4 => draft.reorder(&mut random),
                    _ => draft.edit(&mut random),
                });
                let text = draft.valid();
                for (n, part) in [
                    "${actor}",
                    "tag:",
                    "pull_request",
                    "refresh",
                    "approvals",
                    "windows: [",
                    "marks: [",
                    "through:",
                    "select:",
                    "expires:",
                    "queue: fifo",
                    "watch:",
                ]
                .iter()
                .enumerate()
                {
                    sources[n] += usize::from(text.contains(part));
                }
            }
        }
        assert!(sources.iter().all(|n| *n > 20), "{sources:?}");
    }
}
