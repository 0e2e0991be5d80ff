//! A stage that breaks again and again is told once, and once how that ended.

use greenroom_core::command::Command;
use greenroom_core::effect::{Effect, News};
use greenroom_core::policy::{FLAPPING_BREAKS, FLAPPING_WITHIN};
use greenroom_core::stage::{Flapping, Stage};
use jiff::SignedDuration;

use crate::watch::{ends, watched};
use crate::world::*;

/// A stage that breaks and is green again, a minute for each, by ever newer commits.
struct Turns {
    world: World,
    n: u32,
}

impl Turns {
    fn of(file: &str) -> Self {
        let mut world = World::of(file);
        world.green("dev", 1);
        Self { world, n: 1 }
    }

    fn new() -> Self {
        Self::of(FILE)
    }

    /// As if it broke once less than too often.
    fn nearly() -> Self {
        let mut turns = Self::new();
        (1..FLAPPING_BREAKS).for_each(|_| turns.turn());
        turns
    }

    fn flapping() -> Self {
        let mut turns = Self::nearly();
        turns.red();
        turns
    }

    fn red(&mut self) {
        self.fails("smoke", &["a"]);
    }

    fn fails(&mut self, suite: &str, tests: &[&str]) {
        self.n += 1;
        self.world.pass(minutes(1));
        self.world.push("dev", self.n);
        self.world.built(self.n);
        self.world.deploy("dev");
        let suites = self.world.stage("dev").run.clone().expect("a run").suites;
        for one in suites.keys().map(ToString::to_string) {
            let report = if one == suite {
                failed(tests)
            } else {
                passed()
            };
            self.world.verdict("dev", &one, report);
        }
    }

    fn green(&mut self) {
        self.n += 1;
        self.world.pass(minutes(1));
        self.world.green("dev", self.n);
    }

    fn turn(&mut self) {
        self.red();
        self.green();
    }

    fn pass(&mut self, time: SignedDuration) {
        self.world.pass(time);
        self.world.replan("dev");
    }

    fn mute(&mut self, time: SignedDuration) {
        let until = self.world.now.checked_add(time).expect("an instant");
        let reason = "enough".to_owned();
        let mute = Command::Mute { reason, until };
        self.world
            .command("dev", &operator(), mute)
            .expect("granted");
    }

    /// What was told on `team` since so many messages.
    fn told(&self, since: usize) -> Vec<String> {
        let told = self.world.told();
        let told = told.iter().filter_map(|it| it.strip_prefix("team: "));
        told.skip(since).map(str::to_owned).collect()
    }

    fn flaps(&mut self) -> Option<&Flapping> {
        self.world.stage("dev").flap.flapping.as_ref()
    }
}

/// A break and its end, for each but the last that made it flap.
const BEFORE: usize = 2 * (FLAPPING_BREAKS - 1);

#[test]
fn a_stage_that_breaks_again_and_again_is_told_once_to_flap() {
    let mut turns = Turns::nearly();
    assert_eq!(turns.told(0).len(), BEFORE);
    assert_eq!(turns.flaps(), None);
    turns.red();
    assert_eq!(turns.told(BEFORE), ["flaps"]);
    let plan = turns.world.replan("dev");
    assert!(codes(&plan).contains(&"flapping"));
    turns.green();
    (0..20).for_each(|_| turns.turn());
    assert_eq!(turns.told(BEFORE), ["flaps"]);
    let flaps = turns.flaps().expect("it flaps");
    assert_eq!((flaps.breaks, flaps.told.len()), (24, 2));
    let lines = turns.world.codes();
    let broke = lines.iter().filter(|code| **code == "broke").count();
    assert_eq!(broke, 24, "the log has each of them");
    assert_eq!(lines.iter().filter(|code| **code == "flapping").count(), 1);
}

#[test]
fn breaks_that_are_further_apart_are_told_each() {
    let mut turns = Turns::new();
    for _ in 0..12 {
        turns.turn();
        turns.pass(minutes(38));
    }
    assert_eq!(turns.told(0).len(), 24);
    assert_eq!(turns.flaps(), None);
    assert!(turns.world.stage("dev").flap.opened.len() < FLAPPING_BREAKS);
}

#[test]
fn a_stage_that_stays_green_is_told_once_to_have_settled() {
    let mut turns = Turns::flapping();
    turns.green();
    turns.pass(FLAPPING_WITHIN - minutes(1));
    assert_eq!(turns.told(BEFORE), ["flaps"]);
    let plan = turns.world.replan("dev");
    let over = turns.flaps().expect("it flaps").over_at();
    assert!(plan.wake.is_some_and(|wake| wake <= over));
    turns.pass(minutes(1));
    assert_eq!(turns.told(BEFORE), ["flaps", "settled"]);
    assert_eq!(turns.flaps(), None);
    assert!(turns.world.codes().contains(&"settled"));
    turns.turn();
    assert_eq!(turns.told(BEFORE + 2), ["broke", "recovered"]);
}

