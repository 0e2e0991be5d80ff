//! What varies from one time to the next is replaced: commits by their subjects, artifacts by what
//! they are built from, instants by weekday and time, lengths by tens of minutes.
//!
//! A scenario takes seconds and its clock is moved by hours, so that tens of minutes are the same
//! each time.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use regex::{Captures, Regex};
use serde_json::Value;

use super::quiet::Still;
use super::world::World;
use crate::demo::Result;

/// A line about a stage begins with one of them.
const SYMBOLS: [char; 4] = ['\u{25cf}', '\u{2715}', '\u{25b2}', '\u{25cb}'];

/// Replaces what varies.
#[derive(Debug)]
pub struct Prose {
    commits: Vec<(String, String)>,
    /// Subject by the first digits of a digest.
    artifacts: BTreeMap<String, String>,
    places: Vec<(String, &'static str)>,
    now: Timestamp,
    patterns: Patterns,
}

#[derive(Debug)]
struct Patterns {
    id: Regex,
    instant: Regex,
    moment: Regex,
    length: Regex,
    short: Regex,
    gap: Regex,
}

impl Prose {
    /// What is known now.
    pub fn new(world: &World, still: &Still) -> Result<Self> {
        let commits = world.repo()?.subjects()?;
        let folder = world.folder().display().to_string();
        let mut prose = Self {
            commits,
            artifacts: BTreeMap::new(),
            places: vec![
                (world.sites.address.clone(), "http://sites"),
                (world.talk()?.base().to_owned(), "http://greenroom"),
                (format!("{folder}/"), ""),
            ],
            now: still.now()?,
            patterns: Patterns {
                id: Regex::new(r"\b[0-9a-f]{8,64}\b")?,
                instant: Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z( \([^)]*\))?")?,
                moment: Regex::new(r"(\d{4}-\d\d-\d\d )?\b\d\d:\d\d UTC")?,
                length: Regex::new(r"\b\d+ (d|h|min|s)\b( \d+ (h|min|s)\b)?")?,
                gap: Regex::new(r"(\S) {3,}")?,
                short: Regex::new(r"\b(for another |for |in )?\d+(d|h|m|s)\b( ago)?")?,
            },
        };
        for card in still.cards() {
            for release in [&card["deployed"], &card["last"]] {
                prose.knows(release);
            }
        }
        Ok(prose)
    }

    /// What was built of a commit: `artifact` and `revision` of a release.
    pub fn knows(&mut self, release: &Value) {
        let digest = release["artifact"]
            .as_str()
            .and_then(|all| all.strip_prefix("sha256:"));
        let subject = release["revision"].as_str().and_then(|id| self.subject(id));
        if let (Some(digest), Some(subject)) = (digest, subject) {
            self.artifacts.entry(digest.to_owned()).or_insert(subject);
        }
    }

    fn subject(&self, id: &str) -> Option<String> {
        let found = self.commits.iter().find(|(known, _)| known.starts_with(id));
        found.map(|(_, subject)| format!("\u{201c}{subject}\u{201d}"))
    }

