//! One scenario, prepared once and run again and again.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::SignedDuration;

use super::act::{poll, rest};
use super::enumerate::Plan;
use super::{End, Ends, Scenario};
use crate::world::{Call, World};

/// A scenario, ready to be run with faults.
#[derive(Debug)]
pub struct Golden {
    pub scenario: &'static Scenario,
    base: World,
    /// Without faults.
    pub calm: Ran,
    /// What is otherwise than in the run without faults.
    change: fn(&mut World),
}

/// A run of a scenario.
#[derive(Clone, Debug)]
pub struct Ran {
    pub end: End,
    /// Every call until all was done, oldest first.
    pub calls: Vec<Call>,
    /// What should never have been.
    broken: Vec<String>,
    /// By message, how often it may have arrived.
    copies: BTreeMap<String, usize>,
    fired: bool,
}

/// A run that did not end as it should.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub scenario: &'static str,
    pub plan: Plan,
    /// What was called where the faults were.
    pub calls: Vec<&'static str>,
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "faults {} {} ({}):\n{}",
            self.scenario,
            super::enumerate::spell(&self.plan),
            self.calls.join(", "),
            self.why
        )
    }
}

impl Golden {
    /// Prepares a scenario and runs it without faults.
    ///
    /// # Panics
    /// When it does not end as it is meant to.
    pub fn new(scenario: &'static Scenario) -> Self {
        Self::changed(scenario, |_| {})
    }

    /// The same with something changed in every run but the one without faults.
    ///
    /// # Panics
    /// When it does not end as it is meant to.
    pub fn changed(scenario: &'static Scenario, change: fn(&mut World)) -> Self {
        let mut base = World::new(scenario.file);
        (scenario.prepare)(&mut base);
        let calm = play(scenario, base.copy(), &Vec::new());
        let name = scenario.name;
        assert!(
            (scenario.golden)(&calm.end),
            "{name} does not end as it is meant to: {:#?}",
            calm.end
        );
        assert_eq!(calm.broken, Vec::<String>::new(), "{name} without faults");
        assert!(calm.end.is_done(), "{name}: {:#?}", calm.end);
        Self {
            scenario,
            base,
            calm,
            change,
        }
    }

    /// Every call of a run with these faults, as far as it came.
    pub fn trace(&self, plan: &Plan) -> Vec<Call> {
        let mut world = self.base.copy();
        (self.change)(&mut world);
        let faults = std::sync::Arc::clone(&world.ports().faults);
        // How it ends is the business of `run`.
        let _ = catch_unwind(AssertUnwindSafe(|| play(self.scenario, world, plan)));
        faults.trace()
    }

    /// Runs it with these faults.
    ///
    /// # Errors
    /// It did not end as it does without, or something was that must never be.
    pub fn run(&self, plan: &Plan) -> Result<Ran, Failure> {
        let mut world = self.base.copy();
        (self.change)(&mut world);
        let ran = catch_unwind(AssertUnwindSafe(|| play(self.scenario, world, plan)));
        let failure = |why: String, calls: &[Call]| Failure {
            scenario: self.scenario.name,
            plan: plan.clone(),
            calls: plan
                .iter()
                .filter_map(|(nth, _)| Some(calls.get(nth.checked_sub(1)?)?.name))
                .collect(),
            why,
        };
        let ran = match ran {
            Ok(ran) => ran,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()));
                return Err(failure(text.unwrap_or_default(), &self.calm.calls));
            }
        };
        match self.judge(&ran, plan) {
            Some(why) => Err(failure(why, &ran.calls)),
            None => Ok(ran),
        }
    }

    /// What is wrong with a run.
    fn judge(&self, ran: &Ran, plan: &Plan) -> Option<String> {
        if !plan.is_empty() && !ran.fired {
            return Some("the faults did not happen".to_owned());
        }
        if !ran.broken.is_empty() {
            return Some(ran.broken.join("\n"));
        }
        // Each fault leaves one answer open at most.
        let often = ran.copies.iter().find(|(_, n)| **n > 1 + plan.len());
        if let Some((key, n)) = often {
            return Some(format!("E2: {key} was sent {n} times"));
        }
        let right = match self.scenario.ends {
            Ends::Alike => ran.end == self.calm.end,
            Ends::Golden => (self.scenario.golden)(&ran.end) && ran.end.is_done(),
        };
        (!right).then(|| self.calm.end.difference(&ran.end))
    }
}

/// The story, the recovery, the late return of what was frozen; then without faults: one poll, and
/// time enough for whatever may still come.
fn play(scenario: &Scenario, mut world: World, plan: &Plan) -> Ran {
    world.ports().faults.plan_all(plan);
    (scenario.act)(&mut world);
    rest(&mut world);
    while world.thaw_all() {
        rest(&mut world);
    }
    let calls = world.ports().faults.trace();
    let fired = world.ports().faults.fired();
    world.ports().faults.suspend(true);
    poll(&mut world);
    rest(&mut world);
    world.pass(SignedDuration::from_mins(20));
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for sent in world.ports().channels.tries() {
        *copies.entry(sent.key.clone()).or_default() += usize::from(sent.may_have_arrived());
    }
    Ran {
        end: End::of(&world),
        calls,
        broken: world.ports().watch.broken(),
        copies,
        fired,
    }
}
