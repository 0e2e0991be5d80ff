//! Windows and pauses: when a stage may change, and who lets something through.

use greenroom_core::accept::{Rejection, RejectionKind};
use greenroom_core::command::Command;
use greenroom_core::effect::{Effect, News};
use greenroom_core::name::StageName;
use greenroom_core::pause::{self, Pause, PauseCommand};
use greenroom_core::plan::Plan;
use greenroom_core::principal::Principal;
use greenroom_core::stage::{Cause, Override};

use crate::world::*;

/// `office` is open on working days from 9 to 17, Rome; `quiet` closes the first half hour of it.
const WINDOWS: &str = r#"
windows:
  office:
    allow: { cron: "0 9 * * 1-5", for: 8h, timezone: Europe/Rome }
    reason: releases when people are there
  quiet:
    deny: { cron: "0 9 * * *", for: 30m, timezone: Europe/Rome }
    reason: the shop opens
    override: [owner]
"#;

fn file() -> String {
    let dev = "  dev: { from: { branch: develop },";
    let preprod = "    from: { branch: master, refresh:";
    FILE.replace(dev, &format!("{dev} windows: [office, quiet],"))
        .replace(preprod, &format!("    windows: [office]\n{preprod}"))
        + WINDOWS
}

/// On Monday at `time` (UTC; Rome is an hour ahead), with a change of dev that is built.
fn wanted_at(time: &str) -> World {
    let mut world = World::of(&file());
    world.now = at(&format!("2026-03-02T{time}Z"));
    world.push("dev", 1);
    world.built(1);
    world
}

pub fn through(n: Option<u32>) -> Command {
    Command::Override {
        reason: "customers cannot pay".to_owned(),
        revision: n.map(revision),
    }
}

fn sentence(plan: &Plan) -> String {
    plan.waiting_on[0].explain(&StageName::new("dev")).sentence
}

pub fn overridden(world: &mut World, by: &Principal) -> Result<Plan, Rejection> {
    world.command("dev", by, through(None))
}

#[test]
fn a_closed_window_is_waited_for_and_opens_by_itself() {
    let mut world = wanted_at("07:00:00");
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["frozen"]);
    let said = plan.waiting_on[0].explain(&StageName::new("dev"));
    let outside = "closed outside office: releases when people are there";
    assert!(said.sentence.contains(outside), "{}", said.sentence);
    assert_eq!(
        said.until,
        Some(at("2026-03-02T08:30:00Z")),
        "quiet is over"
    );
    assert_eq!(plan.wake, said.until);
    let command = said.command.expect("a command");
    let revision = revision(1);
    assert!(command.starts_with(&format!(
        "greenroom override dev --revision {}",
        revision.short()
    )));
    world.now = at("2026-03-02T08:29:59.999Z");
    let plan = world.replan("dev");
    let during = "closed during quiet: the shop opens";
    assert!(sentence(&plan).contains(during), "{}", sentence(&plan));
    world.now = at("2026-03-02T08:30:00Z");
    assert_eq!(codes(&world.replan("dev")), ["starting"]);
}

#[test]
fn the_weekend_is_not_entered_on_friday_evening() {
    let mut world = wanted_at("07:00:00");
    world.now = at("2026-03-06T16:00:00Z");
    let plan = world.replan("dev");
    assert_eq!(plan.wake, Some(at("2026-03-09T08:30:00Z")), "on Monday");
}

#[test]
fn a_clock_that_may_be_wrong_makes_windows_shorter_at_both_ends() {
    for (time, open) in [
        ("08:34:59.999", false),
        ("08:35:00", true),
        ("15:54:59.999", true),
        ("15:55:00", false),
    ] {
        let mut world = World::of(&file());
        world.clock_error = minutes(5);
        world.now = at(&format!("2026-03-02T{time}Z"));
        world.push("dev", 1);
        world.built(1);
        let claimed = world.stage("dev").run.is_some();
        assert_eq!(claimed, open, "{time}");
    }
}

#[test]
fn what_was_admitted_ends_although_the_window_closes() {
    let mut world = wanted_at("15:59:59");
    world.started("dev");
    world.admit("dev").expect("the window is open");
    world.pass(minutes(10));
    world.succeeded("dev");
    world.all_pass("dev");
    assert!(world.stage("dev").verified.is_some());
}

