//! `greenroom resolve`: which stage a change would go to, from the stage file alone.

use greenroom_core::name::{Actor, RefName, RuleName};
use greenroom_core::resolve::{Event, Resolution, Trigger, resolve};
use greenroom_core::stage_file::{From, StageFile};
use serde_json::json;

use super::validate;
use crate::args::{EventKind, ResolveArgs};
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::style::{BOLD, DIM, Mark};
use crate::output::table::{Cell, block};
use crate::output::text::{clean, width};

pub fn run(args: &ResolveArgs, output: &mut Output) -> Result<Exit, Stop> {
    let kind = kind(args)?;
    let reference = reference(&args.reference, kind)?;
    let file = validate::valid(&args.file, output)?;
    let event = event(args, kind, &reference, &file, output)?;
    let trigger = Trigger {
        event,
        reference,
        actor: args.actor.as_deref().map(Actor::new),
        deleted: args.deleted,
    };
    let resolution = resolve(&file, &trigger);
    if output.is_json() {
        let mut answer = json!(resolution);
        answer["schema"] = json!("resolve/v1");
        output.json(&answer)?;
    } else {
        explain(&file, &trigger, &resolution, output)?;
    }
    Ok(Exit::Ok)
}

/// What happened: as said, else what the other options can only be about.
fn kind(args: &ResolveArgs) -> Result<EventKind, Stop> {
    let of_pull_request =
        args.pr.is_some() || args.base.is_some() || args.fork || !args.labels.is_empty();
    let kind = args.event.unwrap_or_else(|| {
        if of_pull_request {
            EventKind::PullRequest
        } else if args.rule.is_some() {
            EventKind::Schedule
        } else {
            EventKind::Push
        }
    });
    if of_pull_request && kind != EventKind::PullRequest {
        return Err(
            Failure::usage("--pr, --base, --label and --fork are about a pull request")
                .help("add --event pull_request, or leave them out")
                .into(),
        );
    }
    if args.rule.is_some() && kind != EventKind::Schedule {
        return Err(Failure::usage("--rule is about a schedule")
            .help("add --event schedule, or leave it out")
            .into());
    }
    Ok(kind)
}

fn reference(typed: &str, kind: EventKind) -> Result<RefName, Stop> {
    if typed.is_empty() {
        return Err(Failure::usage("--ref is empty")
            .help("name a branch or a tag: --ref refs/heads/develop")
            .into());
    }
    Ok(match kind {
        _ if typed.starts_with("refs/") => RefName::new(typed),
        EventKind::Tag => RefName::new(format!("refs/tags/{typed}")),
        _ => RefName::new(format!("refs/heads/{typed}")),
    })
}

fn event(
    args: &ResolveArgs,
    kind: EventKind,
    reference: &RefName,
    file: &StageFile,
    output: &mut Output,
) -> Result<Event, Stop> {
    Ok(match kind {
        EventKind::Push => Event::Push,
        EventKind::Tag => Event::Tag,
        EventKind::PullRequest => Event::PullRequest {
            number: args.pr.unwrap_or_else(|| {
                output.warn("no --pr given: taking number 1");
                1
            }),
            base: match &args.base {
                Some(base) => base.strip_prefix("refs/heads/").unwrap_or(base).to_owned(),
                None => base(file, output)?,
            },
            labels: args.labels.clone(),
            fork: args.fork,
        },
        EventKind::Schedule => Event::Schedule {
            rule: match &args.rule {
                Some(rule) => known_rule(file, rule)?,
                None => scheduled(file, reference, output)?,
            },
        },
    })
}

