//! Somebody's own stage file over weeks: a team that pushes in working hours, mostly good work,
//! people who do what the board asks of them, and now and then something that goes wrong.

mod glass;
mod story;
mod team;

use std::collections::BTreeSet;

use greenroom_core::stage_file::{Channel, StageFile};
use jiff::{SignedDuration, Timestamp};

use crate::check::Violation;
use crate::fault::{Allowed, Mix};
use crate::model::executor::Mode;
use crate::random::{Random, key};
use crate::setup::cast::Cast;
use crate::setup::{Rates, Setup, Shape};
use crate::world::World;

pub use glass::Glass;
pub use story::{StageStory, Story};

/// How often it is noted what waits for what.
const SAMPLE: SignedDuration = SignedDuration::from_mins(30);

/// What is to be rehearsed.
#[derive(Clone, Debug)]
pub struct Rehearsal<'a> {
    pub file: &'a StageFile,
    pub text: &'a str,
    pub days: u32,
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    pub seed: u64,
    pub violation: Option<Violation>,
    pub story: Story,
    pub faults: u64,
    pub calls: u64,
    pub simulated: SignedDuration,
}

impl Rehearsal<'_> {
    /// The run, before it begins.
    pub fn setup(&self) -> Setup {
        let seed = self.seed;
        let cast = Cast::of(self.file);
        let mut random = Random::of(seed, key("rehearsal"));
        let shape = *random.pick(&[Shape::Machine, Shape::Functions]);
        let clock_error = match shape {
            Shape::Machine => SignedDuration::ZERO,
            Shape::Functions => SignedDuration::from_mins(5),
        };
        let start = team::monday(&cast, &mut random);
        let length = SignedDuration::from_hours(24) * i32::try_from(self.days).unwrap_or(30);
        let script = team::script(seed, &cast, start, self.days);
        Setup {
            seed,
            shape,
            start,
            length,
            name: self.file.app.to_string(),
            default_branch: cast.default_branch,
            stage_file: self.text.to_owned(),
            chats: chats(self.file),
            script,
            mix: Mix::light(&mut Random::of(seed, key("mix")), |port, fault| {
                crate::setup::makes_sense(shape, port, fault)
            }),
            allowed: Allowed::All,
            clock_error,
            sweep: SignedDuration::from_mins(1),
            poll: SignedDuration::from_mins(5),
            neighbour: None,
            idle: true,
            token_memory: None,
            page: usize::MAX,
            reproducible: random.chance(500),
            mode: Mode::Parallel,
            rates: RATES,
            recording: false,
        }
    }
}

/// A quiet year.
const RATES: Rates = Rates {
    webhook_lost: 10,
    webhook_twice: 10,
    webhook_late: 10,
    hint_lost: 10,
    hint_twice: 10,
    hint_late: 5,
    ask_twice: 10,
    stuck: 3,
    slow_stop: 50,
    execution_errs: 8,
    flaky: 15,
    artifact_spoiled: 2,
    too_many: 5,
    slow_start: 5,
    slow_suite: 1,
    set_aside: 0,
    contended: 0,
};

fn chats(file: &StageFile) -> Vec<String> {
    let chat = |channel: &Channel| match channel {
        Channel::Telegram { chat, .. } => Some(chat.clone()),
        _ => None,
    };
    file.channels.values().filter_map(chat).collect()
}

/// Lets it all happen, and notes what people would want to know.
pub fn rehearse(setup: Setup) -> Rehearsed {
    let (start, length) = (setup.start, setup.length);
    let work: BTreeSet<u64> = team::work(&setup.script);
    let ends = later(start, length);
    let mut world = World::new(setup);
    world.shared.lock().story = Some(Box::default());
    let mut at = start;
    while at < ends && world.violation().is_none() {
        at = later(at, SAMPLE).min(ends);
        world.run_until(at);
        world.note_waits(SAMPLE);
    }
    world.conclude_story();
    let story = world.shared.lock().story.take();
    let outcome = world.conclude();
    let accidents = outcome.met.iter().filter(|met| !work.contains(&met.number));
    Rehearsed {
        seed: outcome.seed,
        violation: outcome.violation.clone(),
        story: story.map(|story| *story).unwrap_or_default(),
        faults: accidents.count() as u64,
        calls: outcome.calls,
        simulated: outcome.simulated,
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}
