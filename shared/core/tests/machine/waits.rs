//! Every wait explains itself.

use std::collections::BTreeSet;

use greenroom_core::definition::{Definition, DefinitionHash};
use greenroom_core::evidence::Gate;
use greenroom_core::freeze::Edge;
use greenroom_core::name::{ExecutionId, StageName};
use greenroom_core::pause::Pause;
use greenroom_core::policy::Policy;
use greenroom_core::stage::{Foreign, Gone, Hold, Lock, Mute, Orphan, Parked, Rejected, Unstopped};
use greenroom_core::stage_file::{StageFile, WindowKind};
use greenroom_core::toggle::Doubt;
use greenroom_core::waiting::{
    Closing, LifeWait, Passing, ReleaseWait, ShareWait, ToggleWait, Wait, WatchWait,
};
use jiff::SignedDuration;

use crate::world::*;

fn closed(gate: Gate) -> Wait {
    Wait::Gate {
        gate,
        revision: revision(1),
        required: "it is so".to_owned(),
        found: "it is not".to_owned(),
    }
}

fn through(passing: Passing) -> Wait {
    Wait::Release(ReleaseWait::Through {
        stage: StageName::new("staging"),
        revision: revision(1),
        passing,
    })
}

fn fork(mark: Option<String>, own: Option<String>) -> Wait {
    Wait::Release(ReleaseWait::Fork {
        revision: revision(1),
        mark,
        by: vec!["owner".to_owned()],
        own,
    })
}

