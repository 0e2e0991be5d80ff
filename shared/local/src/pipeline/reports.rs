//! The reports that the steps of a build left in its checkout.
//!
//! Steps may leave anything there, so no symbolic link is followed, nothing but files is opened, and
//! how much is looked at is bounded. A file that came with the commit and was not touched is no
//! report: nobody made it.

mod find;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use greenroom_core::stage_file::Reports;
use greenroom_evidence::reports::{Bad, Files, Kind, Take};

use find::Stamp;

/// Files of the repository that a glob of reports matches, as they were before the first step, or
/// why that is not known; by glob.
pub(super) type Before = BTreeMap<String, Result<BTreeMap<PathBuf, Stamp>, String>>;

/// Looks at what is there already. An OpenAPI document may well come with the commit.
pub(super) fn before(checkout: &Path, steps: &[Reports]) -> Before {
    let look = |glob: &String| (glob.clone(), find::matching(checkout, glob));
    let globs = steps.iter().flat_map(Kind::declared);
    let made = globs.filter(|(kind, _)| kind.is_made());
    made.map(|(_, glob)| look(glob)).collect()
}

/// A checkout after a step.
pub(super) struct After<'a> {
    pub checkout: &'a Path,
    pub before: &'a Before,
}

impl Files for After<'_> {
    fn each(&self, kind: Kind, glob: &str, take: Take<'_>) -> Result<(), Bad> {
        let found =
            find::matching(self.checkout, glob).map_err(|why| Bad::unreadable(glob, &why))?;
        if found.is_empty() {
            return Err(Bad::Missing {
                path: glob.to_owned(),
            });
        }
        let known = match self.before.get(glob).filter(|_| kind.is_made()) {
            Some(Ok(known)) => Some(known),
            Some(Err(why)) => {
                let why = format!("nobody knows which files came with the commit: {why}");
                return Err(Bad::unreadable(glob, &why));
            }
            None => None,
        };
        let fresh: Vec<&PathBuf> = found
            .iter()
            .filter(|(path, stamp)| known.and_then(|known| known.get(*path)) != Some(stamp))
            .map(|(path, _)| path)
            .collect();
        if fresh.is_empty() {
            let why = "it came with the commit, no step wrote it";
            return Err(Bad::unreadable(glob, &why));
        }
        for path in fresh {
            let name = path.to_string_lossy();
            let bytes = find::bytes(&self.checkout.join(path))
                .map_err(|why| Bad::unreadable(&name, &why))?;
            take(&bytes).map_err(|error| Bad::unreadable(&name, &error))?;
        }
        Ok(())
    }
}
