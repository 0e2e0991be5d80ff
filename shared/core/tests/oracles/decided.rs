//! Each slot of a schedule is decided once, whatever comes in the way of looking: late, twice, an
//! outage of days, a clock that is wrong.

use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::*;
use greenroom_core::plan::{Plan, plan};
use greenroom_core::policy::{Policy, View};
use greenroom_core::record::record;
use greenroom_core::schedule::MISSED_MAX;
use greenroom_core::stage::{Spec, Stage};
use greenroom_core::stage_file::StageFile;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::random::{Random, seeds};
use crate::walker::{DAY, Minutes, pieces, timestamp};

const CASES: u64 = 300;
const TICKS: usize = 60;
/// The largest error of any clock, in seconds.
const ERROR: i64 = 300;

const SCHEDULES: [(&str, &str); 6] = [
    ("30 2 * * *", "Europe/Rome"),
    ("*/20 1,2 * * *", "America/New_York"),
    ("0 6 * * 1-5", "Europe/Rome"),
    ("15 * * * *", "Australia/Lord_Howe"),
    ("*/5 * * * *", "UTC"),
    ("0 0 1 * *", "Africa/Casablanca"),
];

fn file(cron: &str, zone: &str) -> StageFile {
    let text = format!(
        r#"
version: 1
app: acme/orders
pipelines:
  plain: {{ steps: [{{ name: deploy, run: make deploy }}] }}
stages:
  nightly:
    from: {{ branch: master, refresh: {{ cron: "{cron}", timezone: {zone} }} }}
    pipeline: plain
"#
    );
    StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a valid stage file")
}

fn stage(now: Timestamp) -> Stage {
    let id = StageId {
        app: AppId(7),
        stage: StageName::new("nightly"),
    };
    let spec = Spec {
        rule: RuleName::new("nightly"),
        actor: None,
        pull_request: None,
        fork: None,
    };
    Stage::new(id, spec, now)
}

/// What became of the slots, by what was seen from outside.
#[derive(Default)]
struct Seen {
    /// Slots that were decided, in the order in which they were.
    decided: Vec<i64>,
    /// Those for which the branch was read.
    read: Vec<i64>,
    /// Older slots that were told to have been missed.
    missed: u64,
}

impl Seen {
    fn look(&mut self, before: &Stage, planned: &Plan) {
        let (old, new) = (&before.refresh, &planned.next.refresh);
        if new.decided != old.decided {
            self.decided.extend(new.decided.map(Timestamp::as_second));
            let skip = new.skipped.as_ref();
            let of_this = skip.filter(|skip| skip.slot == new.decided);
            self.missed += of_this.map_or(0, |skip| u64::from(skip.missed));
        }
        for effect in &planned.effects {
            if let Effect::ReadHead { slot: Some(at), .. } = effect {
                self.read.push(at.as_second());
            }
        }
    }
}

/// When somebody looks, in truth, and what the clock shows then.
fn ticks(r: &mut Random, start: i64) -> Vec<(i64, i64)> {
    let mut truth = start;
    (0..TICKS)
        .map(|_| {
            truth += match r.below(12) {
                0 => r.between(DAY, 9 * DAY),
                1..4 => 0,
                4..7 => r.between(1, 90),
                _ => r.between(1, DAY / 3),
            };
            (truth, truth + r.between(-ERROR, ERROR))
        })
        .collect()
}

/// What is decided when a stage is looked at so; `mistake` may tamper with what it remembers.
fn run(file: &StageFile, ticks: &[(i64, i64)], mistake: impl Fn(&mut Stage)) -> Seen {
    let rule = RuleName::new("nightly");
    let policy = Policy::of(file, &rule, SignedDuration::from_secs(ERROR)).expect("a rule");
    let nonce = Nonce::new("n");
    let mut seen = Seen::default();
    let mut stage = stage(timestamp(ticks[0].1));
    for (_, shown) in ticks {
        mistake(&mut stage);
        let view = View {
            stage: &stage,
            upstream: None,
            build: None,
            nonce: &nonce,
            now: timestamp(*shown),
            pause: None,
            marks: greenroom_core::mark::Marks::NONE,
            through: None,
            toggle: None,
            uses: &[],
        };
        let planned = plan(&view, Some(&policy));
        seen.look(&stage, &planned);
        // The branch cannot be found, so that nothing but slots is in the way of slots.
        let missing = Fact::RefreshHeadMissing {
            reference: RefName::new("refs/heads/master"),
            at: timestamp(*shown),
        };
        stage = record(planned.next, &missing);
    }
    seen
}

