//! H: who may do what, and what nobody may see.

use greenroom_app::records::AppRecord;
use greenroom_core::command::Command;
use greenroom_core::name::ConfigHash;
use greenroom_core::principal::Principal;

use super::Found;
use crate::setup::cast::STRANGER;
use crate::stage_files;
use crate::truth::{Change, Happened, Truth};
use crate::world::SECRET;

pub fn see(truth: &Truth, happened: &Happened<'_>, found: &mut Found) {
    match happened {
        Happened::Commanded {
            stage,
            principal: Principal::Person { name },
            command,
            granted: true,
        } if name == STRANGER && !is_anybodys(command) => {
            let what = format!("{name} is granted {} on {stage}", command.verb());
            found.broken(truth, "H1", what);
        }
        Happened::Commanded {
            stage,
            principal: Principal::Automation | Principal::Pipeline,
            command,
            granted: true,
        } => {
            let what = format!("{} is granted to a machine on {stage}", command.verb());
            found.broken(truth, "H1", what);
        }
        Happened::Started { execution, .. } => {
            let revision = &truth.executor.get(*execution).request.revision;
            if truth.repository.is_a_strangers(revision) {
                let what = format!("{} of a fork is built or deployed", revision.short());
                found.broken(truth, "H6", what);
            }
        }
        Happened::Told(told) => {
            let text = serde_json::to_string(&told.announcement).unwrap_or_default();
            if text.contains(SECRET) {
                found.broken(truth, "H13", format!("{} has a secret in it", told.key));
            }
        }
        _ => {}
    }
}

/// Whoever uses a stage may keep it.
fn is_anybodys(command: &Command) -> bool {
    matches!(
        command,
        Command::Extend { .. } | Command::Park { .. } | Command::Unpark
    )
}

pub fn committed(truth: &Truth, changes: &[Change<'_>], found: &mut Found) {
    for change in changes {
        let after = change.after.unwrap_or_default();
        let secret = SECRET.as_bytes();
        // Few parts begin like it, and all the others are not worth a comparison.
        let seen = after
            .windows(secret.len())
            .any(|part| part[0] == secret[0] && part == secret);
        if seen {
            found.broken(truth, "H13", format!("{} has a secret in it", change.key));
        }
    }
}

/// H5: what is in force is what the default branch had, and something always is.
pub fn in_force(
    truth: &Truth,
    change: &Change<'_>,
    known: &mut Vec<ConfigHash>,
    found: &mut Found,
) {
    let read = |text: &[u8]| serde_json::from_slice::<AppRecord>(text).ok()?.config;
    let before = change.before.as_deref().and_then(read);
    let after = change.after.and_then(read);
    if before == after {
        return;
    }
    let Some(after) = after else {
        found.broken(truth, "H5", "no stage file is in force any more");
        return;
    };
    let repository = &truth.repository;
    let default = repository.default_branch();
    let had = default.map_or(&[][..], |branch| repository.moves(branch));
    let is_it =
        |text: &str| stage_files::read(text.as_bytes()).is_some_and(|file| file.hash == after);
    let texts = had
        .iter()
        .filter_map(|(_, to)| repository.stage_file(to.as_ref()?));
    // Most commits leave it as it is.
    let mut texts: Vec<&str> = texts.collect();
    texts.dedup();
    if !texts.into_iter().rev().any(is_it) {
        let what = format!("{after} is in force, which the default branch never had");
        found.broken(truth, "H5", what);
    }
    known.push(after);
}
