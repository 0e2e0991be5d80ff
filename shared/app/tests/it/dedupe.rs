//! Deliveries in every order, twice, days later and made up by the poller, against a model that
//! knows one thing: the first decision about an id is the decision, for ever.

use std::collections::BTreeMap;

use greenroom_app::ports::store::Store as _;
use greenroom_app::records::DeliveryStatus;
use greenroom_app::{keys, records};
use greenroom_core::name::DeliveryId;
use greenroom_testkit::world::World;
use jiff::SignedDuration;

use crate::STAGE_FILE;

const CASES: u64 = 40;
const STEPS: usize = 30;

/// A small generator of pseudo-random numbers (splitmix).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % n as u64).expect("small")
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// What came of an id: where it led, or that it led nowhere.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Came {
    To(Vec<(String, String, String)>),
    Nowhere(String),
}

/// The decision of a delivery, if there is one.
fn came(status: &DeliveryStatus) -> Option<Came> {
    match status {
        DeliveryStatus::Received => None,
        DeliveryStatus::Decided { stages, .. } => Some(Came::To(
            stages
                .iter()
                .map(|it| {
                    (
                        it.stage.to_string(),
                        it.rule.to_string(),
                        it.config.to_string(),
                    )
                })
                .collect(),
        )),
        DeliveryStatus::Ignored { why } => Some(Came::Nowhere(why.clone())),
        // Given up, and taken up again by a redelivery; decided or not.
        DeliveryStatus::Parked { stages, .. } if stages.is_empty() => None,
        DeliveryStatus::Parked { stages, .. } => came(&DeliveryStatus::Decided {
            stages: stages.clone(),
            open: Vec::new(),
        }),
    }
}

/// The model.
#[derive(Default)]
struct First {
    /// By id: the first decision that was ever seen.
    decided: BTreeMap<String, Came>,
    /// By branch: the bodies that were sent, with their ids.
    sent: Vec<(String, String)>,
}

impl First {
    /// What is wrong with what became of `id`.
    fn see(&mut self, id: &str, status: Option<&DeliveryStatus>) -> Option<String> {
        let Some(status) = status else {
            return Some(format!("{id} was acknowledged and is forgotten"));
        };
        let now = came(status);
        match (self.decided.get(id), now) {
            (Some(first), Some(now)) if *first != now => {
                Some(format!("{id} was decided {first:?}, now {now:?}"))
            }
            (Some(first), None) => Some(format!("{id} was decided {first:?} and is open again")),
            (None, Some(now)) => {
                self.decided.insert(id.to_owned(), now);
                None
            }
            _ => None,
        }
    }
}

struct Case {
    world: World,
    first: First,
    random: Random,
    files: usize,
}

const BRANCHES: [&str; 5] = ["develop", "feature/x", "release/a", "nowhere", "trunk"];
const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

impl Case {
    fn new(seed: u64) -> Self {
        Self {
            world: World::new(STAGE_FILE),
            first: First::default(),
            random: Random(seed),
            files: 0,
        }
    }

    fn status(&self, id: &str) -> Option<DeliveryStatus> {
        let read = self
            .world
            .now(self.world.app.delivery(&DeliveryId::new(id)));
        Some(read.expect("the store answers")?.record.status)
    }

    /// Sends a webhook; what is answered must be what the model knows of the id.
    fn post(&mut self, id: &str, body: &str) -> Option<String> {
        let before = self.status(id);
        let answer = self.world.post("push", id, body);
        assert_eq!(answer.status, 202);
        let parked = matches!(before, Some(DeliveryStatus::Parked { .. }));
        let is_known = before.is_some() && !parked;
        if answer.body["again"] != is_known {
            return Some(format!("{id}: {} although known: {is_known}", answer.body));
        }
        let said = answer.body["status"].as_str();
        match self.first.decided.get(id) {
            Some(Came::To(_)) if is_known && said != Some("decided") => {
                Some(format!("{id} is decided, and the door says {said:?}"))
            }
            Some(Came::Nowhere(_)) if said != Some("ignored") => {
                Some(format!("{id} leads nowhere, and the door says {said:?}"))
            }
            _ => None,
        }
    }

