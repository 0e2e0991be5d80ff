//! What the running server tells.

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::check::Check;
use crate::args::ServerArgs;
use crate::client::shape::{Access, App, Audience, Backlog, Board, Existing, Mend};
use crate::client::{Client, shaped};
use crate::commands::app::stage_file;
use crate::exit::{Exit, Failure, Stop};
use crate::output::style::Mark;
use crate::output::text::clean;
use crate::output::time::{now, relative};

/// Work that is due and lies longer than this is not being done.
const OVERDUE_MAX: SignedDuration = SignedDuration::from_mins(5);
/// Clocks that differ by more than this make times on the board wrong.
const CLOCK_WARN: SignedDuration = SignedDuration::from_secs(5);
/// Clocks that differ by more than this make locks and soaks end at other times than said.
const CLOCK_MAX: SignedDuration = SignedDuration::from_mins(1);

pub async fn check(args: &ServerArgs) -> Vec<Check> {
    let mut checks = Vec::new();
    let client = match Client::find(args) {
        Ok(client) => client,
        Err(stop) => {
            checks.extend(told("server", stop));
            return checks;
        }
    };
    if let Err(stop) = client.healthy().await {
        checks.extend(told("server", stop));
        return checks;
    }
    checks.push(Check::ok(
        "server",
        format!("{} accepts work", client.place()),
    ));
    let names = match apps(&client).await {
        Ok((found, names)) => {
            checks.extend(found);
            names
        }
        Err(stop) => {
            checks.extend(told("token", stop));
            return checks;
        }
    };
    match access(&client).await {
        Ok(found) => checks.extend(found),
        Err(stop) => checks.extend(told("credential", stop)),
    }
    for name in &names {
        match existing(&client, name).await {
            Ok(found) => checks.extend(found),
            Err(stop) => checks.extend(told("pipeline", stop)),
        }
        match channels(&client, name).await {
            Ok(found) => checks.extend(found),
            Err(stop) => checks.extend(told("channel", stop)),
        }
    }
    match backlog(&client).await {
        Ok(found) => checks.extend(found),
        Err(stop) => checks.extend(told("backlog", stop)),
    }
    match board(&client).await {
        Ok(found) => checks.extend(found),
        Err(stop) => checks.extend(told("board", stop)),
    }
    checks
}

fn told(name: &str, stop: Stop) -> Option<Check> {
    let Stop::Failed(failure) = stop else {
        return None;
    };
    let Failure {
        exit,
        what,
        place,
        why,
        help,
        ..
    } = *failure;
    let name = if exit == Exit::Auth { "token" } else { name };
    let place = place.map_or_else(String::new, |place| format!(" ({place})"));
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    let check = Check::failed(name, format!("{what}{place}{why}"));
    Some(match help {
        Some(help) => check.fix(help),
        None => check,
    })
}

/// The apps, and what they are called.
async fn apps(client: &Client) -> Result<(Vec<Check>, Vec<String>), Stop> {
    let value = client.get(&["api", "v1", "apps"], &[]).await?;
    let mut checks = vec![Check::ok("token", "is accepted")];
    let apps: Vec<App> = shaped(client, &value)?;
    if apps.is_empty() {
        checks.push(
            Check::warning("app", "none is under control").fix("greenroom app add OWNER/REPO"),
        );
    }
    for app in &apps {
        let (mark, state) = stage_file(app);
        let text = format!("{}: {state}", clean(&app.name));
        checks.push(match mark {
            Mark::Bad => Check::failed("app", text)
                .fix("correct greenroom.yaml on the default branch; `greenroom validate` shows every problem"),
            Mark::Care => Check::warning("app", text)
                .fix("push greenroom.yaml to the default branch"),
            _ => Check::ok("app", text),
        });
    }
    Ok((checks, apps.into_iter().map(|app| app.name).collect()))
}

/// What a part of the server answers about several things; nothing if it is older than the question.
async fn asked<T: DeserializeOwned>(
    client: &Client,
    path: &[&str],
    query: &[(&str, &str)],
) -> Result<Vec<T>, Stop> {
    match client.get(path, query).await {
        Ok(value) => shaped(client, &value),
        Err(Stop::Failed(failure)) if failure.exit == Exit::NotFound => Ok(Vec::new()),
        Err(stop) => Err(stop),
    }
}

/// One check for each thing to mend, or that all is `fine`.
fn judged(
    name: &'static str,
    of: &str,
    (problems, warnings): (&[Mend], &[Mend]),
    fine: &str,
) -> Vec<Check> {
    let said = |mend: &Mend| format!("{of}: {}", clean(&mend.what));
    let failed = problems.iter();
    let failed = failed.map(|it| Check::failed(name, said(it)).fix(clean(&it.fix)));
    let soon = warnings.iter();
    let soon = soon.map(|it| Check::warning(name, said(it)).fix(clean(&it.fix)));
    let mut checks: Vec<Check> = failed.chain(soon).collect();
    if checks.is_empty() {
        checks.push(Check::ok(name, format!("{of}{fine}")));
    }
    checks
}