#[test]
fn a_stage_that_stays_broken_is_told_as_a_break_and_its_end_to_the_same_people() {
    let mut turns = Turns::flapping();
    turns.green();
    turns.red();
    turns.pass(FLAPPING_WITHIN - minutes(10));
    // What fails anew on a stage that is broken is no turn, and no news while it flaps.
    turns.fails("smoke", &["b"]);
    assert_eq!(turns.told(BEFORE), ["flaps"]);
    turns.pass(minutes(9));
    assert_eq!(turns.told(BEFORE), ["flaps", "broke"]);
    let flapped = turns.world.effects.iter().find_map(|effect| match effect {
        Effect::Announce { news, .. } => match news.as_ref() {
            News::Broke { brk, .. } => brk.flapped.clone(),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(flapped.map(|it| it.breaks), Some(5));
    turns.green();
    assert_eq!(turns.told(BEFORE), ["flaps", "broke", "recovered"]);
    let mail = turns.world.told();
    let mail: Vec<_> = mail.iter().filter(|it| it.starts_with("mail")).collect();
    assert_eq!(mail.len(), BEFORE + 3);
}

#[test]
fn what_is_neither_green_nor_broken_in_the_end_is_said_to_be_unknown() {
    let mut turns = Turns::flapping();
    turns.green();
    turns.pass(FLAPPING_WITHIN - minutes(2));
    turns.n += 1;
    turns.world.push("dev", turns.n);
    turns.world.built(turns.n);
    turns.world.deploy("dev");
    turns.pass(minutes(2));
    assert_eq!(turns.told(BEFORE), ["flaps", "settled, perhaps"]);
}

#[test]
fn a_stage_that_flaps_while_muted_is_told_afterwards_if_it_still_does() {
    let mut turns = Turns::nearly();
    turns.mute(minutes(60));
    turns.turn();
    turns.turn();
    assert_eq!(turns.told(BEFORE), Vec::<String>::new());
    turns.pass(minutes(60));
    assert_eq!(turns.told(BEFORE), ["flaps"]);
    turns.pass(FLAPPING_WITHIN);
    assert_eq!(turns.told(BEFORE), ["flaps", "settled"]);
    // What flapped and settled meanwhile is told to nobody.
    let told = turns.told(0).len();
    turns.mute(minutes(600));
    (0..FLAPPING_BREAKS).for_each(|_| turns.turn());
    turns.pass(minutes(599));
    turns.pass(minutes(1));
    assert_eq!(turns.flaps(), None);
    assert_eq!(turns.told(told), Vec::<String>::new());
}

#[test]
fn a_mute_keeps_that_it_stays_broken_and_not_that_it_has_settled() {
    let mut turns = Turns::flapping();
    turns.green();
    turns.mute(minutes(600));
    turns.pass(FLAPPING_WITHIN);
    assert_eq!(turns.told(BEFORE), ["flaps", "settled"]);
    let mut turns = Turns::flapping();
    turns.mute(minutes(600));
    turns.pass(FLAPPING_WITHIN + minutes(10));
    assert_eq!(turns.told(BEFORE), ["flaps"]);
    turns
        .world
        .command("dev", &operator(), Command::Unmute)
        .expect("it is muted");
    assert_eq!(turns.told(BEFORE), ["flaps", "broke"]);
    turns.green();
    assert_eq!(turns.told(BEFORE), ["flaps", "broke", "recovered"]);
}

#[test]
fn whom_a_break_concerns_only_while_it_flaps_is_told_that_and_the_end() {
    let routes = "alert: [{ channel: team, suites: [smoke] }, { channel: mail, suites: [api] }]";
    let file = FILE
        .replace(
            "verify: [smoke], alert: [team, mail]",
            "verify: [api, smoke], alert: [team, mail]",
        )
        .replace("alert: [team, mail]", routes);
    let mut turns = Turns::of(&file);
    for _ in 0..FLAPPING_BREAKS {
        turns.red();
        turns.green();
    }
    turns.fails("api", &["x"]);
    turns.green();
    turns.fails("api", &["x"]);
    turns.green();
    turns.pass(FLAPPING_WITHIN);
    assert_eq!(turns.told(BEFORE), ["flaps", "settled"]);
    let told = turns.world.told();
    let mail: Vec<_> = told.iter().filter(|it| it.starts_with("mail")).collect();
    assert_eq!(mail, ["mail: flaps", "mail: settled"]);
}

/// The next round has begun.
fn next(world: &mut World) {
    world.pass(minutes(15));
    world.replan("preprod");
}

#[test]
fn a_round_that_fails_now_and_then_makes_a_watched_stage_flap() {
    let mut world = watched();
    for _ in 0..FLAPPING_BREAKS {
        next(&mut world);
        ends(&mut world, failed(&["a"]));
        next(&mut world);
        ends(&mut world, passed());
    }
    let told = world.told();
    assert_eq!(told.len(), BEFORE + 1);
    assert_eq!(told.last().map(String::as_str), Some("team: flaps"));
    // Green rounds are no turns, and a soak counts from the last of them that was one.
    for _ in 0..8 {
        next(&mut world);
        ends(&mut world, passed());
    }
    assert_eq!(
        world.told().last().map(String::as_str),
        Some("team: settled")
    );
}

#[test]
fn a_stage_that_leaves_the_stage_file_while_it_flaps_is_told_to_have_settled() {
    let mut turns = Turns::flapping();
    turns.green();
    turns.world.file = stage_file(&FILE.replace("  dev: {", "  other: {"));
    turns.pass(FLAPPING_WITHIN);
    assert_eq!(turns.told(BEFORE), ["flaps", "settled"]);
}

#[test]
fn a_record_of_a_stage_that_never_broke_is_stored_as_before_it_could_flap() {
    let mut turns = Turns::new();
    let stored = serde_json::to_value(turns.world.stage("dev")).expect("JSON");
    assert!(stored.get("flap").is_none());
    let read: Stage = serde_json::from_value(stored).expect("it loads");
    assert_eq!(read, *turns.world.stage("dev"));
    let mut broken = Turns::new();
    broken.red();
    let stored = serde_json::to_value(broken.world.stage("dev")).expect("JSON");
    assert!(stored["brk"].get("flapped").is_none());
}
