//! What came of it, for the terminal and for the docs.

use std::fmt::Write as _;
use std::path::Path;

use crate::Error;
use crate::run::{Limits, Verdict};
use crate::table::Bug;
use crate::tree::TreeError;

/// One line, as soon as it is known.
pub fn say(name: &str, verdict: &Verdict) {
    match verdict {
        Verdict::Killed {
            invariant, runs, ..
        } => {
            println!("{name:<40} {invariant:<4} after {runs} runs");
        }
        Verdict::Held { runs } => println!("{name:<40} nothing in {runs} runs"),
        Verdict::Odd { why } => println!("{name:<40} ended badly: {why}"),
    }
}

/// Writes `docs/seeded-bugs.md`.
pub fn write(
    root: &Path,
    found: &[(&Bug, Verdict)],
    calm: &Verdict,
    limits: Limits,
) -> Result<(), Error> {
    let path = root.join("docs/seeded-bugs.md");
    let text = page(found, calm, limits);
    std::fs::write(&path, text).map_err(|source| Error::Tree(TreeError::File { path, source }))
}

fn page(found: &[(&Bug, Verdict)], calm: &Verdict, limits: Limits) -> String {
    let killed = found
        .iter()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Killed { .. }))
        .count();
    let mut page = String::from("# Seeded bugs\n\n");
    let _ = write!(
        page,
        "Mistakes that were made on purpose, one at a time, in a copy of the sources, to see whether \
         the simulation notices. `make sim-mutants` writes this page; what is shipped contains none \
         of them. Each is run with the kept seeds and then 1, 2, 3 ... until a promise of \
         [ARCHITECTURE.md](../ARCHITECTURE.md) is seen broken, at most {} times; a run that fails without the bug as well does not count.\n\n\
         {killed} of {} were noticed.",
        limits.runs,
        found.len()
    );
    match calm {
        Verdict::Held { runs } => {
            let _ = writeln!(page, " Without a bug the first {runs} runs hold.\n");
        }
        other => {
            let _ = writeln!(
                page,
                " **Without a bug the runs do not hold: {other:?}.**\n"
            );
        }
    }
    page.push_str("| bug | what was got wrong | should break | seen broken | runs |\n");
    page.push_str("|---|---|---|---|---:|\n");
    for (bug, verdict) in found {
        let (seen, runs) = match verdict {
            Verdict::Killed {
                invariant, runs, ..
            } => (invariant.clone(), runs.to_string()),
            Verdict::Held { runs } => ("**nothing**".to_owned(), format!("over {runs}")),
            Verdict::Odd { why } => (format!("**{}**", why.replace('|', "/")), String::new()),
        };
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {seen} | {runs} |",
            bug.name,
            bug.story.replace('|', "\\|"),
            bug.breaks.join(", ")
        );
    }
    page
}
