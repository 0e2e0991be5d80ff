//! Windows against a walk over the clock on the wall, minute by minute, around days on which it
//! jumps.

use std::collections::BTreeSet;

use greenroom_core::freeze::{Edge, Freeze};
use greenroom_core::stage_file::{StageFile, Window};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A zone and the day on which its clocks jump: an hour either way, half an hour, at midnight, over
/// a whole day; and one where nothing jumps.
const DAYS: [(&str, &str); 8] = [
    ("Europe/Rome", "2026-03-29"),
    ("Europe/Rome", "2026-10-25"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("Pacific/Apia", "2011-12-30"),
    ("Asia/Kathmandu", "2026-06-01"),
];
const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60;

/// Small pseudo-random numbers (splitmix).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % n
    }
}

/// A window as it is drawn: at these minutes of these hours, every day.
#[derive(Clone, Debug)]
struct Drawn {
    allows: bool,
    hours: BTreeSet<u64>,
    minutes: BTreeSet<u64>,
    /// In minutes.
    length: i64,
}

fn draw(r: &mut Random) -> Drawn {
    let mut some = |below: u64, most: u64| -> BTreeSet<u64> {
        (0..1 + r.below(most)).map(|_| r.below(below)).collect()
    };
    let hours = match some(4, 1).first() {
        // Where clocks jump.
        Some(0) => BTreeSet::from([0, 1, 2, 3]),
        _ => some(24, 3),
    };
    let minutes = some(60, 2);
    Drawn {
        allows: r.below(2) == 0,
        hours,
        minutes,
        length: [1, 20, 59, 60, 61, 180, 8 * 60, 25 * 60]
            [usize::try_from(r.below(8)).expect("small")],
    }
}

fn listed(numbers: &BTreeSet<u64>) -> String {
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    texts.join(",")
}

fn windows(drawn: &[Drawn], zone: &str) -> Vec<Window> {
    let mut text = String::from(
        "version: 1\napp: acme/orders\npipelines: { p: { steps: [{ name: d, run: d }] } }\n\
         stages: { dev: { from: { branch: d }, pipeline: p } }\nwindows:\n",
    );
    for (n, window) in drawn.iter().enumerate() {
        let (hours, minutes) = (listed(&window.hours), listed(&window.minutes));
        let kind = if window.allows { "allow" } else { "deny" };
        let length = window.length;
        text.push_str(&format!(
            "  w{n}: {{ {kind}: {{ cron: \"{minutes} {hours} * * *\", for: {length}m, \
             timezone: {zone} }}, reason: because }}\n"
        ));
    }
    let file = StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a valid stage file");
    file.windows.into_values().collect()
}

/// The walk: a slot is the first minute at which the clock on the wall has come to its time, and a
/// window lasts from there.
struct Walk {
    /// Minutes since 1970 of the first one looked at.
    first: i64,
    open: Vec<bool>,
}

fn walk(drawn: &[Drawn], zone: &TimeZone, first: i64, minutes: i64) -> Walk {
    let local = |minute: i64| zone.to_datetime(instant(minute));
    let mut reached = local(first - 3 * DAY);
    let mut until = vec![i64::MIN; drawn.len()];
    let mut open = Vec::new();
    for minute in first - 3 * DAY + 1..first + minutes {
        let shown = local(minute);
        while reached < shown {
            reached = reached
                .checked_add(SignedDuration::from_mins(1))
                .expect("a time");
            for (window, until) in drawn.iter().zip(&mut until) {
                if begins(window, reached) {
                    *until = minute + window.length;
                }
            }
        }
        if minute >= first {
            let lasts = |allows: bool| {
                let of = drawn.iter().zip(&until);
                of.filter(move |(window, _)| window.allows == allows)
                    .any(|(_, until)| minute < *until)
            };
            let allowed = !drawn.iter().any(|window| window.allows) || lasts(true);
            open.push(allowed && !lasts(false));
        }
    }
    Walk { first, open }
}

fn begins(window: &Drawn, at: DateTime) -> bool {
    let number = |field: i8| u64::try_from(field).expect("not negative");
    window.hours.contains(&number(at.hour())) && window.minutes.contains(&number(at.minute()))
}

fn instant(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * MINUTE).expect("an instant")
}

impl Walk {
    /// Whether it is open at all instants that may be now.
    fn is_open(&self, minute: i64, error: i64) -> bool {
        let around = minute - error - self.first..=minute + error - self.first;
        around
            .into_iter()
            .all(|at| self.open[usize::try_from(at).expect("in the walk")])
    }

    /// The first minute from `minute` on at which it is `open`, as far as the walk goes.
    fn turns(&self, minute: i64, error: i64, open: bool) -> Option<Timestamp> {
        let end = self.first + i64::try_from(self.open.len()).expect("few") - error;
        let found = (minute..end).find(|at| self.is_open(*at, error) == open);
        found.map(instant)
    }
}