#[test]
fn a_window_that_closes_between_claim_and_admission_closes_the_fence() {
    let mut world = wanted_at("15:59:59");
    world.started("dev");
    world.pass(minutes(1));
    let no = world.admit("dev").expect_err("it is five o'clock in Rome");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert!(no.why.contains("closed outside office"), "{}", no.why);
    assert!(no.help.contains("greenroom override dev"), "{}", no.help);
}

/// The stage file in force decides, not the one of the claim.
#[test]
fn a_window_that_is_new_closes_the_fence_and_voids_no_approval() {
    let mut world = World::of(&FILE.replace("  tagged: {", "  tagged: { windows: [],"));
    world.head("tagged", "refs/tags/v1", 1, Cause::Tag { actor: None });
    let approve = Command::Approve { revision: None };
    let plan = world.command("tagged", &person("alice"), approve);
    assert_eq!(codes(&plan.expect("approved")), ["starting"]);
    let terms = world.run("tagged").terms.clone();
    let windows = WINDOWS.replace("[owner]", "[]");
    world.file =
        stage_file(&(FILE.replace("  tagged: {", "  tagged: { windows: [quiet],") + &windows));
    let policy = world.policy("tagged").expect("a rule");
    assert_eq!(policy.terms, terms, "a window is when, not what");
    world.now = at("2026-03-02T08:00:00Z");
    let no = world.admit("tagged").expect_err("it is quiet now");
    assert!(no.why.contains("quiet"), "{}", no.why);
    assert_eq!(world.stage("tagged").approvals.len(), 1);
}

#[test]
fn an_override_lets_exactly_this_release_through_once() {
    let mut world = wanted_at("07:00:00");
    let plan = overridden(&mut world, &operator()).expect("an operator may");
    assert_eq!(codes(&plan), ["starting"]);
    assert_eq!(plan.next.overridden, None, "used up");
    let run = plan.next.run.expect("claimed");
    let through = run.overridden.expect("it was let through");
    assert_eq!(
        (through.by.as_str(), &through.windows[..]),
        ("olga", &["office".to_owned()][..])
    );
    assert_eq!(
        world.codes()[world.codes().len() - 2..],
        ["overridden", "claimed"]
    );
    let last = &world.log[world.log.len() - 1].text;
    assert!(
        last.ends_with("olga overrides office: customers cannot pay"),
        "{last}"
    );
    world.started("dev");
    world.admit("dev").expect("the fence knows of it");
    world.succeeded("dev");
    world.all_pass("dev");
    world.push("dev", 2);
    world.built(2);
    assert_eq!(
        codes(&world.replan("dev")),
        ["frozen"],
        "the next one waits"
    );
}

#[test]
fn another_candidate_voids_an_override() {
    let mut world = wanted_at("07:00:00");
    let lock = Command::Lock {
        reason: "so that it waits".to_owned(),
        until: None,
    };
    world.command("dev", &operator(), lock).expect("locked");
    let plan = overridden(&mut world, &operator()).expect("an operator may");
    assert!(plan.next.overridden.is_some());
    world.push("dev", 2);
    assert_eq!(world.stage("dev").overridden, None);
    assert!(world.codes().contains(&"override_void"));
    world.built(2);
    world
        .command("dev", &operator(), Command::Unlock)
        .expect("unlocked");
    assert_eq!(codes(&world.replan("dev")), ["frozen"]);
}

#[test]
fn an_override_is_for_the_windows_that_were_closed() {
    let mut world = wanted_at("08:10:00");
    let lock = Command::Lock {
        reason: "so that it waits".to_owned(),
        until: None,
    };
    world.command("dev", &operator(), lock).expect("locked");
    overridden(&mut world, &person("alice")).expect("alice may override quiet");
    world.now = at("2026-03-02T17:00:00Z");
    world
        .command("dev", &operator(), Command::Unlock)
        .expect("unlocked");
    let plan = world.replan("dev");
    assert!(
        sentence(&plan).contains("closed outside office"),
        "{}",
        sentence(&plan)
    );
}

/// With a change of dev that is let through `office` and then kept waiting by a lock.
fn let_through_and_locked() -> World {
    let mut world = wanted_at("07:00:00");
    let lock = Command::Lock {
        reason: "so that it waits".to_owned(),
        until: None,
    };
    world.command("dev", &operator(), lock).expect("locked");
    overridden(&mut world, &operator()).expect("an operator may");
    world
}