/// Pipelines that stages name and nobody rendered, as far as there are any.
async fn existing(client: &Client, app: &str) -> Result<Vec<Check>, Stop> {
    let path = ["api", "v1", "pipelines", "existing"];
    let all: Vec<Existing> = asked(client, &path, &[("app", app)]).await?;
    let mut checks = Vec::new();
    for one in &all {
        let (name, stages) = (clean(&one.pipeline), clean(&one.stages.join(", ")));
        if !one.checked {
            let text = format!("{name}, which deploys {stages}, only exists on AWS");
            let fix = "deploy these stages by steps, or from an installation on AWS";
            checks.push(Check::failed("pipeline", text).fix(fix));
            continue;
        }
        let fine = format!(" asks the fence before it deploys {stages}");
        let found = (&one.problems[..], &one.warnings[..]);
        checks.extend(judged("pipeline", &name, found, &fine));
    }
    Ok(checks)
}

/// Channels, as far as it can be told without a message who would not hear one.
async fn channels(client: &Client, app: &str) -> Result<Vec<Check>, Stop> {
    let path = ["api", "v1", "channels"];
    let all: Vec<Audience> = asked(client, &path, &[("app", app)]).await?;
    let checked = all.iter().filter(|one| one.checked);
    let checks = checked.flat_map(|one| {
        let name = format!("{}: {}", clean(app), clean(&one.channel));
        let found = (&one.problems[..], &one.warnings[..]);
        judged("channel", &name, found, ": who is subscribed hears it")
    });
    Ok(checks.collect())
}

/// What the credentials of repositories can do, as far as any are used.
async fn access(client: &Client) -> Result<Vec<Check>, Stop> {
    let all: Vec<Access> = asked(client, &["api", "v1", "access"], &[]).await?;
    let checked = all.iter().filter(|app| app.checked);
    let checks = checked.flat_map(|app| {
        let found = (&app.problems[..], &app.warnings[..]);
        let fine = ": it reads the repository and shows statuses beside commits";
        judged("credential", &clean(&app.name), found, fine)
    });
    Ok(checks.collect())
}

async fn backlog(client: &Client) -> Result<Vec<Check>, Stop> {
    let value = client.get(&["api", "v1", "backlog"], &[]).await?;
    let kinds: Vec<Backlog> = shaped(client, &value)?;
    let now = now();
    if kinds.is_empty() {
        return Ok(vec![Check::ok("backlog", "nothing is pending")]);
    }
    let checks = kinds.iter().map(|one| {
        let kind = clean(&one.kind);
        let oldest = one.oldest.filter(|oldest| *oldest <= now);
        let oldest_said = oldest.map_or_else(String::new, |oldest| {
            format!(", the oldest since {}", relative(oldest, now))
        });
        let text = format!(
            "{kind}: {} pending, {} due{oldest_said}",
            one.pending, one.overdue
        );
        let late = oldest.is_some_and(|oldest| now.duration_since(oldest) > OVERDUE_MAX);
        if late {
            Check::failed("backlog", text).fix(
                "the server's log says why it is not done; `greenroom status` says what suffers",
            )
        } else {
            Check::ok("backlog", text)
        }
    });
    Ok(checks.collect())
}

async fn board(client: &Client) -> Result<Vec<Check>, Stop> {
    let value = client.get(&["api", "v1", "board"], &[]).await?;
    let board: Board = shaped(client, &value)?;
    let mut checks = vec![clock(board.now)];
    for app in &board.apps {
        for item in &app.attention {
            let check = Check::warning(
                "attention",
                format!("{}: {}", clean(&app.name), clean(&item.text)),
            );
            checks.push(match &item.command {
                Some(command) => check.fix(clean(command)),
                None => check,
            });
        }
    }
    if checks.len() == 1 {
        checks.push(Check::ok("attention", "nothing needs a person"));
    }
    Ok(checks)
}

fn clock(server: Timestamp) -> Check {
    // A rehearsal moves its clock on purpose, and says by how much.
    let apart = now().duration_since(server).abs();
    let text = format!(
        "the server's clock and this one are {}s apart",
        apart.as_secs()
    );
    let fix = "let both machines keep time over the network (NTP)";
    if apart > CLOCK_MAX {
        Check::failed("clock", text).fix(fix)
    } else if apart > CLOCK_WARN {
        Check::warning("clock", text).fix(fix)
    } else {
        Check::ok("clock", text)
    }
}
