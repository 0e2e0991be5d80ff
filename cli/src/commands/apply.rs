//! `greenroom apply`: makes the pipelines on AWS what the stage file in force wants, and says so to
//! the server. It shows what changes before it does anything, and deploys nothing that is not in
//! force: what was only written down here would make every stage wait.

mod change;
mod deploy;

use greenroom_core::definition::{Applied, Definition};
use greenroom_core::name::RepoName;
use greenroom_synth::{Options, Rendered, synth};
use serde::Deserialize;
use serde_json::json;

use self::change::{Change, changes};
use super::{synth as rendering, validate};
use crate::args::ApplyArgs;
use crate::client::{Client, shaped};
use crate::environment;
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::style::Mark;
use crate::output::text::clean;

const PATH: [&str; 3] = ["api", "v1", "pipelines"];

/// What the server wants, and what it was told was applied last.
#[derive(Debug, Deserialize)]
struct Standing {
    name: RepoName,
    wanted: Vec<Definition>,
    applied: Applied,
}

pub async fn run(args: &ApplyArgs, output: &mut Output) -> Result<Exit, Stop> {
    let file = validate::valid(&args.file, output)?;
    let client = Client::find(&args.server)?;
    let app = args.app.as_deref().unwrap_or(file.app.as_str());
    let value = client.get(&PATH, &[("app", app)]).await?;
    let standing: Standing = shaped(&client, &value)?;
    let options = Options {
        app: standing.name.clone(),
        ..Options::of(&file)
    };
    let rendered = synth(&file, &options)
        .map_err(|problems| rendering::failure(&args.file, &problems, output))?;
    in_force(args, &standing, &rendered)?;
    known(args, &rendered)?;
    let changes = changes(&standing.applied, &standing.wanted);
    if !args.yes {
        show(&standing, &changes, false, output)?;
        let pending = !changes.is_empty();
        if pending {
            output.next(&["greenroom apply --yes"]);
        }
        return Ok(if pending { Exit::Pending } else { Exit::Ok });
    }
    // Parameters are nothing the server knows of: given, they may be new.
    if changes.is_empty() && args.parameters.is_empty() {
        show(&standing, &changes, true, output)?;
        return Ok(Exit::Ok);
    }
    let by = environment::person(args.person.name.as_deref())?;
    for note in &rendered.notes {
        output.warn(clean(&format!("{}: {}", note.what, note.why)));
    }
    deploy::deploy(args, &standing.name, &rendered, output).await?;
    let applied = rendered.definitions.into_iter();
    let applied: Applied = applied.map(|it| (it.name, it.hash)).collect();
    let body = json!({
        "by": by,
        "app": standing.name,
        "applied": applied,
        "seen": standing.applied,
    });
    client.post(&PATH, &[], &body).await.map_err(unrecorded)?;
    show(&standing, &changes, true, output)?;
    output.next(&["greenroom status"]);
    Ok(Exit::Ok)
}

/// Whether what this file makes is what the server wants.
fn in_force(args: &ApplyArgs, standing: &Standing, rendered: &Rendered) -> Result<(), Stop> {
    let place = validate::name(&args.file);
    let app = clean(standing.name.as_str());
    let failure = |code: &str, what: String| Failure::new(Exit::Usage, code, what).at(&*place);
    if standing.wanted.is_empty() && !rendered.definitions.is_empty() {
        let what = format!("no stage file with pipelines is in force for {app}");
        return Err(failure("not_in_force", what)
            .help("push it first, to the default branch")
            .into());
    }
    let here: Applied = by_name(&rendered.definitions);
    let differing: Vec<String> = changes(&here, &standing.wanted)
        .iter()
        .map(|change| clean(&change.pipeline))
        .collect();
    if !differing.is_empty() {
        let what = format!("this is not the stage file in force for {app}");
        return Err(failure("not_in_force", what)
            .why(format!("it makes others of {}", differing.join(", ")))
            .help("push it first, to the default branch, or take the file that is there")
            .into());
    }
    if rendered.definitions.is_empty() {
        let what = format!("the stage file in force for {app} makes no pipelines");
        let failure = failure("no_pipelines", what);
        let failure = if standing.applied.is_empty() {
            failure.help("there is nothing to apply")
        } else {
            let stack = deploy::stack(&standing.name);
            failure.help(format!(
                "`aws cloudformation delete-stack --stack-name {stack}` removes those that stand"
            ))
        };
        return Err(failure.into());
    }
    Ok(())
}

/// Whether the template has all parameters that were given.
fn known(args: &ApplyArgs, rendered: &Rendered) -> Result<(), Stop> {
    let known = rendered.template["Parameters"].as_object();
    let known: Vec<&str> = known.into_iter().flatten().map(|(key, _)| &**key).collect();
    let strange = args.parameters.iter();
    let strange = strange.map(|parameter| parameter.key.as_str());
    match strange.into_iter().find(|key| !known.contains(key)) {
        None => Ok(()),
        Some(key) => Err(
            Failure::usage(format!("the template has no parameter {}", clean(key)))
                .help(format!("it has {}", known.join(", ")))
                .into(),
        ),
    }
}

fn by_name(definitions: &[Definition]) -> Applied {
    let all = definitions.iter();
    all.map(|it| (it.name.clone(), it.hash.clone())).collect()
}

/// What changes, or did.
fn show(
    standing: &Standing,
    changes: &[Change],
    done: bool,
    output: &mut Output,
) -> Result<(), Stop> {
    if output.is_json() {
        return output.json(&json!({
            "schema": "apply/v1",
            "app": standing.name,
            "stack": deploy::stack(&standing.name),
            "applied": done,
            "changes": changes,
        }));
    }
    for change in changes {
        let (symbol, words) = (change.kind.symbol(), change.kind.words(done));
        output.line(format_args!("{symbol} {} {words}", clean(&change.pipeline)))?;
    }
    let app = clean(standing.name.as_str());
    if done || changes.is_empty() {
        output.line(format_args!(
            "{} the pipelines of {app} are what the stage file in force wants",
            Mark::Check.shown()
        ))?;
    }
    Ok(())
}

/// The pipelines stand, and the server does not know.
fn unrecorded(stop: Stop) -> Stop {
    match stop {
        Stop::Failed(mut failure) => {
            let said = failure.what;
            failure.what = "the pipelines are deployed, but the server was not told".to_owned();
            failure.why = Some(match failure.why {
                Some(why) => format!("{said}: {why}"),
                None => said,
            });
            failure.help = Some("`greenroom apply --yes` again tells it".to_owned());
            Stop::Failed(failure)
        }
        stop => stop,
    }
}
