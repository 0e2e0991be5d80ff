//! `sim run --runs N --from SEED`: runs seeds until one fails.

use std::time::Instant;

use greenroom_simulator::run::run;
use greenroom_simulator::setup::Setup;

fn main() {
    let mut args = std::env::args().skip(1);
    let runs: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(100);
    let from: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let begun = Instant::now();
    let (mut faults, mut calls, mut executions) = (0, 0, 0);
    for seed in from..from + runs {
        let mut setup = Setup::drawn(seed);
        setup.recording = runs == 1;
        let outcome = run(setup);
        for line in &outcome.lines {
            println!("{line}");
        }
        faults += outcome.met.len();
        calls += outcome.calls;
        executions += outcome.executions;
        if let Some(violation) = &outcome.violation {
            println!("violated {} seed={seed} {}: {}", violation.invariant, violation.at, violation.what);
        }
    }
    println!("{runs} runs, {faults} faults, {calls} calls, {executions} executions in {:?}", begun.elapsed());
}
