//! Seeded bugs: programmers' mistakes, each switched on alone in a copy of the sources, to see
//! whether the simulation notices. What is shipped knows nothing of them.
//!
//! `seeded/*.yaml` lists them. All are written into one copy of the tree (`target/seeded/tree`) at once,
//! as branches that `GREENROOM_SEEDED_BUG` chooses at run time, so that one build serves them all.

mod edit;
mod report;
mod run;
mod table;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use run::{Limits, Verdict};
use table::Bug;

/// What was asked for, and cannot be done.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// Correct the command.
    #[error("{0}")]
    Usage(String),
    /// Correct the list of bugs.
    #[error("the list of seeded bugs cannot be used")]
    Table(#[from] table::TableError),
    /// The sources have changed: write the bug anew, or drop it.
    #[error("a seeded bug no longer fits the sources")]
    Edit(#[from] edit::EditError),
    /// Make room, or free the folder.
    #[error("the seeded tree cannot be written or built")]
    Tree(#[from] tree::TreeError),
    /// Look at what the simulator said.
    #[error("the simulator did not do its work")]
    Run(#[from] run::RunError),
}

const USAGE: &str = "\
seeded check                     every bug still fits the sources
seeded build                     write and build the tree with all of them
seeded run [--runs N] [NAME..]   run each until it is noticed; all of them: writes docs/seeded-bugs.md
seeded canary                    one that must be noticed; if it is not, the simulation is blind";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match obey(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", chain(&error));
            ExitCode::from(2)
        }
    }
}

fn obey(words: &[String]) -> Result<ExitCode, Error> {
    let root = root();
    let bugs = table::read(&root.join("shared/simulator/seeded"))?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["check"] => {
            edit::apply(&root, &bugs)?;
            println!("{} seeded bugs fit the sources", bugs.len());
            Ok(ExitCode::SUCCESS)
        }
        ["build"] => {
            let simulator = tree::build(&root, &bugs)?;
            println!("{}", simulator.display());
            Ok(ExitCode::SUCCESS)
        }
        ["canary"] => canary(&root, &bugs),
        ["run", rest @ ..] => run_all(&root, &bugs, rest),
        _ => Err(Error::Usage(USAGE.to_owned())),
    }
}

/// The workspace this was built from.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn canary(root: &Path, bugs: &[Bug]) -> Result<ExitCode, Error> {
    let simulator = tree::build(root, bugs)?;
    let Some(bug) = bugs.iter().find(|bug| bug.canary) else {
        return Err(Error::Usage("no seeded bug is the canary".to_owned()));
    };
    let limits = Limits {
        runs: run::CANARY_RUNS,
    };
    let calm = run::one(&simulator, None, limits)?;
    let ill = run::one(&simulator, Some(&bug.name), limits)?;
    report::say("no bug", &calm);
    report::say(&bug.name, &ill);
    let well = matches!(calm, Verdict::Held { .. }) && matches!(ill, Verdict::Killed { .. });
    if !well {
        eprintln!("error: the simulation does not tell a bug from none");
    }
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run_all(root: &Path, bugs: &[Bug], rest: &[&str]) -> Result<ExitCode, Error> {
    let (limits, names) = limits(rest)?;
    if let Some(unknown) = names
        .iter()
        .find(|name| !bugs.iter().any(|bug| bug.name == **name))
    {
        return Err(Error::Usage(format!("there is no seeded bug {unknown}")));
    }
    let simulator = tree::build(root, bugs)?;
    let chosen: Vec<&Bug> = bugs
        .iter()
        .filter(|bug| names.is_empty() || names.contains(&bug.name.as_str()))
        .collect();
    let found = run::all(&simulator, &chosen, limits)?;
    let highest = found.iter().filter_map(|(_, verdict)| match verdict {
        Verdict::Killed { runs, .. } => Some(*runs),
        _ => None,
    });
    // A kill says something only if the same runs hold without the bug.
    let same = Limits {
        runs: highest.max().unwrap_or(1),
    };
    let calm = run::one(&simulator, None, same)?;
    report::say("no bug", &calm);
    let all_killed = found
        .iter()
        .all(|(_, verdict)| matches!(verdict, Verdict::Killed { .. }));
    if names.is_empty() {
        report::write(root, &found, &calm, limits)?;
    }
    let well = all_killed && matches!(calm, Verdict::Held { .. });
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn limits<'a>(words: &[&'a str]) -> Result<(Limits, Vec<&'a str>), Error> {
    let mut limits = Limits {
        runs: run::RUNS_MAX,
    };
    let mut names = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if *word == "--runs" {
            limits.runs = words
                .next()
                .and_then(|runs| runs.parse().ok())
                .filter(|runs| *runs > 0)
                .ok_or_else(|| Error::Usage("--runs takes a number above 0".to_owned()))?;
        } else if word.starts_with('-') {
            return Err(Error::Usage(USAGE.to_owned()));
        } else {
            names.push(*word);
        }
    }
    Ok((limits, names))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
