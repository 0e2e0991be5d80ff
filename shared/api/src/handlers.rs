//! What the JSON API answers. It carries questions and commands to the app, and answers back; it
//! decides nothing.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use greenroom_app::App;
use greenroom_app::apps::NewApp;
use greenroom_app::ports::Ports;
use greenroom_app::records::AppRecord;
use greenroom_core::command::Command;
use greenroom_core::name::{ChannelName, DeliveryId, RepoName, RepositoryId, StageId};
use greenroom_core::principal::Principal;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::fault::Fault;
use crate::reply::{self, cached};
use crate::routes::Place;

/// What a route answers.
pub type Answer = Result<Response, Fault>;
/// What a route is about.
pub type Of<P> = State<Arc<App<P>>>;

/// Entries of a log that are answered unless asked otherwise, and at most.
const LOG_DEFAULT: usize = 50;
const LOG_MAX: usize = 1000;

/// `?app=`
#[derive(Debug, Deserialize)]
pub struct OfApp {
    /// Which app is meant, by its name.
    pub app: Option<String>,
}

/// `?app=&limit=`
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    app: Option<String>,
    limit: Option<usize>,
}

/// What was asked for, with its ETag.
pub(crate) fn answer(headers: &HeaderMap, asked: &impl Serialize) -> Answer {
    Ok(cached(headers, serde_json::to_value(asked)?, None))
}

/// A stage as it is typed, with `?app=` in front if that was given apart.
///
/// # Errors
/// There is no such stage.
pub async fn find<P: Ports>(app: &App<P>, stage: &str, of: Option<&str>) -> Result<StageId, Fault> {
    Ok(match of {
        Some(of) if !stage.contains(':') => app.find_stage(&format!("{of}:{stage}")).await?,
        _ => app.find_stage(stage).await?,
    })
}

pub(crate) async fn board<P: Ports>(
    State(app): Of<P>,
    Query(of): Query<OfApp>,
    headers: HeaderMap,
) -> Answer {
    let only = match &of.app {
        Some(name) => Some(app.find_app(Some(name)).await?),
        None => None,
    };
    let mut board = serde_json::to_value(app.board(only.as_ref()).await?)?;
    // The instant of asking is not part of what is asked for; it would change every ETag.
    let now = board.as_object_mut().and_then(|board| board.remove("now"));
    Ok(cached(&headers, board, now))
}

pub(crate) async fn breaks<P: Ports>(State(app): Of<P>, headers: HeaderMap) -> Answer {
    answer(&headers, &app.breaks().await?)
}

pub(crate) async fn backlog<P: Ports>(State(app): Of<P>, headers: HeaderMap) -> Answer {
    answer(&headers, &app.backlog().await?)
}

pub(crate) async fn apps<P: Ports>(State(app): Of<P>, headers: HeaderMap) -> Answer {
    answer(
        &headers,
        &app.apps().await?.iter().map(shown).collect::<Vec<_>>(),
    )
}

pub(crate) async fn access<P: Ports>(
    State(app): Of<P>,
    Query(of): Query<OfApp>,
    headers: HeaderMap,
) -> Answer {
    let apps = match &of.app {
        Some(name) => vec![app.find_app(Some(name)).await?],
        None => app.apps().await?,
    };
    answer(&headers, &app.access(apps).await)
}

pub(crate) async fn channels<P: Ports>(
    State(app): Of<P>,
    Query(of): Query<OfApp>,
    headers: HeaderMap,
) -> Answer {
    let of = app.find_app(of.app.as_deref()).await?;
    answer(&headers, &app.audiences(&of).await?)
}

/// An app as clients see it.
fn shown(app: &AppRecord) -> AppRecord {
    AppRecord {
        repository: app.repository.without_credentials(),
        ..app.clone()
    }
}

pub(crate) async fn stage<P: Ports>(
    State(app): Of<P>,
    Path(stage): Path<String>,
    Query(of): Query<OfApp>,
    headers: HeaderMap,
) -> Answer {
    let id = find(&app, &stage, of.app.as_deref()).await?;
    answer(&headers, &app.stage_card(&id).await?)
}

pub(crate) async fn stage_log<P: Ports>(
    State(app): Of<P>,
    Path(stage): Path<String>,
    Query(some): Query<Page>,
    headers: HeaderMap,
) -> Answer {
    let id = find(&app, &stage, some.app.as_deref()).await?;
    let limit = some.limit.unwrap_or(LOG_DEFAULT).clamp(1, LOG_MAX);
    answer(&headers, &app.stage_log(&id, limit).await?)
}

pub(crate) async fn stage_runs<P: Ports>(
    State(app): Of<P>,
    Path(stage): Path<String>,
    Query(some): Query<Page>,
    headers: HeaderMap,
) -> Answer {
    let id = find(&app, &stage, some.app.as_deref()).await?;
    let limit = some.limit.unwrap_or(LOG_DEFAULT).clamp(1, LOG_MAX);
    answer(&headers, &app.stage_runs(&id, limit).await?)
}

pub(crate) async fn run<P: Ports>(
    State(app): Of<P>,
    Path((stage, generation)): Path<(String, u64)>,
    Query(of): Query<OfApp>,
    headers: HeaderMap,
) -> Answer {
    let id = find(&app, &stage, of.app.as_deref()).await?;
    answer(&headers, &app.run(&id, generation).await?)
}

/// `?release=&stage=&app=`
#[derive(Debug, Deserialize)]
pub(crate) struct OfRelease {
    release: String,
    stage: Option<String>,
    app: Option<String>,
}

