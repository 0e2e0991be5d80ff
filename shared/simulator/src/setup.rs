//! What is decided before a run begins; all of it follows from the seed.

pub mod cast;
pub mod draft;
mod when;

use jiff::{SignedDuration, Timestamp};

use crate::act::{Frame, Item, script};
use crate::fault::{Allowed, Fault, Mix, Port};
use crate::model::executor::Mode;
use crate::random::{Random, key};
use crate::stage_files;
use crate::world::NAME;
use cast::Cast;
use draft::Draft;

/// How Greenroom runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One process that knows to be alone; when it dies all of its work does.
    Machine,
    /// Many short invocations over one table, with clocks of their own; each dies alone, is
    /// frozen and thawed, is called twice or not at all.
    Functions,
}

/// One run, before it begins.
#[derive(Clone, Debug)]
pub struct Setup {
    pub seed: u64,
    pub shape: Shape,
    pub start: Timestamp,
    /// How long things go wrong; after this they do not, and everything must be put right.
    pub length: SignedDuration,
    /// The repository, `owner/name`.
    pub name: String,
    pub default_branch: String,
    pub stage_file: String,
    /// Chats of the stage file's channels.
    pub chats: Vec<String>,
    pub script: Vec<Item>,
    pub mix: Mix,
    pub allowed: Allowed,
    /// How wrong a clock may be, either way.
    pub clock_error: SignedDuration,
    pub sweep: SignedDuration,
    pub poll: SignedDuration,
    /// Another app of the same installation, whose repository goes away at once.
    pub neighbour: Option<String>,
    /// Sweeps that would find nothing are left out, which saves most of a long run's time.
    pub idle: bool,
    pub token_memory: Option<SignedDuration>,
    pub reproducible: bool,
    pub mode: Mode,
    /// Of a thousand webhooks, hints and executions, how many meet this.
    pub rates: Rates,
    /// A page of the table has no more items than this, however many were asked for.
    pub page: usize,
    pub recording: bool,
}

/// What goes wrong between calls, per mille.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rates {
    pub webhook_lost: u32,
    pub webhook_twice: u32,
    pub webhook_late: u32,
    pub hint_lost: u32,
    pub hint_twice: u32,
    pub hint_late: u32,
    pub ask_twice: u32,
    pub stuck: u32,
    pub slow_stop: u32,
    pub execution_errs: u32,
    pub flaky: u32,
    pub artifact_spoiled: u32,
    /// Messages that a channel does not want yet.
    pub too_many: u32,
    /// Executions that the service lets wait for long before their first step.
    pub slow_start: u32,
    /// Suites that take hours to answer.
    pub slow_suite: u32,
    /// Commits that take effect, and whose caller is set aside before it hears of it.
    pub set_aside: u32,
    /// Commits that take long just while something they rely on changes.
    pub contended: u32,
}

impl Setup {
    /// The run of this seed with the shipped scenarios.
    pub fn drawn(seed: u64) -> Self {
        let mut random = Random::of(seed, key("setup"));
        let shape = *random.pick(&[Shape::Machine, Shape::Functions, Shape::Functions]);
        let clock_error = match shape {
            Shape::Machine => SignedDuration::ZERO,
            Shape::Functions => SignedDuration::from_mins(5),
        };
        let mix = Mix::drawn(&mut Random::of(seed, key("mix")), |port, fault| {
            makes_sense(shape, port, fault)
        });
        let mut draft = Draft::drawn(NAME, &mut Random::of(seed, key("stage file")));
        draft.brake(&mut Random::of(seed, key("brakes")));
        draft.order(&mut Random::of(seed, key("order")));
        let stage_file = draft.valid();
        let cast = stage_files::read(stage_file.as_bytes())
            .map(|file| Cast::of(&file))
            .unwrap_or_default();
        let start = when::drawn(cast.zone.as_deref(), &mut Random::of(seed, key("start")));
        let length = when::length(&mut Random::of(seed, key("length")));
        let frame = Frame {
            seed,
            shape,
            start,
            length,
            cast: &cast,
        };
        let script = script(&frame, &draft);
        Self {
            seed,
            shape,
            start,
            length,
            name: NAME.to_owned(),
            default_branch: cast.default_branch,
            chats: vec!["-1".to_owned()],
            stage_file,
            script,
            mix,
            allowed: Allowed::All,
            clock_error,
            sweep: SignedDuration::from_mins(1),
            poll: SignedDuration::from_mins(5),
            neighbour: neighbour(&mut Random::of(seed, key("neighbour"))),
            idle: false,
            token_memory: token_memory(shape, &mut random),
            reproducible: random.chance(500),
            mode: match shape {
                Shape::Machine => Mode::Parallel,
                Shape::Functions => *random.pick(&[Mode::Parallel, Mode::Superseded, Mode::Queued]),
            },
            rates: Rates::drawn(&mut Random::of(seed, key("rates"))),
            page: page(shape, &mut Random::of(seed, key("page"))),
            recording: false,
        }
    }
}

/// In some runs; the id that follows from its name comes before that of the app that is looked at
/// for the first two, and after it for the others.
fn neighbour(random: &mut Random) -> Option<String> {
    let number = random.pick(&[27, 151, 0, 4]);
    let name = format!("acme/neighbour-{number}");
    random.chance(150).then_some(name)
}

/// Nobody documents how long CodePipeline remembers a token; one machine does for ever.
fn token_memory(shape: Shape, random: &mut Random) -> Option<SignedDuration> {
    match shape {
        Shape::Machine => None,
        Shape::Functions => *random.pick(&[
            Some(SignedDuration::ZERO),
            Some(SignedDuration::from_mins(10)),
            None,
        ]),
    }
}

/// DynamoDB ends a page where it likes.
fn page(shape: Shape, random: &mut Random) -> usize {
    match shape {
        Shape::Machine => usize::MAX,
        Shape::Functions => *random.pick(&[2, 7, usize::MAX, usize::MAX]),
    }
}

/// Some faults cannot be at some ports.
pub(crate) fn makes_sense(shape: Shape, port: Port, fault: Fault) -> bool {
    match fault {
        Fault::Frozen => shape == Shape::Functions,
        Fault::Throttled => matches!(port, Port::Store | Port::Channels),
        Fault::Ambiguous => matches!(port, Port::Store | Port::Channels | Port::Pipelines),
        Fault::ErrorAfter => port != Port::Source && port != Port::Suites,
        Fault::Slow | Fault::ErrorBefore | Fault::DieBefore | Fault::DieAfter => true,
    }
}

impl Rates {
    fn drawn(random: &mut Random) -> Self {
        let mut rate = |most: u64| {
            let on = !random.chance(300);
            let rate = u32::try_from(random.below(most + 1)).unwrap_or(0);
            if on { rate } else { 0 }
        };
        Self {
            webhook_lost: rate(500),
            webhook_twice: rate(300),
            webhook_late: rate(300),
            hint_lost: rate(500),
            hint_twice: rate(300),
            hint_late: rate(300),
            ask_twice: rate(200),
            stuck: rate(80),
            slow_stop: rate(300),
            execution_errs: rate(60),
            flaky: rate(150),
            artifact_spoiled: rate(100),
            too_many: rate(300),
            slow_start: rate(250),
            slow_suite: rate(100),
            set_aside: rate(20),
            contended: rate(400),
        }
    }
}