    fn push(&mut self) -> Option<String> {
        let branch = self.random.pick(&BRANCHES);
        let actor = self.random.pick(&PEOPLE);
        let source = &self.world.ports().source;
        let revision = source.commit(branch, actor, "Change", &[]);
        // Told at once, later, or by nobody but the poller.
        if self.random.below(4) == 0 {
            return None;
        }
        let body = self.world.push_body(branch, actor, &revision);
        let id = self.world.delivery();
        self.first.sent.push((id.clone(), body.clone()));
        self.post(&id, &body)
    }

    fn again(&mut self) -> Option<String> {
        if self.first.sent.is_empty() {
            return None;
        }
        let (id, own) = self.first.sent[self.random.below(self.first.sent.len())].clone();
        // The same id, and once in a while another body: whoever sent it, the id is decided.
        let body = match self.random.below(4) {
            0 => self.first.sent[self.random.below(self.first.sent.len())]
                .1
                .clone(),
            _ => own,
        };
        self.post(&id, &body)
    }

    /// Another stage file: from now on branches lead elsewhere.
    fn change_the_rules(&mut self) {
        self.files += 1;
        let names = ["develop", "trunk", "feature/x", "nowhere"];
        let branch = self.random.pick(&names);
        let text = STAGE_FILE.replace(
            "dev: { from: { branch: develop }",
            &format!("dev: {{ from: {{ branch: {branch} }}"),
        );
        let text = format!("# {}\n{text}", self.files);
        let source = &self.world.ports().source;
        let files: [(&str, &str); 1] = [("greenroom.yaml", &text)];
        let revision = source.commit("master", "olga", "Rules", &files);
        if self.random.below(2) == 0 {
            self.world.told_of("master", "olga", &revision);
        }
    }

    fn step(&mut self) -> Option<String> {
        match self.random.below(16) {
            0..4 => return self.push(),
            4..8 => return self.again(),
            8 | 9 => self.world.settle(),
            10 => drop(self.world.now(self.world.app.poll())),
            11 => self.change_the_rules(),
            12 => self.world.restart(),
            13 => {
                let hours = [1, 12, 72][self.random.below(3)];
                self.world.pass(SignedDuration::from_hours(hours));
            }
            14 => self.world.ports().source.set_away(true),
            _ => self.world.ports().source.set_away(false),
        }
        None
    }

    /// What is wrong after all of it; everything that was acknowledged is decided in the end.
    fn run(
        &mut self,
        tamper: impl Fn(&str, DeliveryStatus) -> Option<DeliveryStatus>,
    ) -> Option<String> {
        for step in 0..=STEPS {
            let wrong = if step < STEPS {
                self.step()
            } else {
                self.finish()
            };
            if wrong.is_some() {
                return wrong;
            }
            let ids: Vec<String> = self.first.sent.iter().map(|(id, _)| id.clone()).collect();
            for id in ids {
                let status = self.status(&id).and_then(|status| tamper(&id, status));
                let wrong = self.first.see(&id, status.as_ref());
                if wrong.is_some() {
                    return wrong;
                }
            }
        }
        let open = |(id, _): &&(String, String)| !self.first.decided.contains_key(id);
        let open = self.first.sent.iter().find(open);
        open.map(|(id, _)| format!("{id} was never decided"))
    }

    /// The source is there again, and GitHub sends all of it once more.
    fn finish(&mut self) -> Option<String> {
        self.world.ports().source.set_away(false);
        self.world.pass(SignedDuration::from_hours(24));
        for (id, body) in self.first.sent.clone() {
            let wrong = self.post(&id, &body);
            if wrong.is_some() {
                return wrong;
            }
        }
        self.world.pass(SignedDuration::from_hours(24));
        None
    }
}

fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let number = |name: &str, usual: u64| match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
        Err(_) => usual,
    };
    let first = number("GREENROOM_SEED", 1);
    first..first + usual * number("GREENROOM_CASES", 1)
}