#[test]
fn an_override_is_over_when_the_stage_opens_by_itself() {
    let mut world = let_through_and_locked();
    let plan = world.replan("dev");
    let opens = Some(at("2026-03-02T08:30:00Z"));
    let until = plan.next.overridden.and_then(|it| it.until);
    assert_eq!((until, plan.wake), (opens, opens));
    world.now = at("2026-03-03T07:00:00Z");
    world
        .command("dev", &operator(), Command::Unlock)
        .expect("unlocked");
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["frozen"], "the same windows a day later");
    assert_eq!(plan.next.overridden, None);
    assert!(world.codes().contains(&"override_void"));
}

#[test]
fn what_was_let_through_is_not_admitted_in_the_next_closing() {
    let hourly = file().replace("cron: \"0 9 * * *\"", "cron: \"0 * * * *\"");
    let mut world = World::of(&hourly);
    world.now = at("2026-03-02T10:20:00Z");
    world.push("dev", 1);
    world.built(1);
    overridden(&mut world, &person("alice")).expect("alice may override quiet");
    world.started("dev");
    world.now = at("2026-03-02T11:05:00Z");
    let no = world.admit("dev").expect_err("it is quiet again");
    assert!(no.why.contains("closed during quiet"), "{}", no.why);
}

#[test]
fn what_did_not_succeed_here_is_let_through_no_window() {
    let mut world = World::of(&file().replace("  prod:\n", "  prod:\n    windows: [office]\n"));
    world.now = at("2026-03-02T10:00:00Z");
    world.prod_ready(1);
    world.deploy("prod");
    world.verdict("prod", "smoke", failed(&["pay"]));
    assert!(world.stage("prod").tried.is_some());
    world.now = at("2026-03-02T20:00:00Z");
    let no = world.try_command("prod", &operator(), &through(Some(1)));
    let no = no.expect_err("it would be void at once");
    assert_eq!(no.kind, RejectionKind::Conflict);
    assert_eq!(no.help, "greenroom retry prod");
    world
        .command("prod", &operator(), Command::Retry)
        .expect("granted");
    world
        .command("prod", &operator(), through(Some(1)))
        .expect("it is wanted again");
}

#[test]
fn whoever_may_not_learns_it_before_anything_else() {
    let mut world = World::of(&file());
    world.now = at("2026-03-02T07:00:00Z");
    let no = overridden(&mut world, &person("alice")).expect_err("office is the operators'");
    assert_eq!(no.kind, RejectionKind::Forbidden, "{}", no.why);
    assert_eq!(no.why, "alice may not override office");
}

#[test]
fn who_may_override_depends_on_the_windows_that_are_closed() {
    let mut world = wanted_at("07:00:00");
    let no = overridden(&mut world, &person("alice")).expect_err("office is the operators'");
    assert_eq!(
        (no.kind, no.help.as_str()),
        (RejectionKind::Forbidden, "ask an operator")
    );
    world.now = at("2026-03-02T08:10:00Z");
    let no = overridden(&mut world, &person("mallory")).expect_err("no role");
    assert_eq!(
        (no.kind, no.help.as_str()),
        (RejectionKind::Forbidden, "ask a holder of owner")
    );
    for other in [Principal::Automation, Principal::Pipeline] {
        let no = overridden(&mut world, &other).expect_err("nobody");
        assert_eq!(no.kind, RejectionKind::Forbidden);
    }
    let plan = overridden(&mut world, &person("Alice")).expect("a holder of the role");
    assert_eq!(codes(&plan), ["starting"]);
}

#[test]
fn an_override_of_nothing_is_refused() {
    let mut world = wanted_at("07:00:00");
    let kind = |world: &mut World, command| {
        let answer = world.try_command("dev", &operator(), &command);
        answer.err().map(|no| no.kind)
    };
    assert_eq!(
        kind(&mut world, through(Some(2))),
        Some(RejectionKind::Conflict)
    );
    assert_eq!(kind(&mut world, through(Some(1))), None);
    let without = Command::Override {
        reason: " ".to_owned(),
        revision: None,
    };
    assert_eq!(kind(&mut world, without), Some(RejectionKind::Invalid));
    world.push("dev", 2);
    assert_eq!(
        kind(&mut world, through(None)),
        Some(RejectionKind::Conflict),
        "not built"
    );
    let lock = Command::Lock {
        reason: "so that it waits".to_owned(),
        until: None,
    };
    world.command("dev", &operator(), lock).expect("locked");
    world.built(2);
    world.now = at("2026-03-02T10:00:00Z");
    assert_eq!(
        kind(&mut world, through(None)),
        Some(RejectionKind::Conflict),
        "all is open"
    );
    let mut world = World::of(&file());
    assert_eq!(
        kind(&mut world, through(None)),
        Some(RejectionKind::NotFound)
    );
}

