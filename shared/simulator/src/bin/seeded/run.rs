//! Runs the seeded simulator, one bug at a time, until a run notices it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::report;
use crate::table::Bug;

/// Every bug must be noticed within so many runs.
pub const RUNS_MAX: u64 = 10_000;
/// And the canary within so many.
pub const CANARY_RUNS: u64 = 50;
/// Bugs that are looked at side by side; as many as the machine that must do it has cores.
const SIDE_BY_SIDE: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    pub runs: u64,
}

/// What came of the runs with one bug, or with none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// `invariant` was seen broken in the run of `seed`, the `runs`th.
    Killed {
        invariant: String,
        seed: u64,
        runs: u64,
    },
    /// All runs held.
    Held { runs: u64 },
    /// The simulator ended in another way: it panicked, say.
    Odd { why: String },
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
#[error("{simulator} cannot be started")]
pub struct RunError {
    simulator: String,
    #[source]
    source: std::io::Error,
}

/// Runs from seed 1 until a run fails, with `bug` on.
pub fn one(simulator: &Path, bug: Option<&str>, limits: Limits) -> Result<Verdict, RunError> {
    from(simulator, bug, 1, limits)
}

/// As [`one`]; but a run that fails without the bug as well says nothing about it, and the next
/// ones are tried.
fn killed(simulator: &Path, bug: &str, limits: Limits) -> Result<Verdict, RunError> {
    let (mut first, mut before) = (1, 0);
    loop {
        let rest = Limits {
            runs: limits.runs.saturating_sub(first - 1),
        };
        if rest.runs == 0 {
            return Ok(Verdict::Held { runs: limits.runs });
        }
        let verdict = from(simulator, Some(bug), first, rest)?;
        let Verdict::Killed {
            invariant,
            seed,
            runs,
        } = verdict
        else {
            return Ok(match verdict {
                Verdict::Held { .. } => Verdict::Held { runs: limits.runs },
                other => other,
            });
        };
        let alone = from(simulator, None, seed, Limits { runs: 1 })?;
        if matches!(alone, Verdict::Held { .. }) {
            return Ok(Verdict::Killed {
                invariant,
                seed,
                runs: before + runs,
            });
        }
        if seed < first {
            let why = format!("seed {seed}, which is kept, does not hold without a bug");
            return Ok(Verdict::Odd { why });
        }
        before += runs;
        first = seed + 1;
    }
}

fn from(
    simulator: &Path,
    bug: Option<&str>,
    first: u64,
    limits: Limits,
) -> Result<Verdict, RunError> {
    let mut command = Command::new(simulator);
    command
        .args(["run", "--stop-at-first-failure", "--jobs", "1"])
        .args(["--from", &first.to_string()])
        .args(["--runs", &limits.runs.to_string()]);
    match bug {
        Some(bug) => command.env("GREENROOM_SEEDED_BUG", bug),
        None => command.env_remove("GREENROOM_SEEDED_BUG"),
    };
    let failed = |source| RunError {
        simulator: simulator.display().to_string(),
        source,
    };
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut runs = None;
    let lines = child.stdout.take().map(|said| BufReader::new(said).lines());
    for line in lines.into_iter().flatten() {
        let line = line.map_err(failed)?;
        runs = counted(&line).or(runs);
        if let Some(verdict) = runs.and_then(|runs| violation(&line, runs)) {
            // What the simulator would go on to do is look for the few faults that matter, for long.
            child.kill().map_err(failed)?;
            child.wait().map_err(failed)?;
            return Ok(verdict);
        }
    }
    let output = child.wait_with_output().map_err(failed)?;
    Ok(judge(&output, limits))
}

fn judge(output: &Output, limits: Limits) -> Verdict {
    if output.status.success() {
        return Verdict::Held { runs: limits.runs };
    }
    let complained = String::from_utf8_lossy(&output.stderr);
    let panicked = complained.lines().find(|line| line.contains("panicked at"));
    let word = panicked.or_else(|| complained.lines().next_back());
    let why = format!("{}: {}", output.status, word.unwrap_or_default());
    Verdict::Odd { why }
}

/// Reads `<N> runs, ...`.
fn counted(line: &str) -> Option<u64> {
    line.split_once(" runs, ")?.0.parse().ok()
}

/// Reads `violated <ID> seed=<S> ...`.
fn violation(line: &str, runs: u64) -> Option<Verdict> {
    let mut words = line.strip_prefix("violated ")?.split_whitespace();
    let invariant = words.next()?.to_owned();
    let seed = words
        .find_map(|word| word.strip_prefix("seed="))?
        .parse()
        .ok()?;
    Some(Verdict::Killed {
        invariant,
        seed,
        runs,
    })
}

/// Each of `bugs` by itself, some side by side; told as they end, answered in their order.
pub fn all<'a>(
    simulator: &Path,
    bugs: &[&'a Bug],
    limits: Limits,
) -> Result<Vec<(&'a Bug, Verdict)>, RunError> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = killed(simulator, &bug.name, limits);
                    if let Ok(verdict) = &verdict {
                        report::say(&bug.name, verdict);
                    }
                    let mut found = found
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    found.push((bug.name.clone(), verdict));
                }
            });
        }
    });
    let mut found = found
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut ordered = Vec::new();
    for bug in bugs {
        if let Some(place) = found.iter().position(|(name, _)| *name == bug.name) {
            ordered.push((*bug, found.swap_remove(place).1?));
        }
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_names_its_invariant_and_seed() {
        assert_eq!(counted("19 runs, 7 faults, 3 calls in 1 s"), Some(19));
        assert_eq!(counted("violated C2 seed=17"), None);
        let killed = Verdict::Killed {
            invariant: "C2".to_owned(),
            seed: 17,
            runs: 19,
        };
        let said = "violated C2 seed=17 at noon: two are admitted";
        assert_eq!(violation(said, 19), Some(killed));
        assert_eq!(violation("19 runs, 7 faults", 19), None);
    }
}
