//! What a build left behind about itself: tests it ran, lines they covered, the API it describes.
//!
//! It belongs to the build's record and so to the release: a promotion is judged by the very same
//! evidence. A report that is not there or cannot be read is kept as exactly that; it proves
//! nothing. Everything is bounded, whatever a report says.

mod gate;
mod percent;

use serde::{Deserialize, Serialize};

use crate::bound;
use crate::name::Digest;

pub use gate::Gate;
pub use percent::{Percent, PercentError};

/// Longer lists are cut; their counts are not.
pub const NAMED_MAX: usize = 10;
/// Bytes of one named test or operation.
pub const NAMED_BYTES_MAX: usize = 160;
/// Operations are told apart by which suites call them, into at most this many groups.
pub const GROUPS_MAX: usize = 32;
/// Suites that are told apart; what the others call counts as called by nobody.
pub const SUITES_MAX: usize = 64;
/// The output of a `once` step that tells the coverage where no report does.
pub const COVERAGE_OUTPUT: &str = "COVERAGE";

/// What the reports of a build say; `None` where the stage file declares no such report.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Evidence {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Finding<Tests>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Finding<Coverage>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<Finding<Api>>,
}

/// What became of a declared report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding<T> {
    Read(T),
    /// No step left one at `path`, as the stage file has it.
    Missing {
        path: String,
    },
    /// `path` is the file itself.
    Unreadable {
        path: String,
        why: String,
    },
}

/// Tests of the build.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Tests {
    /// All of them, skipped ones included.
    pub total: u32,
    pub failed: u32,
    pub errored: u32,
    pub skipped: u32,
    /// The first that failed or errored, by name.
    pub named: Vec<String>,
}

/// How much of the code the tests ran.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Coverage {
    pub percent: Percent,
    /// Lines that ran, and lines there are; `None` where the report tells only a share.
    #[serde(default)]
    pub lines: Option<(u64, u64)>,
}

/// The API that the build describes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Api {
    pub operations: u32,
    /// The suites whose files were read, in the order that [`Group::suites`] counts them.
    pub suites: Vec<SuiteRead>,
    /// The operations, by the suites that call them.
    pub groups: Vec<Group>,
    /// Operations that lack a schema, counted.
    pub undocumented: u32,
    /// The first of them, with what they lack.
    pub named: Vec<String>,
    /// The document itself, as it is kept; `None` where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Digest>,
}

/// A suite's files, as far as they could be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SuiteRead {
    /// The suite's glob.
    pub files: String,
    /// Why its requests are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Operations that are called by the same suites.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Places in [`Api::suites`], ascending.
    pub suites: Vec<usize>,
    pub count: u32,
    /// The first of them, as `GET /orders/{id}`.
    pub named: Vec<String>,
}

impl Evidence {
    /// The same, fit to be kept: names and lists cut to what they may take.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        bound_finding(&mut self.tests, |tests| bound_names(&mut tests.named));
        bound_finding(&mut self.coverage, |_| {});
        bound_finding(&mut self.api, bound_api);
        self
    }
}

fn bound_finding<T>(finding: &mut Option<Finding<T>>, inner: impl FnOnce(&mut T)) {
    match finding {
        None => {}
        Some(Finding::Read(read)) => inner(read),
        Some(Finding::Missing { path }) => *path = bound::text(path, bound::NAME_MAX),
        Some(Finding::Unreadable { path, why }) => {
            *path = bound::text(path, bound::NAME_MAX);
            *why = bound::text(why, bound::NAME_MAX);
        }
    }
}

fn bound_api(api: &mut Api) {
    bound_names(&mut api.named);
    api.suites.truncate(SUITES_MAX);
    for group in &mut api.groups {
        group.suites.retain(|place| *place < SUITES_MAX);
    }
    for suite in &mut api.suites {
        // A glob that is cut is no suite's any more: its gate stays closed.
        suite.files = bound::text(&suite.files, bound::NAME_MAX);
        suite.problem = suite
            .problem
            .take()
            .map(|why| bound::text(&why, bound::NAME_MAX));
    }
    // Groups beyond the cap count as called by nobody: too strict is safe, too lax is not.
    let rest = api.groups.split_off(api.groups.len().min(GROUPS_MAX));
    for group in rest {
        merge(&mut api.groups, group);
    }
    for group in &mut api.groups {
        bound_names(&mut group.named);
    }
}

fn merge(groups: &mut Vec<Group>, more: Group) {
    match groups.iter_mut().find(|group| group.suites.is_empty()) {
        Some(group) => {
            group.count = group.count.saturating_add(more.count);
            group.named.extend(more.named);
        }
        None => groups.push(Group {
            suites: Vec::new(),
            ..more
        }),
    }
}

fn bound_names(names: &mut Vec<String>) {
    names.truncate(NAMED_MAX);
    for name in names {
        *name = bound::text(name, NAMED_BYTES_MAX);
    }
}

#[cfg(test)]
mod tests;