#[test]
fn a_rollback_needs_an_override_as_well_and_says_so() {
    let mut world = World::of(&file());
    world.now = at("2026-03-02T10:00:00Z");
    world.green("dev", 1);
    world.green("dev", 2);
    world.now = at("2026-03-02T20:00:00Z");
    let rollback = Command::Rollback {
        to: None,
        reason: "checkout is slow".to_owned(),
    };
    let plan = world
        .command("dev", &operator(), rollback)
        .expect("granted");
    assert_eq!(codes(&plan), ["frozen"]);
    let said = sentence(&plan);
    assert!(
        said.starts_with("the rollback to 00000001 needs an override as well"),
        "{said}"
    );
    let other = world.try_command("dev", &operator(), &through(Some(2)));
    assert_eq!(other.err().map(|no| no.kind), Some(RejectionKind::Conflict));
    let plan = world
        .command("dev", &operator(), through(Some(1)))
        .expect("granted");
    assert_eq!(codes(&plan), ["starting"]);
    assert_eq!(world.run("dev").release.revision, revision(1));
}

#[test]
fn a_break_of_what_was_let_through_says_so() {
    let mut world = wanted_at("07:00:00");
    overridden(&mut world, &operator()).expect("granted");
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(&["pay"]));
    let said = world.effects.iter().find_map(|effect| match effect {
        Effect::Announce { news, .. } => match news.as_ref() {
            News::Broke { brk, .. } => brk.overridden.as_ref().map(Override::sentence),
            _ => None,
        },
        _ => None,
    });
    let expected = "olga overrides office: customers cannot pay";
    assert_eq!(said.as_deref(), Some(expected));
}

#[test]
fn a_slot_in_a_closed_window_is_spent_and_told_skipped() {
    let mut world = World::of(&file());
    world.replan("preprod");
    world.now = at("2026-03-03T05:00:00Z");
    let plan = world.replan("preprod");
    let state = &plan.next.refresh;
    assert_eq!((state.decided, &state.wish), (Some(world.now), &None));
    let why = state.skipped.as_ref().expect("skipped").why.clone();
    assert_eq!(why, "closed outside office: releases when people are there");
    // Nothing is left to run once the window opens.
    world.now = at("2026-03-03T09:00:00Z");
    let plan = world.replan("preprod");
    assert_eq!((plan.next.refresh.wish, plan.next.candidate), (None, None));
}

pub fn paused(until: Option<&str>) -> Option<Pause> {
    Some(Pause {
        by: "paula".to_owned(),
        reason: "the network is down".to_owned(),
        since: at("2026-03-02T06:00:00Z"),
        until: until.map(at),
    })
}

#[test]
fn a_pause_stops_every_claim_whoever_wants_it() {
    let mut world = World::of(&file());
    world.now = at("2026-03-02T10:00:00Z");
    world.green("dev", 1);
    world.green("dev", 2);
    world.pause = paused(Some("2026-03-02T12:00:00Z"));
    assert_eq!(
        codes(&world.replan("dev")),
        ["paused"],
        "also with nothing to do"
    );
    assert_eq!(codes(&world.replan("bare"))[0], "paused");
    world.push("dev", 3);
    world.built(3);
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["paused"]);
    let said = plan.waiting_on[0].explain(&StageName::new("dev"));
    assert_eq!(
        said.sentence,
        "paula paused everything: the network is down"
    );
    assert_eq!(
        said.command.as_deref(),
        Some("greenroom resume --app acme/orders")
    );
    assert_eq!(
        (plan.wake, said.until),
        (Some(at("2026-03-02T12:00:00Z")), plan.wake)
    );
    let rollback = Command::Rollback {
        to: None,
        reason: "slow".to_owned(),
    };
    let plan = world
        .command("dev", &operator(), rollback)
        .expect("granted");
    assert_eq!(codes(&plan), ["paused"], "no rollback either");
    world.now = at("2026-03-02T12:00:00Z");
    assert_eq!(codes(&world.replan("dev")), ["starting"]);
}

