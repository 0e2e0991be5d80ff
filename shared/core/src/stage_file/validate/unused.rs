//! What is defined and never used: most often a name that was changed in one place only.

use std::collections::BTreeSet;

use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawStage};
use crate::stage_file::record::{Field, List, Named};

pub(super) fn check(raw: &RawFile, log: &mut Log) {
    let Some(stages) = raw.stages.value() else {
        return;
    };
    let all: Vec<&RawStage> = stages
        .entries
        .iter()
        .filter_map(|e| e.value.as_ref())
        .collect();
    let used = |list: fn(&RawStage) -> &Field<List<String>>| -> BTreeSet<&str> {
        let lists = all.iter().filter_map(|stage| list(stage).value());
        lists
            .flat_map(|list| list.items.iter().map(|name| name.value.as_str()))
            .collect()
    };
    let pipelines = all
        .iter()
        .filter_map(|stage| stage.pipeline.value())
        .map(String::as_str);
    report(&raw.pipelines, "pipeline", &pipelines.collect(), log);
    report(&raw.suites, "suite", &used(|stage| &stage.verify), log);
    report(
        &raw.variables,
        "variable set",
        &used(|stage| &stage.variables),
        log,
    );
    let alert = all.iter().flat_map(|stage| stage.alert.items());
    let alert = alert.filter_map(|item| item.value.channel());
    let mut channels: BTreeSet<&str> = alert.collect();
    let tell = all.iter().filter_map(|stage| stage.expires.value());
    let tell = tell.flat_map(|expires| expires.tell.items());
    channels.extend(tell.map(|name| name.value.as_str()));
    report(&raw.channels, "channel", &channels, log);
    report(&raw.windows, "window", &used(|stage| &stage.windows), log);
}

fn report<T>(section: &Field<Named<T>>, what: &str, used: &BTreeSet<&str>, log: &mut Log) {
    let Some(named) = section.value() else { return };
    for entry in named
        .entries
        .iter()
        .filter(|entry| !used.contains(entry.name.value.as_str()))
    {
        let message = format!("no stage uses the {what} `{}`", shown(&entry.name.value));
        log.report(
            Diagnostic::warning("unused", &entry.name.span, message)
                .label("never used")
                .help("Remove it, or name it in a stage."),
        );
    }
}
