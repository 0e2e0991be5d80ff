//! One announcement of each kind, as Greenroom would make it.

use jiff::{SignedDuration, Timestamp};

use crate::message::{
    Announcement, Cause, HeldMessage, Kind, LastGreen, Look, LookAt, Next, OnDuty, Suspect,
    Unaffected,
};
use crate::name::{ChannelName, Digest, RepoName, Revision, StageName};
use crate::verdict::TestFailure;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn revision(digit: char) -> Revision {
    Revision::new(digit.to_string().repeat(40))
}

fn base(kind: Kind) -> Announcement {
    Announcement::new(
        kind,
        RepoName::from("acme/orders"),
        at("2026-11-21T14:41:30Z"),
    )
}

fn look() -> Vec<Look> {
    vec![
        Look {
            label: "why".to_owned(),
            at: LookAt::Command("greenroom why preprod".to_owned()),
        },
        Look {
            label: "log".to_owned(),
            at: LookAt::Command("greenroom log preprod".to_owned()),
        },
        Look {
            label: "board".to_owned(),
            at: LookAt::Url("http://127.0.0.1:7070/stages/preprod?run=12&tab=log".to_owned()),
        },
    ]
}

pub(super) fn failure(n: u32) -> TestFailure {
    TestFailure {
        test: format!("tests/smoke/orders.hurl:{n} GET /orders/{n}"),
        message: "expected status 200, got 500".to_owned(),
        file: "tests/smoke/orders.hurl".to_owned(),
        line: n * 7,
    }
}

pub(super) fn broke() -> Announcement {
    let suspect = |digit, author: &str, subject: &str| Suspect {
        revision: revision(digit),
        author: author.to_owned(),
        subject: subject.to_owned(),
    };
    Announcement {
        stage: Some(StageName::from("preprod")),
        episode: Some(17),
        revision: Some(revision('9')),
        artifact: Some(Digest::new(format!("sha256:{}", "ab".repeat(32)))),
        cause: Some(Cause::Tests {
            failing: (1..=4).map(failure).collect(),
            failed: 5,
            total: 412,
        }),
        since: at("2026-11-21T14:40:18Z"),
        last_green: Some(LastGreen {
            revision: revision('4'),
            at: at("2026-11-21T14:02:00Z"),
        }),
        suspects: vec![
            suspect('9', "Ana Ferri", "Apply coupons before tax"),
            suspect('8', "Raj <raj@acme.example>", "Round half to even, see #41"),
        ],
        suspects_more: 2,
        unaffected: vec![
            Unaffected {
                stage: StageName::from("prod"),
                revision: Some(revision('4')),
                held: true,
            },
            Unaffected {
                stage: StageName::from("demo"),
                revision: None,
                held: false,
            },
        ],
        next: Some(Next::Refresh {
            at: at("2026-11-23T05:00:00Z"),
        }),
        look: look(),
        ..base(Kind::Broke)
    }
}

