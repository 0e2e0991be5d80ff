//! What attackers, consoles, channels and regions do.

use jiff::Timestamp;

use super::script::{Frame, soon};
use super::{Act, Attack, Forgery, Hand, Item};
use crate::fault::Port;
use crate::ports::seconds;
use crate::random::{Random, key, mix};

pub(super) fn attack(random: &mut Random) -> Act {
    Act::Attack(*random.pick(&[
        Attack::Forged,
        Attack::Unsigned,
        Attack::OtherSecret,
        Attack::Replay,
        Attack::Changed,
        Attack::Brackets,
        Attack::SignedBrackets,
        Attack::SignedNonsense,
    ]))
}

pub(super) fn channel(frame: &Frame<'_>, random: &mut Random) -> Act {
    if frame.cast.channels.is_empty() || random.chance(250) {
        return Act::ChatMoves {
            to: format!("-{}", random.between(100, 999)),
        };
    }
    Act::ChannelDies {
        channel: random.pick(&frame.cast.channels).clone(),
        lasts: seconds(random.between(600, 12 * 3600)),
    }
}

/// One port, several at once, or all of a region.
pub(super) fn outage(random: &mut Random) -> Act {
    let ports = match random.below(6) {
        0 => Port::ALL.to_vec(),
        1 => vec![Port::Store, Port::Pipelines],
        2 => vec![Port::Pipelines, Port::Suites, Port::Channels],
        _ => vec![*random.pick(&Port::ALL)],
    };
    Act::Outage {
        ports,
        lasts: seconds(random.between(60, 90 * 60)),
    }
}

/// Something goes away just when a push makes Greenroom need it: while the push is decided, while
/// its run is claimed and started, or again and again.
pub(super) fn at_a_bad_moment(
    frame: &Frame<'_>,
    number: u64,
    at: Timestamp,
    act: &Act,
    items: &mut Vec<Item>,
) {
    let mut random = Random::of(frame.seed, mix(number ^ key("moment")));
    let tempting = match act {
        Act::Push { .. } => random.chance(60),
        Act::Command { .. } | Act::Outage { .. } => random.chance(100),
        _ => false,
    };
    if !tempting {
        return;
    }
    let ports = match random.below(3) {
        0 => vec![Port::Store],
        1 => vec![Port::Pipelines],
        _ => vec![Port::Store, Port::Source, Port::Pipelines],
    };
    let mut at = soon(at, random.between(0, 420));
    for i in 0..random.between(1, 4) {
        let number = mix(number ^ key("away") ^ mix(i));
        let act = Act::Outage {
            ports: ports.clone(),
            lasts: seconds(random.between(2, 240)),
        };
        items.push(Item { number, at, act });
        at = soon(at, random.between(10, 600));
    }
}

pub(super) fn hand(frame: &Frame<'_>, random: &mut Random) -> Act {
    Act::Hand(match random.below(6) {
        0 => Hand::Stop {
            which: random.bits(),
        },
        1 => Hand::Skip {
            which: random.bits(),
        },
        2 => Hand::Again {
            which: random.bits(),
        },
        3 => Hand::Close {
            which: random.bits(),
            lasts: seconds(random.between(60, 2400)),
        },
        _ => Hand::Start {
            stage: random.pick(&frame.cast.stages).clone(),
            forgery: *random.pick(&[
                Forgery::Nonce,
                Forgery::NextGeneration,
                Forgery::OldGeneration,
                Forgery::Revision,
                Forgery::OtherStage,
            ]),
        },
    })
}
