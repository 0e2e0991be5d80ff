//! What came of an act: what happened to each stage, what was told to whom, and what is where.

use serde_json::Value;

use super::act::Act;
use super::prose::Prose;
use super::quiet::Still;
use super::world::World;
use crate::demo::Result;

/// Lines of a stage's log that are read at once; the server gives no more.
const LINES_MAX: usize = 1_000;

/// Steps of a run that goes well; how it ends says enough.
const USUAL: [&str; 4] = ["admitted", "deployed", "candidate", "refresh"];

/// Waits until everything is done, and answers what is to be told of it: `said` at once, then what
/// happened.
pub async fn after(world: &mut World, act: &Act, said: Vec<String>) -> Result<Vec<String>> {
    let still = world.quiet().await?;
    let mut lines = Vec::new();
    if let Act::Pass(_) | Act::Begin { .. } = act {
        lines.push(format!(
            "it is {}",
            still.board["now"].as_str().unwrap_or_default()
        ));
    }
    lines.extend(said);
    for card in still.cards() {
        lines.extend(happened(world, card).await?);
    }
    lines.extend(messages(world));
    lines.extend(attention(world, &still));
    lines.extend(stages(world, &still));
    let mut prose = Prose::new(world, &still)?;
    let builds = world.talk()?.get("/releases").await?;
    for build in builds.as_array().into_iter().flatten() {
        prose.knows(build);
    }
    Ok(lines.iter().map(|line| prose.of(line)).collect())
}

/// New lines of a stage's log, oldest first.
async fn happened(world: &mut World, card: &Value) -> Result<Vec<String>> {
    let stage = card["stage"].as_str().unwrap_or_default().to_owned();
    let path = format!("/stages/{stage}/log?limit={LINES_MAX}");
    let log = world.talk()?.get(&path).await?;
    let entries = log.as_array().map(Vec::as_slice).unwrap_or_default();
    whole(&stage, entries.len())?;
    let known = world
        .seen
        .lines
        .insert(stage.clone(), entries.len())
        .unwrap_or(0);
    let new = entries
        .iter()
        .take(entries.len().saturating_sub(known))
        .rev();
    let new = in_one_order(new.collect());
    let waits = card["candidate"]["revision"]
        .as_str()
        .map(|id| id.get(..8).unwrap_or(id));
    let mut lines = Vec::new();
    for entry in new {
        let (code, text) = (
            entry["code"].as_str().unwrap_or_default(),
            entry["text"].as_str().unwrap_or_default(),
        );
        let waiting = code == "candidate" && waits.is_some_and(|id| text.starts_with(id));
        let passed = code == "tested" && text.contains(" passed, ");
        if waiting || !passed && !USUAL.contains(&code) {
            // Some are of several lines: the end of a step's log.
            let mut parts = text.lines();
            lines.push(format!("{stage}: {}", parts.next().unwrap_or_default()));
            lines.extend(parts.map(|part| format!("  | {part}")));
        }
    }
    Ok(lines)
}

/// Suites run side by side, and their answers come in any order.
fn in_one_order(mut entries: Vec<&Value>) -> Vec<&Value> {
    let is_answer = |entry: &&Value| entry["code"] == "tested";
    for answers in entries.chunk_by_mut(|one, other| is_answer(one) && is_answer(other)) {
        answers.sort_by_key(|entry| entry["text"].as_str().unwrap_or_default().to_owned());
    }
    entries
}

/// A log that is full is not told to its end: its oldest lines would be missing without a word.
fn whole(stage: &str, lines: usize) -> Result<()> {
    if lines < LINES_MAX {
        return Ok(());
    }
    let why = format!("{stage} has a log of {LINES_MAX} lines or more: a scenario is shorter");
    Err(why.into())
}

/// What arrived at the channels.
fn messages(world: &mut World) -> Vec<String> {
    let (telegram, mails) = (world.telegram.arrived(), world.smtp.received());
    let mut told: Vec<Vec<String>> = Vec::new();
    for message in telegram.iter().skip(world.seen.messages) {
        let mut lines = vec!["by Telegram:".to_owned()];
        lines.extend(message.text.lines().map(|line| format!("  | {line}")));
        told.push(lines);
    }
    for mail in mails.iter().skip(world.seen.mails) {
        told.push(vec![format!(
            "by mail to {}: {}",
            mail.to.join(", "),
            mail.subject()
        )]);
    }
    (world.seen.messages, world.seen.mails) = (telegram.len(), mails.len());
    // Two that are sent at once arrive in any order.
    told.sort();
    told.concat()
}

/// What needs a person, and did not before.
fn attention(world: &mut World, still: &Still) -> Vec<String> {
    let apps = still.board["apps"].as_array().into_iter().flatten();
    let items = apps.flat_map(|app| app["attention"].as_array().into_iter().flatten());
    let items: Vec<String> = items
        .filter_map(|item| item["text"].as_str().map(str::to_owned))
        .collect();
    let new = items
        .iter()
        .filter(|item| !world.seen.attention.contains(item));
    let lines = new.map(|item| format!("needs a person: {item}")).collect();
    world.seen.attention = items;
    lines
}

/// Stages that are not as they were.
fn stages(world: &mut World, still: &Still) -> Vec<String> {
    let mut lines = Vec::new();
    for card in still.cards() {
        let stage = card["stage"].as_str().unwrap_or_default();
        let now = summary(card);
        let old = world.seen.stages.insert(stage.to_owned(), now.clone());
        if old.as_ref() != Some(&now)
            && (old.is_some() || !card["deployed"].is_null() || card["blocked"] == true)
        {
            lines.push(format!("=> {stage} {now}"));
        }
    }
    lines
}

/// What runs on a stage, is it good, and what it waits for.
fn summary(card: &Value) -> String {
    let health = card["health"].as_str().unwrap_or_default();
    let runs = match card["deployed"]["revision"].as_str() {
        Some(revision) => format!("runs {}, {health}", revision.get(..8).unwrap_or(revision)),
        None => "is empty".to_owned(),
    };
    let runs = match card["toggle"]["is_live"].as_bool() {
        Some(true) => format!("{runs}, live"),
        _ => runs,
    };
    match card["waiting_on"][0]["sentence"].as_str() {
        Some(wait) if card["blocked"] == true => format!("{runs}; {wait}"),
        _ => runs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_may_be_longer_than_what_was_read_fails_the_scenario() {
        assert!(whole("dev", LINES_MAX - 1).is_ok());
        let error = whole("dev", LINES_MAX).expect_err("who knows what is missing");
        assert!(error.to_string().contains("dev has a log"), "{error}");
    }
}
