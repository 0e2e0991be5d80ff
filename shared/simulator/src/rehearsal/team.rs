//! A team at work: what it pushes, tags and approves on which day, and what goes wrong meanwhile.

use std::collections::BTreeSet;

use greenroom_core::schedule::zone;
use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::act::{Act, Item};
use crate::fault::Port;
use crate::model::repository::Quality;
use crate::ports::seconds;
use crate::random::{Random, key, mix};
use crate::setup::cast::{Cast, PUSHERS};

/// Working hours, local.
const HOURS: std::ops::Range<u64> = 9..18;

/// Some Monday of 2026, at midnight where the team is.
pub fn monday(cast: &Cast, random: &mut Random) -> Timestamp {
    let weeks = i64::try_from(random.below(50)).unwrap_or(0);
    let day = date(2026, 1, 5)
        .checked_add(weeks.weeks())
        .unwrap_or(date(2026, 1, 5));
    instant(&team_zone(cast), day.at(0, 0, 41, 0))
}

fn team_zone(cast: &Cast) -> TimeZone {
    let known = cast.zone.as_deref().and_then(|name| zone(name).ok());
    known.unwrap_or(TimeZone::UTC)
}

fn instant(zone: &TimeZone, local: DateTime) -> Timestamp {
    zone.to_timestamp(local).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Everything the team and misfortune do in so many days.
pub fn script(seed: u64, cast: &Cast, start: Timestamp, days: u32) -> Vec<Item> {
    let zone = team_zone(cast);
    let mut items = Vec::new();
    let first = start.to_zoned(zone.clone()).date();
    for n in 0..days {
        let Ok(day) = first.checked_add(i64::from(n).days()) else {
            break;
        };
        let day = Day {
            seed,
            cast,
            zone: &zone,
            day,
            number: u64::from(n),
        };
        day.misfortune(&mut items);
        if !matches!(day.day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            day.pushes(&mut items);
            day.pulls(&mut items);
            day.tags(&mut items);
            day.looks(&mut items);
        }
    }
    items.retain(|item| item.at > start);
    items.sort_by_key(|item| (item.at, item.number));
    items
}

/// The numbers of what is done on purpose.
pub fn work(script: &[Item]) -> BTreeSet<u64> {
    let accident = |act: &Act| {
        matches!(
            act,
            Act::Outage { .. } | Act::Kill | Act::Silence { .. } | Act::ChannelDies { .. }
        )
    };
    let work = script.iter().filter(|item| !accident(&item.act));
    work.map(|item| item.number).collect()
}

struct Day<'a> {
    seed: u64,
    cast: &'a Cast,
    zone: &'a TimeZone,
    day: Date,
    number: u64,
}

impl Day<'_> {
    /// The n-th thing of a kind on this day, with its own stream.
    fn item(&self, kind: &str, n: u64, act: impl FnOnce(&mut Random) -> Act) -> Item {
        let number = mix(key(kind) ^ mix(self.number << 20 | n));
        let mut random = Random::of(self.seed, number);
        let hour = i8::try_from(random.between(HOURS.start, HOURS.end - 1)).unwrap_or(9);
        let minute = i8::try_from(random.below(60)).unwrap_or(0);
        let second = i8::try_from(random.below(60)).unwrap_or(0);
        let at = instant(self.zone, self.day.at(hour, minute, second, 0));
        let act = act(&mut random);
        Item { number, at, act }
    }

    /// Any hour, at night too.
    fn anytime(&self, mut item: Item) -> Item {
        let hours = Random::of(self.seed, mix(item.number)).below(24);
        let shift = seconds(hours * 3600);
        item.at = item.at.saturating_add(shift).unwrap_or(item.at);
        item
    }

    fn pushes(&self, items: &mut Vec<Item>) {
        let mut random = Random::of(self.seed, mix(key("day") ^ self.number));
        for n in 0..random.between(4, 10) {
            items.push(self.item("push", n, |random| Act::Push {
                branch: random.pick(&self.cast.branches).clone(),
                actor: pusher(random),
                quality: quality(random),
            }));
        }
        // What is ready is merged.
        for n in 0..random.between(1, 3) {
            items.push(self.item("merge", n, |random| Act::Push {
                branch: self.cast.default_branch.clone(),
                actor: pusher(random),
                quality: quality(random),
            }));
        }
    }

    fn pulls(&self, items: &mut Vec<Item>) {
        if !self.cast.takes_pulls {
            return;
        }
        let number = self.number + 1;
        items.push(self.item("open", 0, |random| {
            let (base, labels) = random.pick(&self.cast.pulls).clone();
            Act::Open {
                number,
                branch: format!("topic-{number}"),
                base,
                labels,
                actor: pusher(random),
                fork: random.chance(50),
            }
        }));
        items.push(self.item("more", 0, |random| Act::Push {
            branch: format!("topic-{number}"),
            actor: pusher(random),
            quality: quality(random),
        }));
        if number > 2 {
            items.push(self.item("close", 0, |_| Act::Close {
                number: number - 2,
                merged: true,
            }));
        }
    }

    fn tags(&self, items: &mut Vec<Item>) {
        let name = self.cast.tag(self.number);
        if let Some(tag) = name.filter(|_| self.number.is_multiple_of(2)) {
            items.push(self.item("tag", 0, |random| Act::Tag {
                tag,
                branch: self.cast.default_branch.clone(),
                actor: pusher(random),
            }));
        }
    }

    /// Each of those who may say yes looks a few times a day, and so does an operator.
    fn looks(&self, items: &mut Vec<Item>) {
        let people = self.cast.holders.iter().map(String::as_str).take(8);
        for person in people.chain(["operator"]) {
            for n in 0..4 {
                let kind = format!("look {person}");
                let person = person.to_owned();
                items.push(self.item(&kind, n, |_| Act::Look { person, care: 950 }));
            }
        }
    }

    fn misfortune(&self, items: &mut Vec<Item>) {
        let mut random = Random::of(self.seed, mix(key("misfortune") ^ self.number));
        if random.chance(400) {
            items.push(self.anytime(self.item("outage", 0, |random| Act::Outage {
                ports: if random.chance(150) {
                    Port::ALL.to_vec()
                } else {
                    vec![*random.pick(&Port::ALL)]
                },
                lasts: seconds(random.between(120, 45 * 60)),
            })));
        }
        if random.chance(150) {
            items.push(self.anytime(self.item("kill", 0, |_| Act::Kill)));
        }
        if random.chance(80) {
            items.push(self.anytime(self.item("silence", 0, |random| Act::Silence {
                lasts: SignedDuration::from_mins(
                    i64::try_from(random.between(10, 120)).unwrap_or(10),
                ),
            })));
        }
        if random.chance(60)
            && let Some(channel) = self.cast.channels.first()
        {
            let channel = channel.clone();
            items.push(
                self.anytime(self.item("channel", 0, |random| Act::ChannelDies {
                    channel,
                    lasts: seconds(random.between(600, 4 * 3600)),
                })),
            );
        }
    }
}

fn pusher(random: &mut Random) -> String {
    (*random.pick(&PUSHERS)).to_owned()
}

fn quality(random: &mut Random) -> Quality {
    match random.below(100) {
        0..=7 => Quality::TestsFail,
        8..=10 => Quality::BuildFails,
        11..=12 => Quality::DeployFails,
        13..=15 => Quality::Flaky,
        16 => Quality::Unclear,
        _ => Quality::Good,
    }
}