#[test]
fn the_first_decision_about_an_id_is_the_decision_for_ever() {
    let (mut decided, mut nowhere) = (0, 0);
    for seed in seeds(CASES) {
        let mut case = Case::new(seed);
        if let Some(wrong) = case.run(|_, status| Some(status)) {
            panic!("GREENROOM_SEED={seed} begins with this: {wrong}");
        }
        let all = case.first.decided.values();
        let to = all.filter(|came| matches!(came, Came::To(_))).count();
        decided += to;
        nowhere += case.first.decided.len() - to;
    }
    assert!(
        decided > 50 && nowhere > 20,
        "{decided} decided, {nowhere} not"
    );
}

/// What the poller finds has an id made from what changed into what, so that it is found once.
#[test]
fn a_change_that_the_poller_finds_is_one_delivery_however_often_it_looks() {
    for seed in seeds(CASES / 4) {
        let mut random = Random(seed);
        let mut world = World::new(STAGE_FILE);
        world.now(world.app.poll()).expect("a poll");
        world.settle();
        for _ in 0..8 {
            let mut changed: Vec<&str> = Vec::new();
            for branch in BRANCHES {
                if random.below(3) == 0 {
                    let actor = random.pick(&PEOPLE);
                    world.ports().source.commit(branch, actor, "Change", &[]);
                    changed.push(branch);
                }
            }
            // Looked at again before anything was decided, by another process, after a crash.
            let mut found = 0;
            for _ in 0..1 + random.below(3) {
                found += match random.below(3) {
                    0 => world.now(world.another().poll()).expect("a poll"),
                    1 => {
                        world.restart();
                        world.now(world.app.poll()).expect("a poll")
                    }
                    _ => world.now(world.app.poll()).expect("a poll"),
                };
            }
            assert_eq!(found, changed.len(), "GREENROOM_SEED={seed}: {changed:?}");
            world.pass(SignedDuration::from_mins(1));
            let again = world.now(world.app.poll()).expect("a poll");
            assert_eq!(again, 0, "GREENROOM_SEED={seed}: {changed:?}");
        }
    }
}

#[test]
fn a_second_decision_or_a_lost_one_is_noticed() {
    let decided_anew = |id: &str, status: DeliveryStatus| match status {
        // As if it had been resolved again by another stage file.
        DeliveryStatus::Decided { mut stages, open } if open.is_empty() && id.ends_with('1') => {
            stages.clear();
            Some(DeliveryStatus::Decided { stages, open })
        }
        other => Some(other),
    };
    let forgotten = |id: &str, status: DeliveryStatus| match status {
        DeliveryStatus::Decided { .. } if id.ends_with('1') => None,
        other => Some(other),
    };
    let undecided = |_: &str, _: DeliveryStatus| Some(DeliveryStatus::Received);
    let mut noticed = [0, 0, 0];
    for seed in seeds(8) {
        noticed[0] += u32::from(Case::new(seed).run(decided_anew).is_some());
        noticed[1] += u32::from(Case::new(seed).run(forgotten).is_some());
        noticed[2] += u32::from(Case::new(seed).run(undecided).is_some());
    }
    assert!(noticed.iter().all(|times| *times > 0), "{noticed:?}");
}

#[test]
fn only_a_delivery_that_is_over_may_ever_go_by_itself() {
    let mut world = World::new(STAGE_FILE);
    let read = |world: &World, n: u64| {
        let id = DeliveryId::new(format!("00000000-0000-4000-8000-{n:012}"));
        let key = keys::delivery(&id);
        let found = world.now(greenroom_app::ports::Ports::store(world.ports()).get(&key));
        let value = found.expect("the store answers").expect("it is kept").value;
        records::kept_until(&key, &value)
    };
    let before = world.until(SignedDuration::ZERO);
    world.push("develop", "bob");
    let until = read(&world, 1).expect("it is decided");
    let kept = until.duration_since(before);
    assert!(kept >= SignedDuration::from_hours(90 * 24), "{kept}");
    world.ports().source.set_away(true);
    world.push("develop", "bob");
    assert_eq!(read(&world, 2), None, "nobody has decided it");
    // Everything else is for ever.
    let stage = keys::stage(&world.stage_id("dev"));
    assert_eq!(records::kept_until(&stage, b"{}"), None);
}
