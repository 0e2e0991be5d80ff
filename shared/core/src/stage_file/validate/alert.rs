//! Who hears of what: channels that exist, each once, and news and suites that there are. A suite
//! whose breaks nobody would hear of is pointed out.

use std::collections::BTreeSet;

use super::names::{check_known, check_list, check_size, distinct};
use crate::name::{ChannelName, SuiteName};
use crate::stage_file::alert::{RawAlert, RawRoute};
use crate::stage_file::diagnostic::{Diagnostic, Log, listed, shown};
use crate::stage_file::raw::{RawFile, RawStage};
use crate::stage_file::record::{Entry, Spanned};
use crate::stage_file::{NewsKind, Route};

pub(super) fn check(raw: &RawFile, entry: &Entry<RawStage>, log: &mut Log) -> Vec<Route> {
    let Some(stage) = &entry.value else {
        return Vec::new();
    };
    let mut routes: Vec<Route> = Vec::new();
    let mut plain = BTreeSet::new();
    for item in stage.alert.items() {
        let Some(channel) = named(item) else { continue };
        let is_plain = matches!(item.value, RawAlert::Channel(_));
        if routes
            .iter()
            .any(|it| it.channel.as_str() == channel.value.as_str())
        {
            twice(
                &channel,
                is_plain && plain.contains(channel.value.as_str()),
                log,
            );
            continue;
        }
        if is_plain {
            plain.insert(channel.value.clone());
        }
        let known = check_known(&channel, "channel", "channels", &raw.channels, log);
        let route = match &item.value {
            RawAlert::Channel(_) => Route::from(ChannelName::new(channel.value.as_str())),
            RawAlert::Route(route) => {
                mapping(raw, stage, route, ChannelName::new(&*channel.value), log)
            }
        };
        if known {
            routes.push(route);
            check_size(routes.len(), "channel", &channel.span, log);
        }
    }
    if !log.has_errors() {
        unheard(entry, stage, &routes, log);
    }
    routes
}

fn named(item: &Spanned<RawAlert>) -> Option<Spanned<String>> {
    match &item.value {
        RawAlert::Channel(name) => Some(Spanned {
            value: name.clone(),
            span: item.span.clone(),
        }),
        RawAlert::Route(route) => route.channel.given().cloned(),
    }
}

/// The same once more changes nothing; with other news it could mean two things.
fn twice(channel: &Spanned<String>, is_same: bool, log: &mut Log) {
    let message = format!("the channel `{}` is listed twice", shown(&channel.value));
    let diagnostic = if is_same {
        Diagnostic::warning("listed-twice", &channel.span, message)
            .label("again here")
            .help("The second has no effect; remove it.")
    } else {
        Diagnostic::error("listed-twice", &channel.span, message)
            .label("again here")
            .help("Write one entry for each channel, with all it is to hear of.")
    };
    log.report(diagnostic);
}

fn mapping(
    raw: &RawFile,
    stage: &RawStage,
    route: &RawRoute,
    channel: ChannelName,
    log: &mut Log,
) -> Route {
    let news = news(route, log);
    let suites = check_list(&route.suites, "suite", "suites", &raw.suites, log);
    for suite in &suites {
        let verifies = stage.verify.items().iter();
        if !verifies.map(|it| &it.value).any(|it| *it == suite.value) {
            let message = format!(
                "this stage does not verify with the suite `{}`",
                shown(&suite.value)
            );
            log.report(
                Diagnostic::error("suite-not-verified", &suite.span, message)
                    .label("never fails here")
                    .help("Name suites that the stage has under `verify`."),
            );
        }
    }
    let hears = |kind: NewsKind| news.is_empty() || news.contains(&kind);
    let follows = if suites.is_empty() {
        None
    } else {
        Some("suites")
    };
    let changed = (!news.is_empty() && hears(NewsKind::Changed)).then_some("changed");
    if let Some(what) = changed.or(follows).filter(|_| !hears(NewsKind::Broke)) {
        log.report(
            Diagnostic::error(
                "never-told",
                &route.span,
                format!("`{what}` is about breaks, and this channel hears of none"),
            )
            .label("without `broke`")
            .help(format!("Add `broke` to `news`, or remove `{what}`.")),
        );
    }
    Route {
        channel,
        news,
        suites: suites
            .iter()
            .map(|suite| SuiteName::new(suite.value.as_str()))
            .collect(),
    }
}

fn news(route: &RawRoute, log: &mut Log) -> Vec<NewsKind> {
    let words = NewsKind::ALL.map(NewsKind::word);
    let mut found = Vec::new();
    for word in distinct(&route.news, "news", log) {
        let known = NewsKind::ALL
            .into_iter()
            .find(|it| it.word() == word.value.as_str());
        if known.is_some() {
            found.extend(known);
            continue;
        }
        let help = if word.value == "recovered" {
            "A recovery is told to whoever was told of the break; remove it.".to_owned()
        } else {
            format!("There are {}.", listed(words))
        };
        log.report(
            Diagnostic::error(
                "unknown-news",
                &word.span,
                format!("there is no news `{}`", shown(&word.value)),
            )
            .label("unknown news")
            .help(help)
            .did_you_mean(&word.value, words),
        );
    }
    if let Some(list) = route.news.given()
        && list.value.items.is_empty()
        && !list.value.broken
    {
        log.report(
            Diagnostic::error("no-news", &list.span, "this channel would hear of nothing")
                .label("nothing")
                .help("Remove `news` for all of them, or remove the entry."),
        );
    }
    found
}

/// Suites that some channels hear of, and others of which nobody does: most often one that was
/// added to `verify` alone.
fn unheard(entry: &Entry<RawStage>, stage: &RawStage, routes: &[Route], log: &mut Log) {
    let breaks = || routes.iter().filter(|it| it.hears(NewsKind::Broke));
    let whole = breaks().any(|route| route.suites.is_empty());
    if whole || routes.is_empty() {
        return;
    }
    let heard = |suite: &str| breaks().any(|it| it.suites.iter().any(|own| own.as_str() == suite));
    let verify = stage.verify.items().iter().map(|it| it.value.as_str());
    let unheard: Vec<&str> = verify.filter(|suite| !heard(suite)).collect();
    let name = shown(&entry.name.value);
    let message = if breaks().next().is_none() {
        format!("nobody is told when `{name}` breaks")
    } else if unheard.is_empty() {
        return;
    } else {
        format!(
            "nobody is told when `{name}` breaks by {} alone",
            listed(unheard)
        )
    };
    log.report(
        Diagnostic::warning("untold", &entry.name.span, message)
            .label("breaks in silence")
            .help("Add a channel under `alert` that hears of it."),
    );
}
