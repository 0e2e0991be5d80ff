//! The data of an announcement.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::effect::HELD_MAX;
use crate::name::{ChannelName, Digest, RepoName, Revision, StageName};
use crate::verdict::TestFailure;

/// Something people must know, with all that is needed to tell it. All texts are untrusted.
///
/// Make it with [`Announcement::new`], fill in what is known, and store it
/// [`bounded`](Announcement::bounded): then it takes at most
/// 128 KB, and 8 KB in practice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Announcement {
    pub kind: Kind,
    pub app: RepoName,
    /// `None` for what concerns the whole app.
    pub stage: Option<StageName>,
    /// The number of the break; `None` outside of one.
    pub episode: Option<u64>,
    /// What runs on the stage, or was to.
    pub revision: Option<Revision>,
    pub artifact: Option<Digest>,
    /// What went wrong; on a recovery, what had.
    pub cause: Option<Cause>,
    /// When this state began: the first red verdict of a break, and of its recovery as well.
    pub since: Timestamp,
    /// When this was decided; ages are counted up to here.
    pub now: Timestamp,
    pub last_green: Option<LastGreen>,
    /// Newest first: the commits since the last green.
    pub suspects: Vec<Suspect>,
    /// How many suspects are not listed.
    pub suspects_more: u32,
    pub unaffected: Vec<Unaffected>,
    pub next: Option<Next>,
    pub look: Vec<Look>,
    /// An earlier try of this same message may have arrived.
    pub possibly_repeated: bool,
    /// Who let it through closed windows, and why; one sentence.
    #[serde(default)]
    pub overridden: Option<String>,
    /// Who is on duty, where the channel has a rota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_duty: Option<OnDuty>,
    /// Of a break: the stage flapped, with so many breaks, until it stayed broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flapped: Option<u32>,
}

/// Whose turn it is to look after what breaks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OnDuty {
    pub person: String,
    pub until: Timestamp,
}

/// Why people are told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Kind {
    /// First red after green.
    Broke,
    /// Still red, but other tests than before.
    Changed,
    /// First green after red; `after` counts from the first red.
    Recovered { after: SignedDuration },
    /// The tests could not tell; nothing is said about the change.
    Unverified,
    /// A new stage file does not hold; the old one stays in force.
    StageFileInvalid {
        /// At most [`PROBLEMS_MAX`].
        problems: Vec<String>,
        more: u32,
    },
    /// An announcement could not be delivered and will not be tried again.
    Exhausted {
        channel: ChannelName,
        /// One sentence: what the channel last answered.
        why: String,
        attempts: u32,
        /// The subject of the announcement that did not arrive.
        about: String,
    },
    /// A run was refused before it touched the stage.
    Refused { why: String },
    /// Somebody wants to know whether this channel works.
    Test { channel: ChannelName },
    /// Nobody uses the stage; it is torn down at `ends`. `owner`: whose it is, if it is somebody's.
    Expiring {
        owner: Option<String>,
        ends: Timestamp,
    },
    /// The stage was torn down; one sentence why.
    TornDown { owner: Option<String>, why: String },
    /// It was to be torn down, and this is what came of it.
    Orphaned { owner: Option<String>, why: String },
    /// People were to be led to the stage, and nobody can say where they are; `live`: where they
    /// were.
    FlipFailed {
        live: Option<StageName>,
        why: String,
    },
    /// It breaks again and again, which is not told each time; `since` is the first of the breaks,
    /// `quiet` how long it must neither break nor recover.
    Flapping { breaks: u32, quiet: SignedDuration },
    /// It has not broken for `quiet`. `green`: and is green; else nobody can tell.
    Settled {
        breaks: u32,
        quiet: SignedDuration,
        green: bool,
    },
    /// More than the channel is to be told one by one; `since` is when the first was held.
    Digest {
        /// At most [`HELD_MAX`](crate::effect::HELD_MAX).
        held: Vec<HeldMessage>,
        more: u32,
    },
}

/// One message of a digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HeldMessage {
    pub at: Timestamp,
    /// One sentence.
    pub what: String,
    pub possibly_repeated: bool,
}

/// What went wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "cause")]
pub enum Cause {
    /// The stage answered wrongly.
    Tests {
        /// At most [`FAILING_MAX`], in file order; the counts count all.
        failing: Vec<TestFailure>,
        failed: u32,
        total: u32,
    },
    /// A step of the pipeline said no.
    Step {
        step: String,
        /// The end of its log, at most [`EXCERPT_MAX`] characters.
        excerpt: String,
    },
    /// It cannot be told; one sentence.
    Unknown { why: String },
}

/// When and with what the stage was last verified.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LastGreen {
    pub revision: Revision,
    pub at: Timestamp,
}

/// A commit that may have done it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Suspect {
    pub revision: Revision,
    pub author: String,
    /// First line of the commit message.
    pub subject: String,
}

/// A stage that people may fear for, and need not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unaffected {
    pub stage: StageName,
    /// What it still runs; `None` when nothing was ever put there.
    pub revision: Option<Revision>,
    /// Its promotion waits for the broken stage to be green again.
    pub held: bool,
}

