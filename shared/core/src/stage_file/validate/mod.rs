//! From raw types to the model: everything that refers to something else is followed, and
//! everything that would only fail later is found now. Each check reports and goes on.

mod approvals;
mod channels;
mod collisions;
mod names;
mod pipelines;
mod promotion;
mod roles;
mod rules;
mod shadows;
mod sources;
mod suites;
mod templates;
mod unused;
mod variables;

use std::collections::BTreeMap;

use crate::name::{ConfigHash, RepoName};
use crate::stage_file::StageFile;
use crate::stage_file::diagnostic::{Diagnostic, Log};
use crate::stage_file::hash::{Shared, seal};
use crate::stage_file::raw::RawFile;

/// The version of the vocabulary that is read here.
const VERSION: i64 = 1;

/// Checks everything. What comes back holds only if nothing was reported as an error.
pub(crate) fn file(raw: &RawFile, hash: ConfigHash, log: &mut Log) -> StageFile {
    version(raw, log);
    let app = app(raw, log);
    let pipelines = pipelines::check(raw, log);
    let suites = suites::check(raw, log);
    let channels = channels::check(raw, log);
    let variables = variables::check(raw, log);
    let roles = roles::check(raw, log);
    let drafts = rules::check(raw, log);
    promotion::check(raw, log);
    collisions::check(raw, log);
    shadows::check(raw, log);
    if !log.has_errors() {
        // A wrong name is reported where it is used; that makes its target look unused.
        unused::check(raw, log);
    }
    let shared = Shared {
        pipelines: &pipelines,
        suites: &suites,
        variables: &variables,
    };
    let rules = seal(drafts, &shared);
    StageFile {
        app,
        hash,
        variables,
        pipelines,
        suites,
        channels,
        roles,
        rules,
        warnings: Vec::new(),
    }
}

fn version(raw: &RawFile, log: &mut Log) {
    if let Some(version) = raw.version.given()
        && version.value != VERSION
    {
        let message = format!("version {} is not known", version.value);
        log.report(
            Diagnostic::error("version", &version.span, message)
                .label("unknown version")
                .help("This Greenroom reads version 1; a newer file needs a newer Greenroom."),
        );
    }
}

fn app(raw: &RawFile, log: &mut Log) -> RepoName {
    let Some(app) = raw.app.given() else {
        return RepoName::new("");
    };
    let legal = |part: &str, max: usize| {
        !part.is_empty()
            && part.len() <= max
            && part != "."
            && part != ".."
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let is_name = app
        .value
        .split_once('/')
        .is_some_and(|(owner, name)| legal(owner, 39) && legal(name, 100));
    if !is_name {
        log.report(
            Diagnostic::error("app", &app.span, "the app is not named `owner/name`")
                .label("not owner/name")
                .help("Write the repository as GitHub names it, without `https://` or `.git`."),
        );
    }
    RepoName::new(app.value.as_str())
}

/// Collects entries that have a value into a map.
fn collect<K: Ord, V>(entries: impl Iterator<Item = Option<(K, V)>>) -> BTreeMap<K, V> {
    entries.flatten().collect()
}