/// What is wrong with it, held against the set of all slots.
fn wrong(seen: &Seen, slots: &[i64], ticks: &[(i64, i64)]) -> Option<String> {
    let first = ticks[0].1;
    // The naive model: at each look the newest slot that the clock has passed, unless it or a
    // newer one was decided before.
    let mut newest = None;
    let mut expected = Vec::new();
    let mut missed = 0;
    for (_, shown) in ticks {
        let is_open = |slot: &&i64| first <= **slot && **slot <= *shown && newest < Some(**slot);
        let open: Vec<i64> = slots.iter().filter(is_open).copied().collect();
        if let Some(slot) = open.last() {
            newest = Some(*slot);
            expected.push(*slot);
            missed += (open.len() as u64 - 1).min(u64::from(MISSED_MAX));
        }
    }
    if seen.decided != expected {
        return Some(format!("decided {:?}, not {expected:?}", seen.decided));
    }
    if seen.read != expected {
        return Some(format!("read for {:?}, not {expected:?}", seen.read));
    }
    if seen.missed != missed {
        return Some(format!("{} missed, not {missed}", seen.missed));
    }
    // No clock runs a slot more than its error too early.
    let early = ticks.iter().any(|(truth, shown)| shown - truth > ERROR);
    early.then(|| "the test's own clock is too wrong".to_owned())
}

struct Case {
    name: (&'static str, &'static str),
    ticks: Vec<(i64, i64)>,
    slots: Vec<i64>,
}

fn case(seed: u64) -> Case {
    let r = &mut Random::new(seed);
    let (cron, zone) = r.pick(&SCHEDULES);
    // About the changes of spring and autumn 2026, or anywhere.
    let changes = [1_774_746_000, 1_792_890_000, 1_772_953_200, 1_793_512_800];
    let start = r.pick(&changes) - r.between(0, 20 * DAY);
    let ticks = ticks(r, start);
    let until = ticks.iter().map(|(_, shown)| *shown).max().expect("ticks");
    let clock = TimeZone::get(zone).expect("a zone");
    let clock = pieces(&clock, start - 10 * DAY, until + 1);
    Case {
        name: (cron, zone),
        slots: Minutes::read(cron).slots(&clock),
        ticks,
    }
}

#[test]
fn each_slot_is_decided_once_whoever_looks_whenever() {
    let files = SCHEDULES.map(|(cron, zone)| ((cron, zone), file(cron, zone)));
    let (mut decided, mut missed) = (0, 0);
    for seed in seeds(CASES) {
        let case = case(seed);
        let (_, file) = files.iter().find(|it| it.0 == case.name).expect("a file");
        let seen = run(file, &case.ticks, |_| {});
        if let Some(wrong) = wrong(&seen, &case.slots, &case.ticks) {
            panic!(
                "GREENROOM_SEED={seed} begins with this: {wrong}\n{:?} {:?}",
                case.name, case.ticks
            );
        }
        decided += seen.decided.len();
        missed += seen.missed;
    }
    assert!(decided > 2_000 && missed > 2_000, "{decided} {missed}");
}

#[test]
fn a_slot_decided_twice_or_for_times_before_the_schedule_is_noticed() {
    let forgets = |stage: &mut Stage| stage.refresh.decided = None;
    let begins_early = |stage: &mut Stage| {
        stage.refresh.enabled_at = timestamp(0);
        stage.refresh.schedule = Some("30 2 * * * Europe/Rome".to_owned());
    };
    let file = file("30 2 * * *", "Europe/Rome");
    let mut noticed = [0, 0];
    for seed in seeds(100) {
        let case = case(seed);
        if case.name != SCHEDULES[0] {
            continue;
        }
        let twice = run(&file, &case.ticks, forgets);
        let early = run(&file, &case.ticks, begins_early);
        noticed[0] += u32::from(wrong(&twice, &case.slots, &case.ticks).is_some());
        noticed[1] += u32::from(wrong(&early, &case.slots, &case.ticks).is_some());
    }
    assert!(noticed.iter().all(|times| *times > 3), "{noticed:?}");
}
