//! The log by value: what is said of two states of a stage, line by line.

use greenroom_core::history;
use greenroom_core::stage::{
    Acknowledged, Approval, BuildNeed, Candidate, Cause, Hold, Lock, RefreshSkip, RefreshWish,
    Rejected, Stage,
};
use jiff::Timestamp;

use crate::world::*;

/// Code and text of each line.
fn lines(before: &Stage, after: &Stage) -> Vec<(String, String)> {
    history::between(Some(before), after, at("2026-03-02T09:00:00Z"))
        .into_iter()
        .map(|entry| (entry.code, entry.text))
        .collect()
}

fn said(before: &Stage, after: &Stage) -> Vec<String> {
    lines(before, after)
        .into_iter()
        .map(|(code, _)| code)
        .collect()
}

/// `before`, changed.
fn with(before: &Stage, change: impl FnOnce(&mut Stage)) -> Stage {
    let mut after = before.clone();
    change(&mut after);
    after
}

fn now() -> Timestamp {
    at("2026-03-02T08:30:00Z")
}

fn candidate(n: u32) -> Candidate {
    Candidate {
        revision: revision(n),
        reference: None,
        release: None,
        cause: Cause::Poll,
        since: now(),
        contains: Vec::new(),
        build: BuildNeed::NotAsked,
        attempt: 0,
        not_before: None,
    }
}

fn empty() -> Stage {
    blank("dev", now())
}

#[test]
fn nothing_is_said_of_what_stays_as_it_is() {
    let mut world = World::new();
    world.green("dev", 1);
    world.push("dev", 2);
    world.built(2);
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(&["a"]));
    world.push("dev", 3);
    world.build_failed(3);
    let busy = with(world.stage("dev"), |stage| {
        stage.lock = Some(Lock {
            by: "olga".to_owned(),
            reason: "why".to_owned(),
            since: now(),
            until: None,
        });
        stage.hold = Some(Hold {
            by: "olga".to_owned(),
            reason: "why".to_owned(),
            since: now(),
        });
        stage.refresh.wish = Some(RefreshWish {
            slot: None,
            by: None,
            asked_at: now(),
            sent: true,
        });
    });
    assert!(busy.brk.is_some() && busy.candidate.is_some() && busy.last.is_some());
    assert_eq!(said(&busy, &busy), [""; 0]);
}

#[test]
fn each_answer_of_a_suite_is_said_once() {
    let mut world = World::new();
    world.push("preprod", 1);
    world.built(1);
    world.deploy("preprod");
    world.log.clear();
    world.verdict("preprod", "api", passed());
    world.verdict("preprod", "smoke", errored());
    world.pass(minutes(1));
    world.replan("preprod");
    world.verdict("preprod", "smoke", passed());
    let texts: Vec<_> = world.log.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "suite api passed, 3 tests (attempt 1)",
            "suite smoke ended without an answer: connection refused (attempt 1)",
            "suite smoke passed, 3 tests (attempt 2)",
            "run 1 succeeded: 6 tests passed",
        ]
    );
}

#[test]
fn a_candidate_is_said_when_it_or_its_cause_is_another() {
    let one = with(&empty(), |stage| stage.candidate = Some(candidate(1)));
    assert_eq!(said(&empty(), &one), ["candidate"]);
    let asked = with(&one, |stage| {
        let by = "olga".to_owned();
        let cause = Cause::Retry { by, of: 1 };
        stage.candidate = Some(Candidate {
            cause,
            ..candidate(1)
        });
    });
    assert_eq!(
        lines(&one, &asked),
        [(
            "candidate".to_owned(),
            "00000001 wants to be deployed: retry of run 1 by olga".to_owned()
        )]
    );
    let two = with(&one, |stage| {
        stage.candidate = Some(candidate(2).superseding(stage.candidate.take()));
    });
    assert_eq!(
        lines(&one, &two),
        [
            (
                "candidate".to_owned(),
                "00000002 wants to be deployed: found by the poller".to_owned()
            ),
            (
                "superseded".to_owned(),
                "00000001 skipped; it is contained in 00000002".to_owned()
            ),
        ]
    );
    assert_eq!(said(&one, &empty()), ["dropped"]);
}

#[test]
fn a_build_that_failed_is_said_once_for_each_revision() {
    let failed = |n| Candidate {
        build: BuildNeed::Failed,
        ..candidate(n)
    };
    let waits = with(&empty(), |stage| stage.candidate = Some(candidate(1)));
    let one = with(&empty(), |stage| stage.candidate = Some(failed(1)));
    let two = with(&empty(), |stage| {
        stage.candidate = Some(failed(2).superseding(Some(failed(1))));
    });
    assert_eq!(said(&waits, &one), ["build_failed"]);
    assert_eq!(said(&one, &one), [""; 0]);
    assert_eq!(said(&one, &waits), [""; 0], "it is tried again");
    assert_eq!(
        said(&one, &two),
        ["candidate", "build_failed", "superseded"]
    );
}