pub(super) fn all() -> Vec<(&'static str, Announcement)> {
    let recovered = Announcement {
        revision: Some(revision('b')),
        since: at("2026-11-21T13:20:00Z"),
        next: Some(Next::Promotion {
            to: StageName::from("prod"),
        }),
        cause: None,
        suspects: Vec::new(),
        suspects_more: 0,
        unaffected: Vec::new(),
        kind: Kind::Recovered {
            after: SignedDuration::from_mins(81),
        },
        ..broke()
    };
    let deploy = Announcement {
        cause: Some(Cause::Step {
            step: "deploy".to_owned(),
            excerpt: "make: Entering directory\n\u{1b}[31merror\u{1b}[0m: port 80 is taken\nmake: *** [deploy] Error 1\n".to_owned(),
        }),
        next: Some(Next::Push),
        on_duty: Some(OnDuty {
            person: "alice".to_owned(),
            until: at("2026-11-23T08:00:00Z"),
        }),
        ..broke()
    };
    let same_revision = Announcement {
        cause: Some(Cause::Tests {
            failing: vec![failure(1)],
            failed: 1,
            total: 1,
        }),
        last_green: Some(LastGreen {
            revision: revision('9'),
            at: at("2026-11-20T14:02:00Z"),
        }),
        suspects: Vec::new(),
        suspects_more: 0,
        kind: Kind::Changed,
        possibly_repeated: true,
        ..broke()
    };
    let unverified = Announcement {
        episode: None,
        cause: Some(Cause::Unknown {
            why: "could not reach http://127.0.0.1:9001 within 30 s".to_owned(),
        }),
        kind: Kind::Unverified,
        next: Some(Next::Retest {
            at: at("2026-11-21T14:46:00Z"),
        }),
        ..broke()
    };
    let invalid = Announcement {
        revision: Some(revision('c')),
        next: Some(Next::KeepsOldFile),
        look: vec![Look {
            label: "all of it".to_owned(),
            at: LookAt::Command("greenroom validate".to_owned()),
        }],
        ..base(Kind::StageFileInvalid {
            problems: vec![
                "line 12: unknown pipeline \"servce\"; did you mean \"service\"?".to_owned(),
                "line 30: soak without an upstream stage".to_owned(),
            ],
            more: 1,
        })
    };
    let exhausted = Announcement {
        stage: Some(StageName::from("preprod")),
        episode: Some(17),
        next: Some(Next::Person),
        look: vec![Look {
            label: "try it".to_owned(),
            at: LookAt::Command("greenroom notify --test team".to_owned()),
        }],
        ..base(Kind::Exhausted {
            channel: ChannelName::from("team"),
            why: "Telegram refuses this chat: Forbidden: bot was kicked from the supergroup chat"
                .to_owned(),
            attempts: 1,
            about: "[preprod] broke: 5 tests (#17)".to_owned(),
        })
    };
    let refused = Announcement {
        stage: Some(StageName::from("prod")),
        revision: Some(revision('9')),
        next: Some(Next::Person),
        look: look(),
        ..base(Kind::Refused {
            why: "the artifact's digest is sha256:cdcd, the verified one is sha256:abab".to_owned(),
        })
    };
    let gone = |kind| Announcement {
        stage: Some(StageName::from("alice")),
        look: look(),
        ..base(kind)
    };
    let owner = || Some("alice".to_owned());
    let now = base(Kind::Unverified).now;
    let days = |n: i64| SignedDuration::from_hours(24 * n);
    let expiring = Announcement {
        since: now.saturating_sub(days(6)).unwrap(),
        ..gone(Kind::Expiring {
            owner: owner(),
            ends: now.saturating_add(days(1)).unwrap(),
        })
    };
    let torn_down = gone(Kind::TornDown {
        owner: owner(),
        why: "idle for 7d".to_owned(),
    });
    let orphaned = gone(Kind::Orphaned {
        owner: None,
        why: "step leftovers failed: exit code 1\nleft behind:\nbucket photos-alice".to_owned(),
    });
    let not_led = gone(Kind::FlipFailed {
        live: Some(StageName::from("prod")),
        why: "step lead failed: exit code 1\nno route".to_owned(),
    });
    let quiet = SignedDuration::from_hours(2);
    let flapping = Announcement {
        since: at("2026-11-21T14:03:00Z"),
        cause: broke().cause,
        revision: Some(revision('9')),
        ..gone(Kind::Flapping { breaks: 4, quiet })
    };
    let settled = |green| Announcement {
        since: at("2026-11-21T11:03:00Z"),
        ..gone(Kind::Settled {
            breaks: 7,
            quiet,
            green,
        })
    };
    let stays_broken = Announcement {
        flapped: Some(7),
        ..broke()
    };
    let held = |n: u32| HeldMessage {
        at: at("2026-11-21T14:33:00Z"),
        what: format!("stage-{n} broke: {n} of 412 tests fail (#{n})"),
        possibly_repeated: n == 2,
    };
    let digest = Announcement {
        since: at("2026-11-21T14:33:00Z"),
        look: look(),
        ..base(Kind::Digest {
            held: (1..=20).map(held).collect(),
            more: 3,
        })
    };
    let test = base(Kind::Test {
        channel: ChannelName::from("team"),
    });
    vec![
        ("broke_by_tests", broke()),
        ("broke_by_a_step", deploy),
        ("changed_same_revision_repeated", same_revision),
        ("recovered", recovered),
        ("unverified", unverified),
        ("stage_file_invalid", invalid),
        ("exhausted", exhausted),
        ("refused", refused),
        ("test", test),
        ("expiring", expiring),
        ("torn_down", torn_down),
        ("orphaned", orphaned),
        ("flip_failed", not_led),
        ("flapping", flapping),
        ("settled", settled(true)),
        ("settled_nobody_knows", settled(false)),
        ("broke_after_flapping", stays_broken),
        ("digest", digest),
    ]
}