/// The one branch that the file's pull requests go to.
fn base(file: &StageFile, output: &mut Output) -> Result<String, Stop> {
    let mut bases: Vec<&str> = file
        .rules
        .iter()
        .filter_map(|rule| match &rule.from {
            From::PullRequest { base, .. } => Some(base.literal()),
            _ => None,
        })
        .collect::<Option<_>>()
        .unwrap_or_default();
    bases.sort_unstable();
    bases.dedup();
    let takes_any = file
        .rules
        .iter()
        .any(|rule| matches!(rule.from, From::PullRequest { .. }));
    match bases.as_slice() {
        [one] => {
            output.warn(format_args!("no --base given: taking {}", clean(one)));
            Ok((*one).to_owned())
        }
        // No rule takes a pull request, so its base changes nothing.
        [] if !takes_any => Ok(String::new()),
        _ => Err(
            Failure::usage("it is not known where the pull request wants to go")
                .why("the stage file takes pull requests to more than one branch")
                .help("add --base BRANCH")
                .into(),
        ),
    }
}

fn known_rule(file: &StageFile, typed: &str) -> Result<RuleName, Stop> {
    let name = RuleName::new(typed);
    if file.rule(&name).is_some() {
        return Ok(name);
    }
    let known = file.rules.iter().map(|rule| rule.name.as_str());
    let failure = Failure::new(
        Exit::NotFound,
        "not_found",
        format!("the stage file has no stage `{}`", clean(typed)),
    );
    Err(match crate::nearest::nearest(typed, known.clone()) {
        Some(near) => failure.help(format!("did you mean `{}`?", clean(near))),
        None => failure.help(format!(
            "it has {}",
            known.map(clean).collect::<Vec<_>>().join(", ")
        )),
    }
    .into())
}

/// The rule whose schedule reads this branch; else the first that has a schedule.
fn scheduled(file: &StageFile, reference: &RefName, output: &mut Output) -> Result<RuleName, Stop> {
    let mut refreshed = file.rules.iter().filter_map(|rule| match &rule.from {
        From::Branch {
            pattern,
            refresh: Some(_),
        } => Some((rule, pattern)),
        _ => None,
    });
    let first = refreshed.clone().next();
    let reads = |branch: &str| refreshed.find(|(_, pattern)| pattern.matches(branch));
    let Some((rule, _)) = reference.branch().and_then(reads).or(first) else {
        return Err(Failure::new(
            Exit::NotFound,
            "not_found",
            "no stage of the file has a schedule",
        )
        .help("a schedule is written as `from: { branch: master, refresh: { cron: ... } }`")
        .into());
    };
    output.warn(format_args!(
        "no --rule given: taking {}",
        clean(rule.name.as_str())
    ));
    Ok(rule.name.clone())
}

/// The answer first, then why, rule by rule.
fn explain(
    file: &StageFile,
    trigger: &Trigger,
    resolution: &Resolution,
    output: &mut Output,
) -> Result<(), Stop> {
    let what = clean(trigger.reference.as_str());
    let by = trigger.actor.as_ref().map_or_else(String::new, |actor| {
        format!(" by {}", clean(actor.as_str()))
    });
    let stage = resolution
        .stage
        .as_ref()
        .map_or_else(|| "no stage".to_owned(), |stage| clean(stage.as_str()));
    output.line(format_args!(
        "{what}{by} {DIM}->{DIM:#} {BOLD}{stage}{BOLD:#}"
    ))?;
    if let Some(note) = &resolution.note {
        output.line(format_args!("  {}", clean(note)))?;
    }
    output.line("")?;
    let names = file.rules.iter().map(|rule| width(rule.name.as_str()));
    let column = names.max().unwrap_or(0);
    let columns = output.width();
    for tried in &resolution.tried {
        let mark = if tried.matched {
            Mark::Good
        } else {
            Mark::Empty
        };
        let name = clean(tried.rule.as_str());
        let pad = column.saturating_sub(width(&name));
        let indent = 4 + column;
        let lines = block(&Cell::from(clean(&tried.why)), indent, columns);
        let mut lines = lines.iter();
        let why = lines.next().map_or("", |line| line.trim_start());
        output.line(format_args!("{} {name}{:pad$}  {why}", mark.shown(), ""))?;
        for line in lines {
            output.line(line)?;
        }
    }
    let untried = file.rules.len() - resolution.tried.len();
    if untried > 0 {
        output.line(format_args!(
            "{DIM}  {untried} after it not looked at: the first that matches wins{DIM:#}"
        ))?;
    }
    Ok(())
}