#[test]
fn a_refresh_is_said_when_it_begins_and_when_it_is_skipped() {
    let wish = |slot: Option<&str>, by: Option<&str>, asked: &str| {
        with(&empty(), |stage| {
            stage.refresh.wish = Some(RefreshWish {
                slot: slot.map(at),
                by: by.map(str::to_owned),
                asked_at: at(asked),
                sent: true,
            });
        })
    };
    let text = |before: &Stage, after: &Stage| {
        lines(before, after)
            .into_iter()
            .map(|it| it.1)
            .collect::<Vec<_>>()
    };
    let (six, seven) = ("2026-03-02T06:00:00Z", "2026-03-02T07:00:00Z");
    let hers = wish(None, Some("olga"), six);
    assert_eq!(text(&empty(), &hers), ["refresh asked by olga"]);
    let again = wish(None, Some("olga"), seven);
    assert_eq!(text(&hers, &again), ["refresh asked by olga"]);
    let slot = wish(Some(seven), None, seven);
    assert_eq!(text(&again, &slot), [format!("refresh of {seven} begun")]);
    assert_eq!(text(&slot, &empty()), [""; 0]);
    let skipped = |missed| {
        with(&empty(), |stage| {
            stage.refresh.skipped = Some(RefreshSkip {
                slot: None,
                why: "unchanged".to_owned(),
                missed,
            });
        })
    };
    assert_eq!(text(&empty(), &skipped(0)), ["refresh skipped: unchanged"]);
    assert_eq!(
        text(&skipped(0), &skipped(2)),
        ["refresh skipped: unchanged; 2 older slots were missed"]
    );
    assert_eq!(text(&skipped(2), &empty()), [""; 0]);
}

#[test]
fn a_break_is_said_to_open_go_on_and_end() {
    let mut world = World::new();
    world.push("dev", 1);
    world.build_failed(1);
    let open = world.stage("dev").clone();
    let change = |change: fn(&mut greenroom_core::stage::Break)| {
        with(&open, |stage| {
            if let Some(brk) = &mut stage.brk {
                change(brk);
            }
        })
    };
    let line = |code: &str, text: &str| (code.to_owned(), text.to_owned());
    let closed = with(&open, |stage| stage.brk = None);
    assert_eq!(lines(&closed, &open), [line("broke", "break #1 opened")]);
    assert_eq!(
        lines(&open, &closed),
        [line("recovered", "break #1 is over")]
    );
    let same = change(|brk| brk.reds = 2);
    let text = "break #1 fails as before";
    assert_eq!(lines(&open, &same), [line("still_red", text)]);
    let new = change(|brk| {
        brk.reds = 2;
        brk.fingerprint.insert("smoke: b".to_owned());
    });
    let text = "break #1 fails in new ways";
    assert_eq!(lines(&open, &new), [line("still_red", text)]);
    let seen = change(|brk| {
        brk.acknowledged = Some(Acknowledged {
            by: "olga".to_owned(),
            at: now(),
            note: None,
        });
    });
    let text = "olga looks after break #1";
    assert_eq!(lines(&open, &seen), [line("acknowledged", text)]);
    let next = change(|brk| brk.episode = 2);
    let both = [
        line("recovered", "break #1 is over"),
        line("broke", "break #2 opened"),
    ];
    assert_eq!(lines(&open, &next), both);
}

#[test]
fn what_people_put_in_the_way_is_said_and_what_they_take_away() {
    let lock = |reason: &str| {
        with(&empty(), |stage| {
            stage.lock = Some(Lock {
                by: "olga".to_owned(),
                reason: reason.to_owned(),
                since: now(),
                until: None,
            });
        })
    };
    assert_eq!(said(&empty(), &lock("a")), ["locked"]);
    assert_eq!(said(&lock("a"), &lock("b")), ["locked"]);
    assert_eq!(said(&lock("b"), &empty()), ["unlocked"]);
    let hold = |reason: &str| {
        with(&empty(), |stage| {
            stage.hold = Some(Hold {
                by: "olga".to_owned(),
                reason: reason.to_owned(),
                since: now(),
            });
        })
    };
    assert_eq!(said(&empty(), &hold("a")), ["held"]);
    assert_eq!(said(&hold("a"), &hold("b")), ["held"]);
    assert_eq!(said(&hold("b"), &empty()), ["released"]);
    let release = World::new().release(1);
    let rejected = with(&empty(), |stage| {
        stage.rejected = Some(Rejected {
            by: "bob".to_owned(),
            reason: "no".to_owned(),
            at: now(),
            release,
        });
    });
    assert_eq!(said(&empty(), &rejected), ["rejected"]);
    assert_eq!(said(&rejected, &empty()), ["unrejected"]);
}

#[test]
fn an_approval_is_void_unless_its_giver_gave_it_again() {
    let world = World::new();
    let terms = world.policy("dev").expect("a rule").terms;
    let by = |name: &str, n: u32, minute: i64| Approval {
        by: name.to_owned(),
        at: now().checked_add(minutes(minute)).expect("in time"),
        release: world.release(n),
        terms: terms.clone(),
    };
    let of = |approvals: &[Approval]| with(&empty(), |stage| stage.approvals = approvals.to_vec());
    let alice = by("alice", 1, 0);
    let before = of(std::slice::from_ref(&alice));
    assert_eq!(said(&empty(), &before), ["approved"]);
    assert_eq!(
        lines(&before, &empty()),
        [(
            "approval_void".to_owned(),
            "the approval of 00000001 by alice is void".to_owned()
        )]
    );
    let and_bob = of(&[alice, by("bob", 1, 0)]);
    assert_eq!(said(&before, &and_bob), ["approved"]);
    let bob = of(&[by("bob", 1, 0)]);
    assert_eq!(said(&and_bob, &bob), ["approval_void"]);
    let again = of(&[by("alice", 1, 5)]);
    assert_eq!(said(&before, &again), ["approved"]);
    let another = of(&[by("alice", 2, 5)]);
    assert_eq!(said(&before, &another), ["approved", "approval_void"]);
}