#[test]
fn a_pause_is_never_over_early_by_a_clock_that_is_fast() {
    let mut world = World::of(&file());
    world.clock_error = minutes(5);
    world.now = at("2026-03-02T10:00:00Z");
    world.pause = paused(Some("2026-03-02T12:00:00Z"));
    world.push("dev", 1);
    world.built(1);
    world.now = at("2026-03-02T12:04:59Z");
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["paused"]);
    assert_eq!(plan.wake, Some(at("2026-03-02T12:05:00Z")));
    world.now = at("2026-03-02T12:05:00Z");
    assert_eq!(codes(&world.replan("dev")), ["starting"]);
}

#[test]
fn a_pause_between_claim_and_admission_closes_the_fence() {
    let mut world = wanted_at("10:00:00");
    world.started("dev");
    world.pause = paused(None);
    let no = world.admit("dev").expect_err("it is paused");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert!(no.why.contains("the network is down"), "{}", no.why);
    world.pause = None;
    world.admit("dev").expect("nothing is in the way");
    world.pause = paused(None);
    world.succeeded("dev");
    let plan = world.replan("dev");
    assert_eq!(
        codes(&plan),
        ["verifying", "paused"],
        "what was let in ends"
    );
    world.all_pass("dev");
    assert!(world.stage("dev").verified.is_some());
}

#[test]
fn a_slot_during_a_pause_is_spent_and_told_skipped() {
    let mut world = World::new();
    world.replan("preprod");
    world.pause = paused(None);
    world.now = at("2026-03-03T05:00:00Z");
    let plan = world.replan("preprod");
    let why = plan.next.refresh.skipped.expect("skipped").why;
    assert_eq!(why, "paula paused everything: the network is down");
    assert_eq!(plan.next.refresh.wish, None);
}

#[test]
fn who_pauses_and_resumes() {
    let now = at("2026-03-02T10:00:00Z");
    let app = "acme/orders".into();
    let stop = |until: Option<&str>| PauseCommand::Pause {
        reason: "audit".to_owned(),
        until: until.map(at),
    };
    let ask = |pause: Option<&Pause>, who: &Principal, command: &PauseCommand| {
        pause::accept(pause, &app, who, command, now).map_err(|no| no.kind)
    };
    let by_olga = ask(None, &operator(), &stop(None)).expect("granted");
    assert_eq!(
        by_olga
            .as_ref()
            .map(|pause| (pause.by.as_str(), pause.since)),
        Some(("olga", now))
    );
    let by_olga = by_olga.as_ref();
    let longer = stop(Some("2026-03-02T11:00:00Z"));
    assert_eq!(
        ask(by_olga, &person("paul"), &longer),
        Err(RejectionKind::Conflict)
    );
    let longer = ask(by_olga, &operator(), &longer).expect("her own");
    assert_eq!(
        longer.and_then(|pause| pause.until),
        Some(at("2026-03-02T11:00:00Z"))
    );
    let over = paused(Some("2026-03-02T09:00:00Z"));
    assert!(
        ask(over.as_ref(), &operator(), &stop(None)).is_ok(),
        "paula's is over"
    );
    let past = stop(Some("2026-03-02T10:00:00Z"));
    assert_eq!(ask(None, &operator(), &past), Err(RejectionKind::Invalid));
    let silent = PauseCommand::Pause {
        reason: " ".to_owned(),
        until: None,
    };
    assert_eq!(ask(None, &operator(), &silent), Err(RejectionKind::Invalid));
    assert_eq!(
        ask(by_olga, &person("paul"), &PauseCommand::Resume),
        Ok(None)
    );
    assert_eq!(
        ask(None, &operator(), &PauseCommand::Resume),
        Err(RejectionKind::NotFound)
    );
    for nobody in [Principal::Automation, Principal::Pipeline] {
        assert_eq!(
            ask(None, &nobody, &stop(None)),
            Err(RejectionKind::Forbidden)
        );
    }
    for (command, said) in [(stop(None), "pause"), (PauseCommand::Resume, "resume")] {
        let no = pause::accept(by_olga, &app, &Principal::Pipeline, &command, now);
        let why = no.expect_err("no person").why;
        assert!(
            why.ends_with(&format!(" may not {said} acme/orders")),
            "{why}"
        );
    }
}
