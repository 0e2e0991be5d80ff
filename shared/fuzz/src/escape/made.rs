//! Announcements of every shape.

use std::cell::Cell;

use greenroom_core::escape::WebAddress;
use greenroom_core::message::{
    Announcement, Cause, Kind, LastGreen, Look, LookAt, Next, Suspect, Unaffected,
};
use greenroom_core::name::{ChannelName, Digest, RepoName, Revision, StageName};
use greenroom_core::verdict::TestFailure;
use jiff::{SignedDuration, Timestamp};

/// Longest text, in bytes; what comes from outside is cut before it is told.
const TEXT_MAX: usize = 8 * 1024;

/// Which parts there are and how many of each: one letter decides one thing.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a>(&'a [u8]);

/// The strangers' texts, again and again in turn.
pub struct Texts<'a> {
    texts: &'a [&'a str],
    at: Cell<usize>,
    harmless: bool,
}

impl<'a> Texts<'a> {
    pub fn of(texts: &'a [&'a str]) -> Self {
        Self {
            texts,
            at: Cell::new(0),
            harmless: false,
        }
    }

    /// As many harmless words.
    pub fn harmless(texts: &'a [&'a str]) -> Self {
        Self {
            harmless: true,
            ..Self::of(texts)
        }
    }

    fn turn(&self) -> &'a str {
        let at = self.at.get();
        self.at.set(at + 1);
        let text = self.texts.get(at % self.texts.len().max(1)).copied();
        let text = text.unwrap_or_default();
        let mut end = text.len().min(TEXT_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        &text[..end]
    }

    fn next(&self) -> String {
        let text = self.turn();
        if self.harmless { "x" } else { text }.to_owned()
    }

    /// An address is part of the structure: it is the same in both, or in both it is none.
    fn address(&self) -> String {
        let text = self.turn();
        match (self.harmless, WebAddress::parse(text)) {
            (_, Some(_)) | (false, None) => text.to_owned(),
            (true, None) => "x".to_owned(),
        }
    }

    /// One that differs from every other kind of revision.
    fn revision(&self, kind: char) -> Revision {
        Revision::new(format!("{kind}{}", self.next()))
    }
}

impl<'a> Shape<'a> {
    pub fn of(letters: &'a [u8]) -> Self {
        Self(letters)
    }

    /// The letter at `at`, below `below`.
    fn choice(self, at: usize, below: u8) -> u8 {
        self.0.get(at).map_or(0, |letter| letter % below)
    }

    fn is(self, at: usize) -> bool {
        self.choice(at, 2) == 1
    }

    fn number(self, at: usize) -> u32 {
        [0, 1, 2, 3, 10, 17, 1000, u32::MAX][usize::from(self.choice(at, 8))]
    }

    fn instant(self, at: usize) -> Timestamp {
        [
            Timestamp::UNIX_EPOCH,
            Timestamp::MIN,
            Timestamp::MAX,
            Timestamp::constant(1_795_271_000, 0),
            Timestamp::constant(1_795_271_030, 999_999_999),
            Timestamp::constant(1_795_357_400, 0),
        ][usize::from(self.choice(at, 6))]
    }

    /// The announcement of this shape with these texts.
    pub fn announcement(self, texts: &Texts<'_>) -> Announcement {
        let kind = self.kind(texts);
        let revision = self.is(1).then(|| texts.revision('r'));
        let green = self.is(2).then(|| LastGreen {
            revision: match (&revision, self.is(3)) {
                (Some(same), true) => same.clone(),
                _ => texts.revision('g'),
            },
            at: self.instant(4),
        });
        Announcement {
            stage: self.is(5).then(|| StageName::new(texts.next())),
            episode: self.is(6).then(|| u64::from(self.number(7))),
            artifact: self.is(8).then(|| Digest::new(texts.next())),
            cause: self.cause(texts),
            since: self.instant(9),
            suspects: (0..self.choice(10, 13)).map(|_| suspect(texts)).collect(),
            suspects_more: self.number(11),
            unaffected: (0..self.choice(12, 12))
                .map(|n| Unaffected {
                    stage: StageName::new(texts.next()),
                    revision: (n % 2 == 0).then(|| texts.revision('u')),
                    held: self.is(13),
                })
                .collect(),
            next: self.next(texts),
            look: (0..self.choice(14, 8)).map(|n| look(n, texts)).collect(),
            possibly_repeated: self.is(15),
            revision,
            last_green: green,
            ..Announcement::new(kind, RepoName::new(texts.next()), self.instant(16))
        }
    }

    fn kind(self, texts: &Texts<'_>) -> Kind {
        match self.choice(0, 8) {
            0 => Kind::Broke,
            1 => Kind::Changed,
            2 => Kind::Recovered {
                after: SignedDuration::from_secs(i64::from(self.number(17)) - 1),
            },
            3 => Kind::Unverified,
            4 => Kind::StageFileInvalid {
                problems: (0..self.choice(17, 14)).map(|_| texts.next()).collect(),
                more: self.number(18),
            },
            5 => Kind::Exhausted {
                channel: ChannelName::new(texts.next()),
                why: texts.next(),
                attempts: self.number(17),
                about: texts.next(),
            },
            6 => Kind::Refused { why: texts.next() },
            _ => Kind::Test {
                channel: ChannelName::new(texts.next()),
            },
        }
    }

    fn cause(self, texts: &Texts<'_>) -> Option<Cause> {
        Some(match self.choice(19, 4) {
            0 => Cause::Tests {
                failing: (0..self.choice(20, 14))
                    .map(|n| TestFailure {
                        test: texts.next(),
                        message: texts.next(),
                        file: texts.next(),
                        line: self.number(usize::from(n)),
                    })
                    .collect(),
                failed: self.number(21),
                total: self.number(22),
            },
            1 => Cause::Step {
                step: texts.next(),
                // The last line is in the twin as well, or the twin would have no log at all.
                excerpt: format!("{}\nend", texts.next()),
            },
            2 => Cause::Unknown { why: texts.next() },
            _ => return None,
        })
    }

    fn next(self, texts: &Texts<'_>) -> Option<Next> {
        Some(match self.choice(23, 7) {
            0 => Next::Push,
            1 => Next::Refresh {
                at: self.instant(24),
            },
            2 => Next::Retest {
                at: self.instant(24),
            },
            3 => Next::Promotion {
                to: StageName::new(texts.next()),
            },
            4 => Next::KeepsOldFile,
            5 => Next::Person,
            _ => return None,
        })
    }
}

fn suspect(texts: &Texts<'_>) -> Suspect {
    Suspect {
        revision: texts.revision('s'),
        author: texts.next(),
        subject: texts.next(),
    }
}

fn look(n: u8, texts: &Texts<'_>) -> Look {
    match n % 2 {
        0 => Look {
            label: texts.next(),
            at: LookAt::Command(texts.next()),
        },
        // A link's label is always ours.
        _ => Look {
            label: "board".to_owned(),
            at: LookAt::Url(texts.address()),
        },
    }
}