/// What is answered for one case, against the walk.
fn compare(seed: u64) {
    let r = &mut Random(seed);
    let (name, day) = DAYS[usize::try_from(seed % 8).expect("small")];
    let zone = TimeZone::get(name).expect("a zone");
    let drawn: Vec<Drawn> = (0..1 + r.below(3)).map(|_| draw(r)).collect();
    let noon: Timestamp = format!("{day}T12:00:00Z").parse().expect("a day");
    let noon = noon.as_second() / MINUTE;
    let walk = walk(&drawn, &zone, noon - 2 * DAY, 5 * DAY);
    let windows = windows(&drawn, name);
    let freeze = Freeze::of(&windows);
    let error = [0, 1, 5, 45][usize::try_from(r.below(4)).expect("small")];
    let clock_error = SignedDuration::from_mins(error);
    // Every edge from both sides, and some of what is between.
    let is_edge = |at: i64| walk.is_open(at, error) != walk.is_open(at - 1, error);
    for minute in noon - DAY..noon + DAY {
        if minute % 131 != 0 && !is_edge(minute) && !is_edge(minute + 1) {
            continue;
        }
        let now = instant(minute);
        let what = || format!("seed {seed}, {name}, {now}, {drawn:?}, clock error {error}m");
        let open = walk.is_open(minute, error);
        assert_eq!(freeze.is_open(now, clock_error), open, "{}", what());
        let by = freeze.closed_by(now, clock_error);
        assert_eq!(by.is_empty(), open, "{}", what());
        if minute % 131 != 0 {
            continue;
        }
        let edges = [
            (
                freeze.opens(now, clock_error),
                walk.turns(minute, error, true),
            ),
            (
                freeze.closes(now, clock_error),
                walk.turns(minute, error, false),
            ),
        ];
        for (edge, expected) in edges {
            match expected {
                Some(at) => assert_eq!(edge, Edge::At(at), "{}", what()),
                None => {
                    let far = instant(walk.first + 5 * DAY - error);
                    let beyond = edge.look_at().is_none_or(|at| at >= far);
                    assert!(beyond, "{edge:?}: {}", what());
                }
            }
        }
    }
}

#[test]
fn windows_are_open_and_closed_as_the_clock_on_the_wall_says() {
    for seed in 0..32 {
        compare(seed);
    }
}

fn one(kind: &str, cron: &str, length: &str) -> Vec<Window> {
    let text = format!(
        "version: 1\napp: acme/orders\npipelines: {{ p: {{ steps: [{{ name: d, run: d }}] }} }}\n\
         stages: {{ dev: {{ from: {{ branch: d }}, pipeline: p }} }}\nwindows:\n  \
         w: {{ {kind}: {{ cron: \"{cron}\", for: {length}, timezone: Europe/Rome }}, reason: r }}\n"
    );
    let file = StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a valid stage file");
    file.windows.into_values().collect()
}

#[test]
fn a_length_is_elapsed_time_when_clocks_are_put_forward() {
    let night = one("deny", "0 22 * * *", "8h");
    let freeze = Freeze::of(&night);
    let at = |text: &str| -> Timestamp { text.parse().expect("an instant") };
    // From ten in winter time to seven in summer time, which are eight hours.
    let opens = freeze.opens(at("2026-03-28T23:00:00Z"), SignedDuration::ZERO);
    assert_eq!(opens, Edge::At(at("2026-03-29T05:00:00Z")));
}

#[test]
fn windows_that_overlap_or_touch_are_one() {
    let now: Timestamp = "2026-03-02T10:30:00Z".parse().expect("an instant");
    let error = SignedDuration::from_mins(5);
    // The last but one ends just when it may be 11:05, and the last has begun by then.
    for length in ["1h", "65m", "90m"] {
        let hours = one("allow", "0 9-12 * * *", length);
        let freeze = Freeze::of(&hours);
        // 11 o'clock in Rome is where two of them touch.
        let touch: Timestamp = "2026-03-02T10:00:00Z".parse().expect("an instant");
        assert!(freeze.is_open(touch, error), "{length}");
        assert!(freeze.is_open(now, error), "{length}");
    }
}

#[test]
fn what_never_opens_is_looked_at_again_where_the_search_ended() {
    let always = one("deny", "* * * * *", "2m");
    let freeze = Freeze::of(&always);
    let now: Timestamp = "2026-03-02T10:30:00Z".parse().expect("an instant");
    let Edge::After(at) = freeze.opens(now, SignedDuration::ZERO) else {
        panic!("it does not open");
    };
    assert!(at > now);
    assert_eq!(freeze.closes(now, SignedDuration::ZERO), Edge::At(now));
    let nothing = Freeze::default();
    assert!(nothing.is_open(now, SignedDuration::from_mins(5)));
    assert_eq!(nothing.closes(now, SignedDuration::ZERO), Edge::Never);
}
