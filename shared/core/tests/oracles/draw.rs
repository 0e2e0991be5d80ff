//! Draws situations, most of them at the edge of something: a soak just over, a lock that ends
//! now, a yes that is almost for the right bytes.

use crate::lay::{DEMANDS, NEEDS, SOAKS};
use crate::random::Random;
use crate::situation::*;

const PEOPLE: [Person; 6] = ["alice", "Alice", "bob", "carol", "mallory", "BOB"];
const ERRORS: [i64; 4] = [0, 1, SECOND, 5 * MINUTE];

/// The situation of this seed.
pub fn draw(seed: u64) -> Situation {
    let mut random = Random::new(seed);
    let r = &mut random;
    let clock_error = r.pick(&ERRORS);
    let takes = match r.below(12) {
        0..7 => Takes::Promotions,
        7..10 => Takes::Branch,
        10 => Takes::Tags,
        _ => Takes::Nothing,
    };
    let soak = r.pick(&SOAKS);
    // What most of it is about, so that the parts of a situation concern each other.
    let topic = bytes(r, takes);
    let about = |r: &mut Random| near(r, topic, takes);
    let green = r.mostly(2, about);
    let greens = greens(r, green, topic, takes);
    let mut situation = Situation {
        now: 0,
        clock_error,
        takes,
        soak,
        need: r.pick(&NEEDS),
        owners_only: r.one_in(2),
        upstream: r.mostly(8, |r| upstream(r, topic, soak, clock_error)),
        lock: (r.one_in(4)).then(|| Lock {
            by: r.pick(&PEOPLE),
            until: r.mostly(5, |r| edge(r, &[-clock_error, 0, clock_error])),
        }),
        held: r.one_in(6),
        unstopped: false,
        run: r.one_in(8).then(|| run(r, topic, takes)),
        last: r.mostly(2, |r| Ended {
            of: near(r, topic, takes),
            why: why(r),
            succeeded: r.one_in(2),
        }),
        waits: r.mostly(3, |r| waiting(r, topic, takes)),
        build: r.mostly(6, |r| made(r, topic)),
        deployed: r.mostly(3, about),
        tried: r
            .one_in(5)
            .then(|| about(r))
            .filter(|it| Some(*it) != green),
        green,
        greens,
        rejected: r.one_in(6).then(|| about(r)),
        approvals: approvals(r, topic, takes),
        head: r.mostly(3, |r| near(r, topic, takes).revision),
        reading: r.one_in(8),
        broken: r.one_in(5),
        demands: r.pick(&DEMANDS),
        shows: r.pick(&[0, 1, 7, 11, 13, 14, 15, 15]),
        pause: None,
        window: None,
        through: None,
        outdated: (false, false),
    };
    calendar(r, &mut situation);
    // Nothing runs beside it.
    situation.unstopped = situation.run.is_none() && r.one_in(8);
    situation.outdated = (r.one_in(8), r.one_in(8));
    situation
}

/// An instant at, just before or just after one of `edges`; or anywhere around.
fn edge(r: &mut Random, edges: &[i64]) -> i64 {
    match r.below(6) {
        0 => r.between(-30 * MINUTE, 30 * MINUTE),
        _ => r.pick(edges) + r.pick(&[-SECOND, -1, 0, 1, SECOND]),
    }
}

fn bytes(r: &mut Random, takes: Takes) -> Bytes {
    Bytes {
        revision: 1 + u8::from(r.one_in(2)),
        recipe: u8::from(r.one_in(6)),
        artifact: match takes {
            Takes::Tags => 0,
            _ => 1 + u8::from(r.one_in(2)),
        },
    }
}

/// The same bytes, or others that differ in as little as possible.
fn near(r: &mut Random, topic: Bytes, takes: Takes) -> Bytes {
    let mut near = topic;
    match r.below(8) {
        0 => near.revision = 3 - near.revision,
        1 => near.recipe = 1 - near.recipe,
        2 if takes != Takes::Tags => near.artifact = 3 - near.artifact.max(1),
        3 => near = bytes(r, takes),
        _ => {}
    }
    near
}

fn terms(r: &mut Random) -> Terms {
    match r.below(8) {
        0 => Terms::OtherRecipe,
        1 => Terms::OtherSettings,
        _ => Terms::InForce,
    }
}