fn every_wait() -> Vec<Wait> {
    let world = World::new();
    let since = world.now;
    let revision = revision(1);
    let upstream = StageName::new("preprod");
    let text = || "because".to_owned();
    let lock = Lock {
        by: text(),
        reason: text(),
        since,
        until: Some(since),
    };
    let hold = Hold {
        by: text(),
        reason: text(),
        since,
    };
    let no = Rejected {
        by: text(),
        reason: text(),
        at: since,
        release: world.release(1),
    };
    let generation = 4;
    vec![
        Wait::UpToDate,
        Wait::NothingYet { from: text() },
        Wait::Locked(lock),
        Wait::Held {
            hold,
            promotes: true,
        },
        Wait::Unstopped(Unstopped {
            generation,
            execution: ExecutionId::new("exec-1"),
            since,
        }),
        Wait::Backoff {
            revision: revision.clone(),
            until: since,
        },
        Wait::Building {
            revision: revision.clone(),
            since,
        },
        Wait::BuildFailed {
            revision: revision.clone(),
            step: text(),
            why: text(),
        },
        Wait::BuildUnclear {
            revision: revision.clone(),
            why: text(),
        },
        Wait::Starting { generation, since },
        Wait::Deploying {
            generation,
            revision: revision.clone(),
            since,
            deadline: since,
        },
        Wait::Stopping { generation, since },
        Wait::Verifying {
            generation,
            suites: vec![text()],
            since,
        },
        Wait::ReadingHead { since },
        Wait::UpstreamUnverified {
            upstream: upstream.clone(),
            red: false,
        },
        Wait::UpstreamOutdated {
            upstream: upstream.clone(),
        },
        Wait::Soaking {
            upstream,
            revision: revision.clone(),
            until: since,
        },
        Wait::Approval {
            revision: revision.clone(),
            have: 1,
            need: 2,
            by: Vec::new(),
        },
        Wait::FailedHere {
            revision,
            aborted: false,
        },
        Wait::Rejected {
            no,
            promotes: false,
        },
        Wait::RuleGone { rule: text() },
        closed(Gate::Tests),
        closed(Gate::Coverage),
        closed(Gate::Endpoints),
        closed(Gate::Docs),
        Wait::Frozen {
            revision: world.release(1).revision,
            rollback: false,
            closed: vec![Closing {
                window: text(),
                kind: WindowKind::Deny,
                reason: text(),
            }],
            opens: Edge::At(since),
            roles: vec![text()],
        },
        Wait::Paused {
            pause: Pause {
                by: text(),
                reason: text(),
                since,
                until: None,
            },
            app: "acme/orders".into(),
        },
        Wait::Release(ReleaseWait::Bad {
            revision: world.release(1).revision,
            by: text(),
            reason: text(),
        }),
        Wait::Release(ReleaseWait::Unmarked {
            revision: world.release(1).revision,
            mark: text(),
            by: vec![text()],
        }),
        fork(None, None),
        fork(Some(text()), None),
        fork(Some(text()), Some(text())),
        through(Passing::Asked),
        through(Passing::Busy {
            with: world.release(2).revision,
        }),
        through(Passing::Broken),
        through(Passing::TakenOver { asked: 5 }),
        Wait::PipelineOutdated {
            definition: Definition {
                name: "greenroom-acme-orders-dev".to_owned(),
                hash: DefinitionHash::new("0123456789abcdef"),
            },
        },
        Wait::Foreign(Foreign {
            execution: ExecutionId::new("p/exec-1"),
            what: text(),
            at: since,
            told: true,
        }),
        Wait::Life(LifeWait::Parked(Parked {
            by: text(),
            reason: text(),
            since,
            until: since,
        })),
        Wait::Life(LifeWait::Expires { since, at: since }),
        Wait::Life(LifeWait::ToTearDown {
            why: text(),
            since,
            until: None,
        }),
        Wait::Life(LifeWait::TearingDown {
            generation: 3,
            since,
            deadline: since,
        }),
        Wait::Life(LifeWait::Behind {
            revision: world.release(1).revision,
        }),
        Wait::Life(LifeWait::NoTeardown { pipeline: text() }),
        Wait::Life(LifeWait::Spared),
        Wait::Life(LifeWait::Gone {
            gone: Gone {
                at: since,
                generation: 3,
                why: text(),
            },
            from: text(),
        }),
        Wait::Life(LifeWait::Orphan(Orphan {
            since,
            generation: 3,
            why: text(),
        })),
        Wait::Watch(WatchWait::UnderWay {
            round: 3,
            suites: vec![text()],
            since,
        }),
        Wait::Watch(WatchWait::Next {
            at: since,
            last: Some((since, text())),
            outdated: true,
        }),
        Wait::Watch(WatchWait::Paused),
        Wait::Queued {
            behind: vec![world.release(1).revision, world.release(2).revision],
            most: 2,
        },
        Wait::Muted(Mute {
            by: text(),
            reason: text(),
            since,
            until: since,
        }),
        Wait::Toggle(ToggleWait::Kept {
            live: Some(StageName::new("prod-backup")),
            until: since,
        }),
        Wait::Toggle(ToggleWait::NotIdle {
            live: true,
            other: StageName::new("prod-backup"),
        }),
        Wait::Toggle(ToggleWait::Flipping {
            generation,
            since,
            deadline: since,
        }),
        Wait::Toggle(ToggleWait::Doubt {
            doubt: Doubt {
                to: StageName::new("prod-backup"),
                generation,
                since,
                why: text(),
            },
            live: None,
        }),
        Wait::Flapping {
            breaks: 4,
            since,
            until: since,
        },
        Wait::Share(ShareWait::InUse {
            resource: text(),
            stage: StageName::new("dev"),
            generation,
        }),
        Wait::Share(ShareWait::Taken {
            resource: text(),
            owner: text(),
        }),
    ]
}