    /// The line as it is each time.
    pub fn of(&self, line: &str) -> String {
        let invisible = ['\u{2060}', '\u{200b}'];
        let mut line = line.replace(invisible, "");
        for (place, name) in &self.places {
            line = line.replace(place, name);
        }
        let Patterns {
            id,
            instant,
            moment,
            length,
            short,
            gap,
        } = &self.patterns;
        let line = id.replace_all(&line, |found: &Captures<'_>| self.named(&found[0]));
        let line = instant.replace_all(&line, |found: &Captures<'_>| {
            let bare = found[0].split(' ').next().unwrap_or_default();
            bare.parse().map_or_else(|_| found[0].to_owned(), day)
        });
        let line = moment.replace_all(&line, |found: &Captures<'_>| self.moment(&found[0]));
        let line = length.replace_all(&line, |found: &Captures<'_>| said(&found[0]));
        let line = short.replace_all(&line, |found: &Captures<'_>| brief(&found[0]));
        // Columns of a table are as wide as what stood there before.
        let named = line.contains('\u{201c}') && !line.contains("| ");
        let headed = ["STAGE ", "COMMIT "];
        let headed = headed.iter().any(|head| line.contains(head));
        let is_table = named || headed || line.starts_with(SYMBOLS);
        let line = match is_table {
            true => gap.replace_all(&line, "$1  "),
            false => line,
        };
        line.trim_end().to_owned()
    }

    fn named(&self, id: &str) -> String {
        if let Some(subject) = self.subject(id) {
            return subject;
        }
        let artifact = self
            .artifacts
            .iter()
            .find(|(digest, _)| digest.starts_with(id));
        match artifact {
            Some((_, subject)) => format!("of {subject}"),
            None if id.len() >= 12 => "<id>".to_owned(),
            None => id.to_owned(),
        }
    }

    /// `14:02 UTC`, or with a date in front.
    fn moment(&self, text: &str) -> String {
        let bare = text.trim_end_matches(" UTC");
        let date = self.now.to_zoned(TimeZone::UTC).date();
        let full = match bare.split_once(' ') {
            Some((date, time)) => format!("{date}T{time}:00Z"),
            None => format!("{date}T{bare}:00Z"),
        };
        full.parse().map_or_else(|_| text.to_owned(), day)
    }
}

/// `Monday 23 November, 09:00`, to the nearest ten minutes.
pub(super) fn day(at: Timestamp) -> String {
    let round = TimestampRound::new()
        .smallest(Unit::Minute)
        .increment(10)
        .mode(RoundMode::HalfExpand);
    let at = at.round(round).unwrap_or(at);
    at.to_zoned(TimeZone::UTC)
        .strftime("%A %-d %B, %H:%M")
        .to_string()
}

/// `1 d 4 h`, to the nearest ten minutes.
pub(super) fn said(text: &str) -> String {
    let words: Vec<_> = text.split(' ').collect();
    let mut seconds = 0;
    for pair in words.chunks(2) {
        let count: i64 = pair.first().and_then(|word| word.parse().ok()).unwrap_or(0);
        let unit = match pair.get(1).copied() {
            Some("d") => 86_400,
            Some("h") => 3_600,
            Some("min") => 60,
            _ => 1,
        };
        seconds += count * unit;
    }
    rounded(seconds)
}

/// `for 3m`, `in 2h`, `5s ago`: the largest unit, which may be one less than it nearly is.
pub(super) fn brief(text: &str) -> String {
    let minutes = text.contains(|c: char| c.is_ascii_digit())
        && text.trim_end_matches(" ago").ends_with(['m', 's']);
    if !minutes {
        return text.to_owned();
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let count: i64 = digits.parse().unwrap_or(0);
    let seconds = if text.trim_end_matches(" ago").ends_with('m') {
        count * 60
    } else {
        count
    };
    if seconds < 300 {
        return match () {
            () if text.starts_with("for another") => "for a moment more".to_owned(),
            () if text.starts_with("for") => "for a moment".to_owned(),
            () if text.starts_with("in") => "in a moment".to_owned(),
            () if text.ends_with("ago") => "a moment ago".to_owned(),
            () => "moments".to_owned(),
        };
    }
    text.replace(&digits, &(seconds / 600 * 10).to_string())
}

fn rounded(seconds: i64) -> String {
    // Beside days a message tells full hours only, and the last of them may be nearly over.
    let seconds = if seconds >= 86_400 {
        (seconds + 3_600) / 86_400 * 86_400
    } else {
        seconds
    };
    let minutes = (SignedDuration::from_secs(seconds).as_mins() + 5) / 10 * 10;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let text: Vec<_> = parts
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if text.is_empty() {
        "moments".to_owned()
    } else {
        text.join(" ")
    }
}