fn upstream(r: &mut Random, topic: Bytes, soak: Option<i64>, clock_error: i64) -> Upstream {
    let soak = soak.unwrap_or(0);
    Upstream {
        verified: r.mostly(6, |r| Proof {
            of: near(r, topic, Takes::Promotions),
            under: terms(r),
            since: edge(
                r,
                &[
                    -soak - 2 * clock_error,
                    -soak - 2 * clock_error,
                    -soak - clock_error,
                    -soak,
                    clock_error,
                    -soak - 60 * MINUTE,
                    -soak - 60 * MINUTE,
                ],
            ),
        }),
        red: r.one_in(4),
    }
}

fn why(r: &mut Random) -> Why {
    r.pick(&[
        Why::Push,
        Why::Poll,
        Why::Tag,
        Why::PullRequest,
        Why::Slot,
        Why::AskedFor,
        Why::Promotion,
        Why::Promotion,
        Why::Rollback,
        Why::Rollback,
        Why::Retry,
    ])
}

fn waiting(r: &mut Random, topic: Bytes, takes: Takes) -> Waiting {
    let why = why(r);
    let of = near(r, topic, takes);
    // What is promoted or rolled back to is bytes; anything else has them after a run only.
    let is_known = matches!(why, Why::Promotion | Why::Rollback) || r.one_in(3);
    Waiting {
        why,
        revision: of.revision,
        bytes: is_known.then_some(of),
        asked: match r.below(8) {
            0 => Asked::Again,
            1 => Asked::InVain,
            2 => Asked::For(1, r.pick(&[0, 1])),
            3 | 4 => Asked::For(0, r.pick(&[0, 1, 2])),
            _ => Asked::No,
        },
        not_before: r.one_in(5).then(|| edge(r, &[0])),
    }
}

fn made(r: &mut Random, topic: Bytes) -> Made {
    let of = near(r, topic, Takes::Branch);
    Made {
        revision: of.revision,
        recipe: of.recipe,
        attempt: r.pick(&[1, 2, 3]),
        how: match r.below(8) {
            0 => How::Running,
            1 => How::Pausing,
            2 => How::Failed,
            3 => How::Unclear,
            4 => How::Succeeded(0),
            _ => How::Succeeded(of.artifact),
        },
    }
}

fn run(r: &mut Random, topic: Bytes, takes: Takes) -> Running {
    let phase = r.pick(&[
        Phase::Starting,
        Phase::Starting,
        Phase::Deploying,
        Phase::Verifying,
        Phase::Stopping,
    ]);
    Running {
        of: near(r, topic, takes),
        why: why(r),
        phase,
        deadline: match r.below(3) {
            0 => 1,
            _ => r.between(1, 40 * MINUTE),
        },
        // Less than the two minutes that a stop may take.
        since: -r.between(0, 2 * MINUTE - 1),
        known: r.one_in(2),
    }
}

fn greens(r: &mut Random, green: Option<Bytes>, topic: Bytes, takes: Takes) -> Vec<Bytes> {
    let mut greens: Vec<Bytes> = green.into_iter().collect();
    for _ in 0..r.below(4) {
        let one = near(r, topic, takes);
        if !greens.contains(&one) {
            greens.insert(r.below(greens.len() + 1), one);
        }
    }
    greens
}

fn approvals(r: &mut Random, topic: Bytes, takes: Takes) -> Vec<Yes> {
    (0..r.below(5))
        .map(|_| Yes {
            by: r.pick(&PEOPLE),
            to: near(r, topic, takes),
            under: terms(r),
        })
        .collect()
}

/// A pause around its end, a window around its edges, and a person who lets something through.
fn calendar(r: &mut Random, s: &mut Situation) {
    if r.one_in(8) {
        let error = s.clock_error;
        s.pause = Some(r.mostly(5, |r| edge(r, &[-error, 0, error])));
    }
    if r.one_in(3) {
        s.window = Some(Window {
            allows: r.one_in(2),
            begin: r.pick(&BEGINS),
        });
        let run = s.run.map(|run| run.of);
        let waits = s.waits.and_then(|it| it.bytes);
        let verified = s.upstream.and_then(|it| it.verified).map(|it| it.of);
        let through = r.pick(&[run, waits, verified]);
        s.through = through.filter(|_| r.one_in(3));
    }
}
