//! Scenarios: `examples/<process>/scenario.txt` says in plain sentences what people and the clock
//! do; it is done to the real `greenroom serve`, and what Greenroom did, said and refused is
//! written below each sentence. `transcript.txt` beside it is what that must be.
//!
//! Nothing of Greenroom is replaced: git, webhooks, steps, tests and messages are real. Only the
//! far ends are ours, and the clock, which is moved instead of waited for.

mod act;
mod artifact;
mod blank;
mod commit;
mod look;
mod pass;
mod pattern;
mod perform;
mod prose;
mod quiet;
mod script;
mod seen;
mod sentence;
mod site;
#[cfg(test)]
mod tests;
mod world;

use std::path::{Path, PathBuf};

use crate::demo::{Error, Result};
use world::World;

pub use script::{Line, Problem, Script};
pub use sentence::SENTENCES;

/// One example: a folder with `greenroom.yaml`, the app's files, `scenario.txt` and
/// `transcript.txt`.
#[derive(Clone, Debug)]
pub struct Example {
    /// The folder's name.
    pub name: String,
    folder: PathBuf,
}

impl Example {
    /// Every example of `examples` that has a scenario, by name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn all(examples: &Path) -> std::io::Result<Vec<Self>> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(examples)? {
            let folder = entry?.path();
            if folder.join("scenario.txt").exists() {
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                all.push(Self {
                    name: name.into_owned(),
                    folder: folder.clone(),
                });
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    /// What the transcript should be; empty if there is none yet.
    pub fn golden(&self) -> String {
        std::fs::read_to_string(self.transcript()).unwrap_or_default()
    }

    /// Where the transcript is.
    pub fn transcript(&self) -> PathBuf {
        self.folder.join("transcript.txt")
    }

    /// Plays the scenario in `folder`, which is made anew, and answers its transcript. Nothing is
    /// left running.
    ///
    /// # Errors
    /// A line that is no sentence, all of them at once; or the first thing that could not be done
    /// at all. What Greenroom refuses is no error, it is in the transcript.
    pub async fn play(&self, greenroom: &Path, folder: &Path) -> Result<String> {
        let path = self.folder.join("scenario.txt");
        let text = std::fs::read_to_string(&path)?;
        let script = Script::parse(&text).map_err(|problems| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            Error::from(format!("{}\n{}", path.display(), problems.join("\n")))
        })?;
        let mut world = World::prepare(greenroom, &self.folder, folder).await?;
        let played = world.play(&script).await;
        let ended = world.end().await;
        match played {
            Ok(transcript) => ended.map(|()| transcript),
            Err(error) => {
                let log = world.log_path();
                Err(format!("{error}\n  the server's log is in {}", log.display()).into())
            }
        }
    }
}

/// The first line in which two transcripts differ, with some lines before it; `None` if they are
/// equal.
pub fn difference(golden: &str, now: &str) -> Option<String> {
    if golden == now {
        return None;
    }
    let (old, new): (Vec<_>, Vec<_>) = (golden.lines().collect(), now.lines().collect());
    let at = old
        .iter()
        .zip(&new)
        .take_while(|(one, other)| one == other)
        .count();
    let from = at.saturating_sub(6);
    let mut text = format!("line {} is another:\n", at + 1);
    for line in &new[from..at] {
        text += &format!("    {line}\n");
    }
    for line in old.iter().skip(at).take(6) {
        text += &format!("  - {line}\n");
    }
    for line in new.iter().skip(at).take(6) {
        text += &format!("  + {line}\n");
    }
    Some(text)
}
