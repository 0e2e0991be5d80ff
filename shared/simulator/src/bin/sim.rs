//! Runs the simulator: many seeds, or one again.
//!
//! `sim run [--runs N] [--from SEED] [--jobs J] [--twice] [--stop-at-first-failure]` and
//! `sim replay SEED`.
//! Ends with 0 if every promise was kept, with 3 if not, with 2 if it was called wrongly.

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use greenroom_simulator::run::{Outcome, run};
use greenroom_simulator::setup::Setup;
use greenroom_simulator::shrink::shrink;

/// Decoding records is most of what a run does, and allocating is a quarter of that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Seeds that found something once, a line each.
const KEPT: &str = include_str!("../../seeds.txt");
/// One run in so many is run twice, to see that it is the same; each with `--twice`.
const TWICE: u64 = 40;

const USAGE: &str = "\
usage: sim run [--runs N] [--from SEED] [--jobs J] [--twice] [--stop-at-first-failure]
       sim replay SEED";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let asked = match args.first().map(String::as_str) {
        Some("run") => many(&args[1..]),
        Some("replay") => args.get(1).and_then(|seed| seed.parse().ok()).map(replay),
        _ => None,
    };
    asked.unwrap_or_else(|| {
        eprintln!("{USAGE}");
        ExitCode::from(2)
    })
}

#[derive(Default)]
struct Sum {
    runs: u64,
    faults: u64,
    calls: u64,
    executions: u64,
    messages: u64,
    hours: u64,
    /// The same only if the same happened in all runs, in whatever order they were made.
    trace: u64,
    failed: BTreeMap<u64, Outcome>,
}

fn many(args: &[String]) -> Option<ExitCode> {
    let (mut runs, mut from) = (300, 1);
    let mut how = How {
        jobs: 2,
        twice: TWICE,
        first: false,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut number = || args.next()?.parse::<u64>().ok();
        match arg.as_str() {
            "--runs" => runs = number()?,
            "--from" => from = number()?,
            "--jobs" => how.jobs = number()?.max(1),
            "--twice" => how.twice = 1,
            "--stop-at-first-failure" => how.first = true,
            _ => return None,
        }
    }
    let kept = KEPT
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok());
    let seeds: Vec<u64> = kept.chain(from..from.saturating_add(runs)).collect();
    let begun = Instant::now();
    let sum = all(&seeds, how);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{} runs, {} faults, {} calls, {} executions, {} messages, {} simulated hours in {seconds:.1} s: \
         {:.0} runs/s, {:.0} faults/s; trace {:016x}",
        sum.runs,
        sum.faults,
        sum.calls,
        sum.executions,
        sum.messages,
        sum.hours,
        sum.runs as f64 / seconds,
        sum.faults as f64 / seconds,
        sum.trace,
    );
    let Some((seed, outcome)) = sum.failed.iter().next() else {
        return Some(ExitCode::SUCCESS);
    };
    for (seed, outcome) in &sum.failed {
        println!("{}", headline(*seed, outcome));
    }
    explain(*seed, outcome);
    println!("{}", headline(*seed, outcome));
    Some(ExitCode::from(3))
}

/// How many runs are made.
#[derive(Clone, Copy)]
struct How {
    /// Side by side.
    jobs: u64,
    /// One in so many is made twice.
    twice: u64,
    /// Whether the first that fails is the last.
    first: bool,
}

fn all(seeds: &[u64], how: How) -> Sum {
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..how.jobs {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(seed) = usize::try_from(n).ok().and_then(|n| seeds.get(n)) else {
                        return;
                    };
                    let outcome = run(Setup::drawn(*seed));
                    if n.is_multiple_of(how.twice) {
                        let again = run(Setup::drawn(*seed));
                        assert_eq!(
                            again.hash, outcome.hash,
                            "seed {seed} is not the same twice"
                        );
                    }
                    let mut sum = sum.lock().expect("no run panics while it adds up");
                    sum.runs += 1;
                    sum.faults += outcome.met.len() as u64;
                    sum.calls += outcome.calls;
                    sum.executions += outcome.executions;
                    sum.messages += outcome.messages;
                    sum.hours += u64::try_from(outcome.simulated.as_hours()).unwrap_or(0);
                    sum.trace ^= outcome.hash;
                    if outcome.violation.is_some() {
                        sum.failed.insert(*seed, outcome);
                        stop.fetch_or(how.first, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    sum.into_inner().expect("no run panics while it adds up")
}

fn headline(seed: u64, outcome: &Outcome) -> String {
    match &outcome.violation {
        Some(broken) => format!(
            "violated {} seed={seed} at {}: {}",
            broken.invariant, broken.at, broken.what
        ),
        None => format!("seed={seed} keeps every promise"),
    }
}

/// A failing run with no more going wrong than it takes.
fn explain(seed: u64, outcome: &Outcome) {
    let small = shrink(&Setup::drawn(seed), outcome);
    println!(
        "seed {seed} of {}: {} of {} things that went wrong are enough:",
        sources(),
        small.met.len(),
        outcome.met.len()
    );
    for line in small.lines.iter().filter(|line| line.contains(" ! ")) {
        println!("  {line}");
    }
    println!("{}", headline(seed, &small));
    println!("again, with everything that happens: make sim-replay SEED={seed}");
}

/// The commit of the sources, with `-dirty` behind it if they have changed since; the version where
/// there is no repository.
fn sources() -> String {
    let described = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    match described {
        Ok(said) if said.status.success() => {
            format!("commit {}", String::from_utf8_lossy(&said.stdout).trim())
        }
        _ => format!("version {}", env!("CARGO_PKG_VERSION")),
    }
}

fn replay(seed: u64) -> ExitCode {
    let mut setup = Setup::drawn(seed);
    setup.recording = true;
    let outcome = run(setup.clone());
    for line in &outcome.lines {
        println!("{line}");
    }
    for line in &outcome.table {
        println!("table {line}");
    }
    println!("hash {:016x} after {} steps", outcome.hash, outcome.steps);
    println!("{}", headline(seed, &outcome));
    if outcome.violation.is_none() {
        return ExitCode::SUCCESS;
    }
    explain(seed, &outcome);
    ExitCode::from(3)
}
