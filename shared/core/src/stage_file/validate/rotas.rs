//! Rotas: people, and turns that begin at a time there is.

use std::collections::BTreeMap;

use super::collect;
use super::names::{check_known, check_name};
use super::sources::check_zone;
use crate::name::{Actor, ChannelName};
use crate::rota::{EVERY_MIN, Rota, wall_time};
use crate::schedule;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::format_duration;
use crate::stage_file::raw::{RawFile, RawRota};

/// More people than this take no turns.
const PEOPLE_MAX: usize = 50;
/// As many characters as a login may have, and more.
const PERSON_MAX: usize = 60;

pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<String, Rota> {
    collect(raw.rotas.entries().iter().map(|entry| {
        check_name(&entry.name, "a rota", log);
        let rota = rota(entry.value.as_ref()?, log)?;
        Some((entry.name.value.clone(), rota))
    }))
}

/// Which rota the messages of a channel name.
pub(super) fn on_duty(raw: &RawFile, log: &mut Log) -> BTreeMap<ChannelName, String> {
    let entries = raw.channels.entries().iter().filter_map(|entry| {
        let rota = entry.value.as_ref()?.on_duty.given()?;
        check_known(rota, "rota", "rotas", &raw.rotas, log);
        let channel = ChannelName::new(entry.name.value.as_str());
        Some((channel, rota.value.clone()))
    });
    entries.collect()
}

fn rota(raw: &RawRota, log: &mut Log) -> Option<Rota> {
    let people = people(raw, log);
    let timezone = raw.timezone.given();
    if let Some(timezone) = timezone {
        check_zone(timezone, log);
    }
    let from = raw.from.given();
    let begins = from.and_then(|from| wall_time(&from.value));
    if let Some(from) = from.filter(|_| begins.is_none()) {
        let message = format!("`{}` is not a day and a time", shown(&from.value));
        log.report(
            Diagnostic::error("rota", &from.span, message)
                .label("not like 2026-01-05T09:00")
                .help("Write when the first turn begins by the clock in `timezone`, such as `2026-01-05T09:00`."),
        );
    }
    let every = raw.every.given()?;
    if every.value.0 < EVERY_MIN {
        let least = format_duration(EVERY_MIN);
        log.report(
            Diagnostic::error(
                "rota",
                &every.span,
                format!("a turn is at least {least} long"),
            )
            .label("too short")
            .help("Most teams take turns of a day (`1d`) or a week (`7d`)."),
        );
    }
    Some(Rota {
        people: people?,
        from: begins?,
        every: every.value.0,
        zone: schedule::zone(&timezone?.value).ok()?,
    })
}

fn people(raw: &RawRota, log: &mut Log) -> Option<Vec<Actor>> {
    let list = raw.people.given()?;
    let items = &list.value.items;
    if (items.is_empty() && !list.value.broken) || items.len() > PEOPLE_MAX {
        log.report(
            Diagnostic::error(
                "rota",
                &list.span,
                format!("{} people take turns", items.len()),
            )
            .label(format!("1 to {PEOPLE_MAX} people"))
            .help("List who is on duty one after the other; who is listed twice has two turns."),
        );
        return None;
    }
    for person in items {
        let text = person.value.as_str();
        let length = text.chars().count();
        if text.trim().is_empty() || length > PERSON_MAX || text.contains(char::is_control) {
            let message = format!("`{}` is not a person", shown(text));
            log.report(
                Diagnostic::error("rota", &person.span, message)
                    .label(format!("1 to {PERSON_MAX} characters"))
                    .help("Write a GitHub login, or what the team calls them."),
            );
        }
    }
    Some(
        items
            .iter()
            .map(|it| Actor::new(it.value.as_str()))
            .collect(),
    )
}
