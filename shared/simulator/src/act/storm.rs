//! Storms: so many messages at once that a channel gets digests, and a stage that breaks again and
//! again. Each has a stream of its own.

use super::script::{Frame, soon};
use super::{Act, Item};
use crate::model::repository::Quality;
use crate::random::{Random, key, mix};

pub(super) fn storms(frame: &Frame<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut random = Random::of(frame.seed, key("storm"));
    if random.chance(200) && !frame.cast.channels.is_empty() {
        for i in 0..random.between(1, 3) {
            burst(frame, i, &mut items);
        }
    }
    if Random::of(frame.seed, key("flapping")).chance(150) {
        flaps(frame, &mut items);
    }
    items
}

/// Many messages for a channel within minutes.
fn burst(frame: &Frame<'_>, i: u64, items: &mut Vec<Item>) {
    let mut random = Random::of(frame.seed, mix(key("burst") ^ mix(i)));
    let channel = random.pick(&frame.cast.channels).clone();
    let mut at = frame.instant(&mut random);
    let apart = *random.pick(&[1, 2, 10, 60]);
    for n in 0..random.between(8, 30) {
        at = soon(at, random.between(1, apart));
        items.push(Item {
            number: mix(key("test message") ^ mix(i) ^ mix(mix(n))),
            at,
            act: Act::Test {
                channel: channel.clone(),
            },
        });
    }
}

/// One commit breaks the stage of a branch, the next mends it, and so on.
fn flaps(frame: &Frame<'_>, items: &mut Vec<Item>) {
    let mut random = Random::of(frame.seed, key("flapping") ^ 1);
    let mut at = frame.instant(&mut random);
    for n in 0..random.between(8, 16) {
        let quality = match n % 2 {
            0 => Quality::TestsFail,
            _ => Quality::Good,
        };
        let act = Act::Push {
            branch: "develop".to_owned(),
            actor: "bob".to_owned(),
            quality,
        };
        let number = mix(key("flap") ^ mix(n));
        items.push(Item { number, at, act });
        at = soon(at, random.between(180, 900));
    }
}