pub(crate) async fn gates<P: Ports>(
    State(app): Of<P>,
    Query(asked): Query<OfRelease>,
    headers: HeaderMap,
) -> Answer {
    let release = asked.release.as_str();
    let gates = match &asked.stage {
        Some(stage) => {
            let id = find(&app, stage, asked.app.as_deref()).await?;
            let of = app.app(id.app).await?;
            app.gates(&of, release, Some(&id.stage)).await?
        }
        None => {
            let of = app.find_app(asked.app.as_deref()).await?;
            app.gates(&of, release, None).await?
        }
    };
    answer(&headers, &gates)
}

pub(crate) async fn delivery<P: Ports>(
    State(app): Of<P>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    match app.delivery(&DeliveryId::new(&id)).await? {
        Some(read) => answer(&headers, &read.record),
        None => Err(Fault::not_found(
            &format!("no delivery {id}"),
            "the webhook's settings on GitHub list what was sent",
        )),
    }
}

/// A command as it is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    /// How the person calls themselves.
    by: String,
    command: Command,
}

pub(crate) async fn command<P: Ports>(
    State(app): Of<P>,
    Path(stage): Path<String>,
    Query(of): Query<OfApp>,
    body: Bytes,
) -> Answer {
    let asked: Asked = parse(&body)?;
    let id = find(&app, &stage, of.app.as_deref()).await?;
    if matches!(asked.command, Command::Admit { .. }) {
        return Err(Fault::invalid(
            "admission is a pipeline's to ask for",
            "greenroom log",
        ));
    }
    let principal = operator(&asked.by)?;
    let _granted = app.command(&id, &principal, &asked.command).await??;
    let card = serde_json::to_value(app.stage_card(&id).await?)?;
    Ok(reply::json(&json!({ "stage": card })))
}

/// Whoever has the token, under the name they give.
pub(crate) fn operator(by: &str) -> Result<Principal, Fault> {
    let name: String = by.chars().filter(|c| !c.is_control()).take(100).collect();
    if name.trim().is_empty() {
        return Err(Fault::invalid(
            "nobody asks: `by` is empty",
            "--as NAME says who",
        ));
    }
    Ok(Principal::Operator { name })
}

/// An app as it is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct AppAsked {
    name: String,
    git: Option<String>,
    id: Option<u64>,
}

pub(crate) async fn add_app<P: Ports>(place: Place, app: Arc<App<P>>, body: Bytes) -> Answer {
    let asked: AppAsked = parse(&body)?;
    let legal = |part: &str| {
        !part.is_empty()
            && part.len() <= 100
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if !asked
        .name
        .split_once('/')
        .is_some_and(|(owner, name)| legal(owner) && legal(name))
    {
        return Err(Fault::invalid(
            "an app is named OWNER/REPO, as on GitHub",
            "greenroom app add acme/orders --git PATH",
        ));
    }
    let git = read_by(place, asked.git, &asked.name)?;
    let new = NewApp {
        name: RepoName::new(asked.name),
        git,
        repository: asked.id.map(RepositoryId),
    };
    Ok(reply::json(&serde_json::to_value(shown(
        &app.add_app(&new).await?,
    ))?))
}

/// The address that git reads the app at; `None` is GitHub's API.
fn read_by(place: Place, asked: Option<String>, name: &str) -> Result<Option<String>, Fault> {
    match (place, asked) {
        (Place::OneMachine, asked) => {
            Ok(Some(asked.unwrap_or_else(|| {
                format!("https://github.com/{name}.git")
            })))
        }
        (Place::Aws, None) => Ok(None),
        (Place::Aws, Some(_)) => Err(Fault::invalid(
            "on AWS repositories are read by GitHub's API, and by nothing else",
            "leave --git away",
        )),
    }
}

/// A test message as it is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct NotifyAsked {
    app: Option<String>,
    channel: String,
}

pub(crate) async fn notify<P: Ports>(State(app): Of<P>, body: Bytes) -> Answer {
    let asked: NotifyAsked = parse(&body)?;
    let of = app.find_app(asked.app.as_deref()).await?;
    let effect = app
        .notify_test(of.id, &ChannelName::new(asked.channel))
        .await?;
    Ok(reply::json(&json!({ "effect": effect })))
}

/// `?id=`
#[derive(Debug, Deserialize)]
pub(crate) struct EffectAsked {
    id: String,
}

pub(crate) async fn effect<P: Ports>(
    State(app): Of<P>,
    Query(asked): Query<EffectAsked>,
) -> Answer {
    let entry = app.effect(&asked.id).await?;
    let last = entry
        .as_ref()
        .and_then(|entry| entry.attempts.last())
        .and_then(|attempt| attempt.answer.clone());
    let tries = entry.as_ref().map_or(0, |entry| entry.tries);
    Ok(reply::json(
        &json!({ "done": entry.is_none(), "tries": tries, "last": last }),
    ))
}

/// For whatever is under no other route.
pub async fn no_such_route() -> Fault {
    Fault::not_found(
        "there is nothing here",
        "the API is under /api/v1, webhooks go to /webhooks/github",
    )
}

pub(crate) fn parse<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| {
        Fault::invalid(
            &format!("the body is not what this route takes: {error}"),
            "see docs/api.md",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_reads_an_app_on_one_machine_and_githubs_api_on_aws() {
        let at = |place, asked: Option<&str>| {
            read_by(place, asked.map(str::to_owned), "acme/orders").ok()
        };
        let github = Some("https://github.com/acme/orders.git".to_owned());
        assert_eq!(at(Place::OneMachine, None), Some(github));
        let given = Some("/srv/orders.git".to_owned());
        assert_eq!(at(Place::OneMachine, Some("/srv/orders.git")), Some(given));
        assert_eq!(at(Place::Aws, None), Some(None));
        assert_eq!(at(Place::Aws, Some("/srv/orders.git")), None);
    }
}
