//! Golden scenarios with every fault, or every pair of them: `faults singles|pairs [SCENARIO]...`,
//! or one plan as a failure prints it: `faults push 17:DieAfter`.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use greenroom_testkit::golden::{ALL, Failure, Golden, PAIRED, Scenario, parse_plan, scenario};

/// Failures that are printed of one scenario; the others are counted.
const SHOWN: usize = 10;

type Sweep = fn(&Golden, &AtomicUsize) -> (usize, Vec<Failure>);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let all: Vec<_> = ALL.iter().map(|scenario| scenario.name).collect();
    let done = match words.split_first() {
        Some((verb, names)) if verb == "singles" => sweep(names, &all, Golden::singles),
        Some((verb, names)) if verb == "pairs" => sweep(names, &PAIRED, Golden::pairs),
        Some(_) => once(&words.join(" ")),
        None => Err("say singles, pairs or a plan".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// All of `names`, or of `all` if there are none, on every core.
fn sweep(names: &[String], all: &[&str], sweep: Sweep) -> Result<(), String> {
    let names: Vec<&str> = match names {
        [] => all.to_vec(),
        names => names.iter().map(String::as_str).collect(),
    };
    let begun = Instant::now();
    let (mut calls, mut runs, mut wrong) = (0, 0, 0);
    for name in &names {
        let scenario = known(name)?;
        let (its_calls, its_runs, failures) = on_every_core(scenario, sweep);
        println!("{name}: {its_calls} calls, {its_runs} runs");
        failures
            .iter()
            .take(SHOWN)
            .for_each(|one| println!("{one}\n"));
        calls += its_calls;
        runs += its_runs;
        wrong += failures.len();
    }
    let (seconds, n) = (begun.elapsed().as_secs_f64(), names.len());
    println!("{n} scenarios, {calls} calls, {runs} runs, {wrong} wrong, {seconds:.1} s");
    match wrong {
        0 => Ok(()),
        _ => Err(format!("{wrong} runs did not end as they should")),
    }
}

fn on_every_core(scenario: &'static Scenario, sweep: Sweep) -> (usize, usize, Vec<Failure>) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let all = Mutex::new((0, 0, Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let golden = Golden::new(scenario);
                let (runs, failures) = sweep(&golden, &next);
                let mut all = all.lock().expect("no thread panics");
                all.0 = golden.calm.calls.len();
                all.1 += runs;
                all.2.extend(failures);
            });
        }
    });
    all.into_inner().expect("no thread panics")
}

/// One plan, with every call it led to.
fn once(text: &str) -> Result<(), String> {
    let (name, plan) = parse_plan(text)?;
    let golden = Golden::new(known(name)?);
    for (n, call) in golden.trace(&plan).iter().enumerate() {
        let at = plan.iter().find(|(nth, _)| *nth == n + 1);
        let fault = at.map_or(String::new(), |(_, fault)| format!("  <- {fault}"));
        println!("{:4} {}{fault}", n + 1, call.name);
    }
    golden
        .run(&plan)
        .map(drop)
        .map_err(|failure| failure.to_string())
}

fn known(name: &str) -> Result<&'static Scenario, String> {
    let names = || ALL.iter().map(|scenario| scenario.name).collect::<Vec<_>>();
    scenario(name)
        .ok_or_else(|| format!("there is no scenario {name}, only {}", names().join(", ")))
}