#[test]
fn every_code_has_a_wait_a_sentence_and_somebody_who_can_end_it() {
    let waits = every_wait();
    let codes: BTreeSet<_> = waits.iter().map(Wait::code).collect();
    assert_eq!(codes, BTreeSet::from(Wait::CODES));
    assert_eq!(codes.len(), Wait::CODES.len(), "each code once");
    let stage = StageName::new("prod");
    for wait in waits {
        let said = wait.explain(&stage);
        assert_eq!(said.code, wait.code());
        assert!(said.sentence.len() > 10, "{said:?}");
        assert!(!said.sentence.ends_with('.'), "{said:?}");
        assert!(!said.who.is_empty(), "{said:?}");
        if let Some(command) = &said.command {
            assert!(command.starts_with("greenroom "), "{command}");
        }
        let ends_by_itself = said.until.is_some();
        if wait.blocks() {
            assert!(said.command.is_some() || ends_by_itself, "{said:?}");
        }
    }
}

#[test]
fn a_stage_that_nothing_led_to_says_what_would() {
    let mut world = World::new();
    for (name, from) in [
        ("dev", "pushes to develop"),
        ("tagged", "tags v*"),
        ("bare", "pushes to bare/**"),
        ("preprod", "master by its schedule (0 6 * * * Europe/Rome)"),
    ] {
        let plan = world.replan(name);
        let said = plan.waiting_on[0].explain(&StageName::new(name));
        assert_eq!(said.code, "nothing_yet");
        assert!(said.sentence.ends_with(from), "{}", said.sentence);
    }
}

#[test]
fn the_run_under_way_is_named_before_the_branch_that_is_read() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    let refresh = greenroom_core::command::Command::Refresh;
    let plan = world.command("dev", &operator(), refresh).expect("granted");
    assert_eq!(codes(&plan), ["starting", "reading_head"]);
}

#[test]
fn a_policy_is_the_slice_of_the_file_for_one_rule() {
    let file = stage_file(FILE);
    let of = |file: &StageFile, name: &str| {
        Policy::of(file, &name.into(), SignedDuration::ZERO).map(|policy| {
            (
                policy.upstream.map(|upstream| upstream.stage.to_string()),
                policy
                    .downstream
                    .iter()
                    .map(|downstream| (downstream.stage.to_string(), downstream.soak))
                    .collect::<Vec<_>>(),
                policy.schedule.is_some(),
            )
        })
    };
    let prod = vec![("prod".to_owned(), SignedDuration::from_hours(1))];
    assert_eq!(of(&file, "dev"), Some((None, vec![], false)));
    assert_eq!(of(&file, "preprod"), Some((None, prod, true)));
    assert_eq!(
        of(&file, "prod"),
        Some((Some("preprod".to_owned()), vec![], false))
    );
    assert_eq!(of(&file, "gone"), None);
    let builds = |name: &str| {
        Policy::of(&file, &name.into(), SignedDuration::ZERO).map(|policy| policy.builds())
    };
    assert_eq!((builds("dev"), builds("bare")), (Some(true), Some(false)));
}

#[test]
fn what_moves_by_itself_blocks_nobody() {
    let blocks: Vec<_> = every_wait()
        .iter()
        .filter(|wait| wait.blocks())
        .map(Wait::code)
        .collect();
    assert_eq!(
        blocks,
        [
            "locked",
            "held",
            // By what would not stop.
            "held",
            "backoff",
            "build_failed",
            "build_unclear",
            "upstream_unverified",
            "upstream_outdated",
            "soaking",
            "approval",
            "failed_here",
            "rejected",
            "rule_gone",
            "gate_tests",
            "gate_coverage",
            "gate_endpoints",
            "gate_docs",
            "frozen",
            "paused",
            "marked_bad",
            "mark_missing",
            // Where no fork is taken, where nobody and where its author has marked it.
            "fork_unapproved",
            "fork_unapproved",
            "fork_unapproved",
            // Where it did not pass, and where others took that stage over.
            "through",
            "through",
            "pipeline_outdated",
            "foreign",
            "parked",
            "tearing_down",
            "orphan",
            "toggle_kept",
            "toggle_closed",
            "flip_failed",
            "resource_in_use",
            "resource_taken"
        ]
    );
}