/// What Greenroom does next by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "next")]
pub enum Next {
    /// The next push is deployed and tested.
    Push,
    /// The stage is refreshed from its branch.
    Refresh { at: Timestamp },
    /// The same release is tested again.
    Retest { at: Timestamp },
    /// The verified release moves on once its gates are open.
    Promotion { to: StageName },
    /// The stage file in force stays until a valid one is pushed.
    KeepsOldFile,
    /// Nothing: a person must act.
    Person,
}

/// Where to look for more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Look {
    /// A few words: "why it waits".
    pub label: String,
    pub at: LookAt,
}

/// How to get there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookAt {
    /// A command of the `greenroom` binary.
    Command(String),
    /// A page of ours, `http` or `https`.
    Url(String),
}

/// More problems of a stage file than this are counted, not told.
pub const PROBLEMS_MAX: usize = 10;
/// More failing tests than this are counted, not told.
pub const FAILING_MAX: usize = 10;
/// More suspects than this are counted, not told.
pub const SUSPECTS_MAX: usize = 10;
/// Most stages told unaffected.
pub const UNAFFECTED_MAX: usize = 10;
/// Most places to look at.
pub const LOOK_MAX: usize = 6;
/// Of a step's log, in characters, counted from its end.
pub const EXCERPT_MAX: usize = 4000;
/// Of any other text, in characters.
pub const TEXT_MAX: usize = 400;

impl Announcement {
    /// An announcement that says only its kind; `since` is `now`.
    pub fn new(kind: Kind, app: RepoName, now: Timestamp) -> Self {
        Self {
            kind,
            app,
            stage: None,
            episode: None,
            revision: None,
            artifact: None,
            cause: None,
            since: now,
            now,
            last_green: None,
            suspects: Vec::new(),
            suspects_more: 0,
            unaffected: Vec::new(),
            next: None,
            look: Vec::new(),
            possibly_repeated: false,
            overridden: None,
            on_duty: None,
            flapped: None,
        }
    }

    /// The name of the conversation this belongs to, the same for all messages of one episode:
    /// `acme/orders/preprod/17`. `None` outside of an episode.
    pub fn thread(&self) -> Option<String> {
        let stage = self.stage.as_ref()?;
        let episode = self.episode?;
        Some(format!("{}/{stage}/{episode}", self.app))
    }

    /// The same with every list and every text cut to its maximum; what is cut from a list with a
    /// count is counted there.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        match &mut self.kind {
            Kind::StageFileInvalid { problems, more } => {
                *more = more.saturating_add(cut_list(problems, PROBLEMS_MAX));
                problems.iter_mut().for_each(cut_text);
            }
            Kind::Exhausted { why, about, .. } => {
                cut_text(why);
                cut_text(about);
            }
            Kind::Refused { why } | Kind::FlipFailed { why, .. } => cut_text(why),
            Kind::Expiring { owner, .. } => owner.iter_mut().for_each(cut_text),
            Kind::TornDown { owner, why } | Kind::Orphaned { owner, why } => {
                owner.iter_mut().for_each(cut_text);
                cut_text(why);
            }
            Kind::Digest { held, more } => {
                *more = more.saturating_add(cut_list(held, HELD_MAX));
                held.iter_mut().for_each(|one| cut_text(&mut one.what));
            }
            Kind::Broke
            | Kind::Changed
            | Kind::Flapping { .. }
            | Kind::Settled { .. }
            | Kind::Recovered { .. }
            | Kind::Unverified
            | Kind::Test { .. } => {}
        }
        match &mut self.cause {
            Some(Cause::Tests { failing, .. }) => {
                cut_list(failing, FAILING_MAX);
                for failure in failing {
                    cut_text(&mut failure.test);
                    cut_text(&mut failure.message);
                    cut_text(&mut failure.file);
                }
            }
            Some(Cause::Step { step, excerpt }) => {
                cut_text(step);
                keep_end(excerpt, EXCERPT_MAX);
            }
            Some(Cause::Unknown { why }) => cut_text(why),
            None => {}
        }
        self.overridden.iter_mut().for_each(cut_text);
        if let Some(on_duty) = &mut self.on_duty {
            cut_text(&mut on_duty.person);
        }
        let cut = cut_list(&mut self.suspects, SUSPECTS_MAX);
        self.suspects_more = self.suspects_more.saturating_add(cut);
        for suspect in &mut self.suspects {
            cut_text(&mut suspect.author);
            cut_text(&mut suspect.subject);
        }
        cut_list(&mut self.unaffected, UNAFFECTED_MAX);
        cut_list(&mut self.look, LOOK_MAX);
        for look in &mut self.look {
            cut_text(&mut look.label);
            match &mut look.at {
                LookAt::Command(text) | LookAt::Url(text) => cut_text(text),
            }
        }
        self
    }
}

/// How many did not fit.
fn cut_list<T>(list: &mut Vec<T>, max: usize) -> u32 {
    let over = list.len().saturating_sub(max);
    list.truncate(max);
    u32::try_from(over).unwrap_or(u32::MAX)
}

fn cut_text(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(TEXT_MAX) {
        text.truncate(end);
    }
}

fn keep_end(text: &mut String, max: usize) {
    if let Some((start, _)) = text.char_indices().rev().nth(max.saturating_sub(1)) {
        text.drain(..start);
    }
}
