//! Suites: where the tests are, where they go, and limits that fit into each other.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::collect;
use super::names::check_name;
use super::pipelines::{is_inside_checkout, limit};
use super::variables::set;
use crate::name::SuiteName;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawSuite};
use crate::stage_file::record::{Entry, Spanned};
use crate::stage_file::{Reference, Suite, Template};

const READY: SignedDuration = SignedDuration::from_secs(30);
const REQUEST_TIMEOUT: SignedDuration = SignedDuration::from_secs(10);
const TIMEOUT: SignedDuration = SignedDuration::from_mins(10);
const TIMEOUT_MAX: SignedDuration = SignedDuration::from_hours(8);
const RETRIES: u32 = 2;
const RETRIES_MAX: u32 = 10;

pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<SuiteName, Suite> {
    let Some(suites) = raw.suites.value() else {
        return BTreeMap::new();
    };
    collect(suites.entries.iter().map(|entry| suite(entry, log)))
}

fn suite(entry: &Entry<RawSuite>, log: &mut Log) -> Option<(SuiteName, Suite)> {
    check_name(&entry.name, "a suite", log);
    let raw = entry.value.as_ref()?;
    if let Some(files) = raw.files.given() {
        check_files(files, log);
    }
    if let Some(base_url) = raw.base_url.given() {
        check_base_url(base_url, log);
    }
    let name = SuiteName::new(entry.name.value.as_str());
    let variables = raw
        .variables
        .value()
        .map(|named| set(named, log))
        .unwrap_or_default();
    let ready = limit(raw.ready.given(), READY, TIMEOUT_MAX, "getting ready", log);
    let request_timeout = limit(
        raw.request_timeout.given(),
        REQUEST_TIMEOUT,
        TIMEOUT_MAX,
        "a request",
        log,
    );
    let timeout = limit(raw.timeout.given(), TIMEOUT, TIMEOUT_MAX, "a suite", log);
    check_limits(
        raw,
        [("ready", ready), ("request_timeout", request_timeout)],
        timeout,
        log,
    );
    let suite = Suite {
        name: name.clone(),
        files: raw.files.value()?.clone(),
        base_url: raw.base_url.value()?.clone(),
        variables,
        ready,
        request_timeout,
        timeout,
        retries: retries(raw, log),
    };
    Some((name, suite))
}

fn check_files(files: &Spanned<String>, log: &mut Log) {
    if !is_inside_checkout(&files.value) {
        let message = format!(
            "`{}` is not a path inside the repository",
            shown(&files.value)
        );
        log.report(
            Diagnostic::error("path", &files.span, message)
                .help("Write a relative glob without `..`, such as `tests/smoke/*.hurl`."),
        );
        return;
    }
    check_glob(files, "tests/smoke/*.hurl", log);
}

/// Reports what is no glob; `example` is one.
pub(super) fn check_glob(files: &Spanned<String>, example: &str, log: &mut Log) {
    let glob = globset::GlobBuilder::new(&files.value)
        .literal_separator(true)
        .build();
    if let Err(error) = glob {
        let message = format!("`{}` is not a glob: {}", shown(&files.value), error.kind());
        log.report(
            Diagnostic::error("path", &files.span, message)
                .help(format!("Write one such as `{example}`.")),
        );
    }
}

fn check_base_url(base_url: &Spanned<Template>, log: &mut Log) {
    let text = base_url.value.as_str();
    if base_url
        .value
        .references()
        .any(|one| matches!(one, Reference::Secret(_)))
    {
        log.report(
            Diagnostic::error(
                "secret-in-url",
                &base_url.span,
                "an address cannot be a secret",
            )
            .help("Addresses appear in reports; put what is secret into a variable of the suite."),
        );
        return;
    }
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let good = match host {
        Some(host) => {
            !host.is_empty() && !host.starts_with('/') && !text.contains(char::is_whitespace)
        }
        // The deploy step may write the whole address.
        None => text.starts_with("${outputs."),
    };
    if !good {
        let message = format!("`{}` is not the address of a service", shown(text));
        log.report(
            Diagnostic::error("base-url", &base_url.span, message)
                .label("not an address")
                .help("Start with `http://` or `https://`, or with an output of the deploy step: `${outputs.URL}`."),
        );
    }
}

fn check_limits(
    raw: &RawSuite,
    inner: [(&str, SignedDuration); 2],
    timeout: SignedDuration,
    log: &mut Log,
) {
    let given = [raw.ready.span(), raw.request_timeout.span()];
    for ((name, duration), span) in inner.into_iter().zip(given) {
        if duration <= timeout {
            continue;
        }
        let Some(span) = span.or_else(|| raw.timeout.span()) else {
            continue;
        };
        let message = format!("`{name}` is longer than the whole suite may take");
        log.report(
            Diagnostic::error("limits", span, message)
                .label("never reached")
                .help(format!("Make `timeout` longer than `{name}`.")),
        );
    }
}

fn retries(raw: &RawSuite, log: &mut Log) -> u32 {
    let Some(given) = raw.retries.given() else {
        return RETRIES;
    };
    match u32::try_from(given.value) {
        Ok(count) if count <= RETRIES_MAX => count,
        _ => {
            let message = format!("`retries` goes from 0 to {RETRIES_MAX}");
            log.report(Diagnostic::error("number", &given.span, message).help(
                "Only attempts that could not tell are repeated, so that a red test is never retried into green.",
            ));
            RETRIES
        }
    }
}
