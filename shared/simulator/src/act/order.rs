//! What tries lines and watches: pushes that come faster than anything is deployed, and stages on
//! which something breaks though nothing was changed. Each has a stream of its own.

use super::moment::{Blow, Lurk, Moment, Where};
use super::script::{Frame, soon};
use super::{Act, Item, source};
use crate::ports::seconds;
use crate::random::{Random, key, mix};
use crate::setup::draft::Draft;

/// No stage is ill for longer.
const ILL_MOST: u64 = 3 * 3600;

pub(super) fn orders(frame: &Frame<'_>, draft: &Draft) -> Vec<Item> {
    let mut items = Vec::new();
    if !frame.cast.lines.is_empty() {
        bursts(frame, &mut items);
    }
    if !frame.cast.watched.is_empty() {
        ills(frame, &mut items);
    }
    for (above, below) in draft.watched_above() {
        items.extend(doubt(frame, &above, &below));
    }
    items
}

/// What turns green is red in a later round, while it waits in the line below: that is locked when
/// it is let in, and its tests fail from when it is green.
fn doubt(frame: &Frame<'_>, above: &str, below: &str) -> [Item; 2] {
    let number = mix(key("doubt") ^ key(below));
    let mut random = Random::of(frame.seed, number);
    let at = frame.instant(&mut random).min(frame.instant(&mut random));
    let lock = Blow::Lock {
        at: Where::Below,
        lasts: Some(seconds(random.between(3600, 2 * ILL_MOST))),
    };
    let ill = Blow::Act(Box::new(Act::Ill {
        stage: above.to_owned(),
        lasts: seconds(random.between(3600, 2 * ILL_MOST)),
        slow: false,
    }));
    [(0, Moment::Admitted, lock), (1, Moment::Green, ill)].map(|(n, moment, blow)| Item {
        number: mix(number ^ n),
        at,
        act: Act::Lurk(Lurk {
            moment,
            stage: Some(above.to_owned()),
            passes: 0,
            times: 1,
            within: 2,
            blows: vec![blow],
        }),
    })
}

/// A branch goes on and on; once in a while longer than any line.
fn bursts(frame: &Frame<'_>, items: &mut Vec<Item>) {
    let mut all = Random::of(frame.seed, key("bursts"));
    for i in 0..all.between(1, 3) {
        let number = mix(key("burst") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let branch = random.pick(&frame.cast.lines).clone();
        let size = match random.chance(60) {
            true => random.between(22, 30),
            false => random.between(2, 6),
        };
        let mut at = frame.instant(&mut random);
        for n in 0..size {
            let act = match random.chance(80) {
                true => Act::Back {
                    branch: branch.clone(),
                    actor: source::pusher(&mut random),
                    steps: random.between(1, 3),
                },
                false => Act::Push {
                    branch: branch.clone(),
                    actor: source::pusher(&mut random),
                    quality: source::quality(200, &mut random),
                },
            };
            let number = mix(number ^ mix(n + 1));
            items.push(Item { number, at, act });
            at = soon(at, random.between(5, 240));
        }
    }
}

/// Something that a stage relies on is broken for a while.
fn ills(frame: &Frame<'_>, items: &mut Vec<Item>) {
    let mut all = Random::of(frame.seed, key("ills"));
    for i in 0..all.between(1, 5) {
        let number = mix(key("ill") ^ mix(i));
        let mut random = Random::of(frame.seed, number);
        let act = Act::Ill {
            stage: random.pick(&frame.cast.watched).clone(),
            lasts: seconds(random.between(300, ILL_MOST)),
            slow: Random::of(frame.seed, mix(number ^ key("slow"))).chance(350),
        };
        let at = frame.instant(&mut random);
        items.push(Item { number, at, act });
    }
}
