//! From raw types to the model: everything that refers to something else is followed, and
//! everything that would only fail later is found now. Each check reports and goes on.

mod alert;
mod approvals;
mod channels;
mod collisions;
mod expires;
mod forks;
mod gates;
mod groups;
mod marks;
mod names;
mod paths;
mod pipelines;
mod promotion;
mod queue;
mod reports;
mod resources;
mod roles;
mod rotas;
mod rules;
mod shadows;
mod sources;
mod suites;
mod teardown;
mod templates;
mod through;
mod toggle;
mod unused;
mod variables;
mod watch;
mod windows;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::name::{ConfigHash, RepoName, RuleName};
use crate::schedule::Schedule;
use crate::stage_file::diagnostic::{Diagnostic, Log};
use crate::stage_file::hash::{Shared, seal};
use crate::stage_file::raw::RawFile;
use crate::stage_file::record::{Field, Named};
use crate::stage_file::{From, Rule, StageFile};

/// The version of the vocabulary that is read here.
const VERSION: i64 = 1;

/// More entries than this in one section are refused; what follows compares them in pairs.
const ENTRIES_MAX: usize = 200;

/// Checks everything. What comes back holds only if nothing was reported as an error.
pub(crate) fn file(raw: &RawFile, hash: ConfigHash, log: &mut Log) -> Option<StageFile> {
    if !is_of_usable_size(raw, log) {
        return None;
    }
    version(raw, log);
    let app = app(raw, log);
    let mut pipelines = pipelines::check(raw, log);
    let suites = suites::check(raw, log);
    let channels = channels::check(raw, log);
    let variables = variables::check(raw, log);
    let roles = roles::check(raw, log);
    let windows = windows::check(raw, log);
    let marks = marks::check(raw, log);
    let rotas = rotas::check(raw, log);
    let on_duty = rotas::on_duty(raw, log);
    let resources = resources::check(raw, log);
    let groups = groups::check(raw, log);
    let drafts = rules::check(raw, log);
    promotion::check(raw, log);
    through::check(raw, log);
    toggle::check_others(raw, log);
    collisions::check(raw, log);
    shadows::check(raw, log);
    if !log.has_errors() {
        // A wrong name is reported where it is used; that makes its target look unused.
        unused::check(raw, log);
        teardown::check_used(raw, log);
        toggle::check_used(raw, log);
    }
    reports::add_suites(&mut pipelines, &suites, &drafts);
    let shared = Shared {
        pipelines: &pipelines,
        suites: &suites,
        variables: &variables,
        resources: &resources,
    };
    resources::check_uses(raw, &drafts, &shared, log);
    let rules = seal(drafts, &shared);
    Some(StageFile {
        app,
        hash,
        variables,
        pipelines,
        suites,
        channels,
        roles,
        schedules: schedules(&rules),
        rules,
        warnings: Vec::new(),
        windows,
        marks,
        rotas,
        on_duty,
        resources,
        groups,
    })
}

fn is_of_usable_size(raw: &RawFile, log: &mut Log) -> bool {
    let sections = [
        size("variables", &raw.variables),
        size("pipelines", &raw.pipelines),
        size("suites", &raw.suites),
        size("channels", &raw.channels),
        size("roles", &raw.roles),
        size("stages", &raw.stages),
        size("windows", &raw.windows),
        size("marks", &raw.marks),
        size("rotas", &raw.rotas),
        size("resources", &raw.resources),
        size("groups", &raw.groups),
    ];
    let too_large = sections
        .into_iter()
        .flatten()
        .filter(|(_, _, count)| *count > ENTRIES_MAX);
    let mut usable = true;
    for (name, span, count) in too_large {
        usable = false;
        let message = format!("`{name}` has {count} entries, {ENTRIES_MAX} are allowed");
        log.report(
            Diagnostic::error("too-many", &span, message)
                .label("too many")
                .help(
                    "Make families of stages with a template such as `${actor}`, or split the app.",
                ),
        );
    }
    usable
}

type Size = (&'static str, Range<usize>, usize);

fn size<T>(name: &'static str, section: &Field<Named<T>>) -> Option<Size> {
    let given = section.given()?;
    Some((name, given.span.clone(), given.value.entries.len()))
}

/// What [`sources`] has found to be schedules; others were reported there.
fn schedules(rules: &[Rule]) -> BTreeMap<RuleName, Schedule> {
    let schedule = |rule: &Rule| match &rule.from {
        From::Branch {
            refresh: Some(refresh),
            ..
        } => {
            let schedule = Schedule::parse(&refresh.cron, &refresh.timezone).ok()?;
            Some((rule.name.clone(), schedule))
        }
        _ => None,
    };
    collect(rules.iter().map(schedule))
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
