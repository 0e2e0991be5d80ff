//! The gates: whether a stage is claimed now, for which bytes, and what is said otherwise.

use greenroom_core::effect::Effect;
use greenroom_core::plan::plan;

use crate::answers::{self, difference};
use crate::draw::draw;
use crate::lay::{Laid, Names, lay};
use crate::random::seeds;
use crate::sentences::{Answer, decide};
use crate::situation::*;

const CASES: u64 = 120_000;

/// What the core decides.
fn planned(s: &Situation) -> Answer {
    let laid = lay(s);
    let plan = plan(&laid.view(), laid.policy.as_ref());
    let starts = plan.effects.iter().filter_map(|effect| match effect {
        Effect::StartExecution {
            generation,
            nonce,
            release,
            ..
        } => Some((*generation, nonce, release)),
        _ => None,
    });
    let starts: Vec<_> = starts.collect();
    let claimed = plan.next.run.as_ref().filter(|_| s.run.is_none());
    match (claimed, starts.as_slice()) {
        (None, []) => assert_eq!(plan.next.generation, laid.stage.generation),
        (Some(run), [(generation, nonce, release)]) => {
            assert_eq!(*generation, laid.stage.generation + 1);
            assert_eq!(plan.next.generation, *generation);
            assert_eq!((*nonce, *release), (&laid.nonce, &run.release));
            assert_eq!(run.nonce, laid.nonce);
        }
        other => panic!("a claim and its start belong together: {other:?}"),
    }
    Answer {
        claims: claimed.map(|run| flat(&laid, s, &run.release)),
        codes: answers::codes(&plan),
    }
}

/// Which bytes of the situation a release is.
fn flat(laid: &Laid, s: &Situation, release: &greenroom_core::release::Release) -> Bytes {
    let names = Names::of(laid.policy.as_ref());
    let all = (1..=2).flat_map(|revision| {
        (0..=1).flat_map(move |recipe| {
            (0..=2).map(move |artifact| Bytes {
                revision,
                recipe,
                artifact,
            })
        })
    });
    all.into_iter()
        .find(|bytes| names.release(*bytes) == *release)
        .unwrap_or_else(|| panic!("{release:?} comes from nowhere: {s:#?}"))
}

/// Nobody says anything of a release in these situations, none is of a fork, none has to pass another
/// stage, nobody runs anything past Greenroom, nothing waits in line, nothing is muted or flaps, no
/// stage takes turns with another, and no stage goes: what that adds to the gates is in
/// `machine/marks.rs`, `machine/through.rs`, `machine/foreign.rs`, `machine/fifo.rs`, `machine/watch.rs`,
/// `machine/life.rs`, `machine/mute.rs`, `machine/flap.rs`, `machine/toggle.rs`, `machine/sharing.rs` and
/// `machine/forks.rs`.
const ELSEWHERE: [&str; 21] = [
    "marked_bad",
    "mark_missing",
    "through",
    "foreign",
    "parked",
    "expires",
    "tearing_down",
    "torn_down",
    "orphan",
    "queued",
    "watching",
    "watched",
    "muted",
    "toggle_kept",
    "toggle_closed",
    "flipping",
    "flip_failed",
    "flapping",
    "resource_in_use",
    "resource_taken",
    "fork_unapproved",
];

#[test]
fn the_gates_are_what_the_documentation_says() {
    let mut claims = 0;
    let mut codes = std::collections::BTreeMap::<&str, u64>::new();
    for seed in seeds(CASES) {
        let situation = draw(seed);
        let expected = decide(&situation);
        if let Some(difference) = difference(seed, &situation, &expected, &planned(&situation)) {
            panic!("{difference}");
        }
        claims += u64::from(expected.claims.is_some());
        for code in expected.codes {
            *codes.entry(code).or_default() += 1;
        }
    }
    // The cases are worth something only if they get everywhere.
    assert!(claims > CASES / 50, "{claims} claims");
    let drawn = greenroom_core::waiting::Wait::CODES;
    for code in drawn.iter().filter(|code| !ELSEWHERE.contains(*code)) {
        assert!(codes.get(*code) > Some(&100), "{code}: {codes:?}");
    }
}

/// A mistake, made by showing the core a situation that differs in what the mistake overlooks.
type Mistake = (&'static str, fn(&mut Situation));

const MISTAKES: [Mistake; 23] = [
    ("the clock is right", |s| s.clock_error = 0),
    ("one clock's error is enough", |s| {
        if let Some(Upstream {
            verified: Some(proof),
            ..
        }) = &mut s.upstream
        {
            proof.since -= s.clock_error;
        }
    }),
    ("a soak of a nanosecond less", |s| s.now += 1),
    ("nothing soaks", |s| s.soak = None),
    ("no lock", |s| s.lock = None),
    ("a lock has no end", |s| {
        if let Some(lock) = &mut s.lock {
            lock.until = None;
        }
    }),
    ("no hold", |s| s.held = false),
    ("everything stops", |s| s.unstopped = false),
    ("no back-off", |s| {
        if let Some(waits) = &mut s.waits {
            waits.not_before = None;
        }
    }),
    ("one yes less is enough", |s| {
        s.need = s.need.map(|need| need.max(2) - 1);
    }),
    ("a yes is for any bytes", |s| {
        if let Some(proof) = s.upstream.and_then(|it| it.verified) {
            s.approvals.iter_mut().for_each(|yes| yes.to = proof.of);
        }
    }),
    ("a yes is for any terms", |s| {
        for yes in &mut s.approvals {
            yes.under = Terms::InForce;
        }
    }),
    ("each yes is another person's", |s| {
        for (yes, by) in s.approvals.iter_mut().zip(["a", "b", "c", "d"]) {
            yes.by = by;
        }
    }),
    ("proven is proven", |s| {
        if let Some(Upstream {
            verified: Some(proof),
            ..
        }) = &mut s.upstream
        {
            proof.under = Terms::InForce;
        }
    }),
    ("a red run is over", |s| s.run = None),
    ("nothing is demanded of a build", |s| s.demands = 0),
    ("every build shows everything", |s| s.shows = 15),
    ("no window", |s| s.window = None),
    ("a window of either kind", |s| {
        if let Some(window) = &mut s.window {
            window.allows = !window.allows;
        }
    }),
    ("nothing is let through", |s| s.through = None),
    ("no pause", |s| s.pause = None),
    ("any pipeline deploys", |s| s.outdated.0 = false),
    ("any pipeline builds", |s| s.outdated.1 = false),
];

#[test]
fn each_wrong_gate_is_noticed() {
    for (mistake, make) in MISTAKES {
        let noticed = seeds(20_000).find_map(|seed| {
            let right = draw(seed);
            let mut wrong = right.clone();
            make(&mut wrong);
            difference(seed, &right, &decide(&right), &planned(&wrong))
        });
        assert!(noticed.is_some(), "nobody notices: {mistake}");
    }
}
