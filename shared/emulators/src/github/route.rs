//! Which answer belongs to which request, and who gets it.

use super::answer::Answer;
use super::ask::Ask;
use super::git::Git;
use super::limits::{self, Fault};
use super::reach::Access;
use super::server::Shared;
use super::state::Token;
use super::{Call, Hosted, app, compare, objects, references, repository, statuses, tarball};

/// What becomes of a request.
pub(super) enum Outcome {
    Answered(Answer),
    /// No answer, and the connection stays open.
    Silent,
}

/// A request about a repository, by somebody who may see it.
pub(super) struct Site<'a> {
    pub ask: &'a Ask,
    pub hosted: Hosted,
    pub git: Git,
    pub token: Token,
    pub shared: &'a Shared,
}

impl Site<'_> {
    /// `https://.../repos/{owner}/{name}`.
    pub(super) fn url(&self) -> String {
        format!("{}/repos/{}", self.ask.base, self.hosted.name)
    }
}

pub(super) fn answer(shared: &Shared, ask: &Ask) -> Outcome {
    let fault = {
        let mut state = shared.lock();
        let now = state.now();
        state.limit.roll(now);
        state.faults.pop_front()
    };
    let (route, answer) = match &fault {
        Some(Fault::TakeThenHang) => {
            let (route, answer) = routed(shared, ask);
            record(shared, &route, &answer);
            return Outcome::Silent;
        }
        Some(fault) => (template(ask), faulty(shared, fault)),
        None if shared.lock().outage => (template(ask), unicorn(503)),
        None => routed(shared, ask),
    };
    let answer = answer.conditional(ask);
    record(shared, &route, &answer);
    let limit = shared.lock().limit;
    let has_own = answer
        .headers
        .iter()
        .any(|(name, _)| name == "x-ratelimit-reset");
    Outcome::Answered(if has_own {
        answer
    } else {
        limit.headers(answer)
    })
}

fn record(shared: &Shared, route: &str, answer: &Answer) {
    let mut state = shared.lock();
    let is_free = matches!(answer.status, 304 | 401) || route.contains("/access_tokens");
    let counted = !is_free && state.limit.remaining() > 0;
    state.limit.used += u64::from(counted);
    state.calls.push(Call {
        route: route.to_owned(),
        status: answer.status,
        counted,
    });
}

fn unicorn(status: u16) -> Answer {
    let page = "<!DOCTYPE html><html><title>Unicorn! &middot; GitHub</title></html>";
    Answer::raw(status, "text/html", page)
}

fn faulty(shared: &Shared, fault: &Fault) -> Answer {
    match fault {
        Fault::Primary { status, reset } => {
            let mut state = shared.lock();
            state.limit.used = state.limit.limit;
            state.limit.reset = *reset;
            limits::exceeded(*status)
        }
        Fault::Secondary {
            status,
            retry_after,
        } => limits::secondary(*status, *retry_after),
        Fault::Status(status) => unicorn(*status),
        Fault::HalfAnswer => Answer::raw(200, "application/json; charset=utf-8", "{\"sha\": \"12"),
        Fault::TakeThenHang => unicorn(500),
    }
}

/// The path without what varies.
fn template(ask: &Ask) -> String {
    let parts: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    let rest = match parts.as_slice() {
        ["repos", _, _, rest @ ..] | ["repositories", _, rest @ ..] => rest,
        ["app", "installations", _, "access_tokens"] => {
            return format!("{} /app/installations/{{id}}/access_tokens", ask.method);
        }
        _ => return format!("{} {}", ask.method, ask.path),
    };
    let rest = match rest {
        ["git", "ref", ..] => "/git/ref/{ref}",
        ["git", "matching-refs", ..] => "/git/matching-refs/{ref}",
        ["git", "tags", _] => "/git/tags/{sha}",
        ["git", "commits", _] => "/git/commits/{sha}",
        ["git", "trees", _] => "/git/trees/{sha}",
        ["git", "blobs", _] => "/git/blobs/{sha}",
        ["branches"] => "/branches",
        ["commits"] => "/commits",
        ["commits", _, "statuses"] => "/commits/{ref}/statuses",
        ["commits", _, "status"] => "/commits/{ref}/status",
        ["commits", ..] => "/commits/{ref}",
        ["compare", ..] => "/compare/{basehead}",
        ["statuses", _] => "/statuses/{sha}",
        ["tarball", ..] => "/tarball/{ref}",
        ["installation"] => "/installation",
        [] => "",
        _ => "/?",
    };
    format!("{} /repos/{{o}}/{{r}}{rest}", ask.method)
}

fn routed(shared: &Shared, ask: &Ask) -> (String, Answer) {
    let route = template(ask);
    if ask.header("user-agent").is_none() {
        let words = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
        return (route, Answer::raw(403, "text/html", words));
    }
    let parts: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    let answer = match parts.as_slice() {
        ["app", "installations", id, "access_tokens"] if ask.method == "POST" => {
            app::access_token(shared, ask, id)
        }
        ["repos", owner, name, "installation"] if ask.method == "GET" => {
            app::installation_of(shared, ask, &format!("{owner}/{name}"))
        }
        ["codeload", owner, name, sha] if ask.method == "GET" => {
            tarball::content(shared, ask, &format!("{owner}/{name}"), sha)
        }
        ["repos" | "repositories", ..] => about_repository(shared, ask, &parts),
        _ => unknown(ask),
    };
    (route, answer)
}

/// GitHub has it, perhaps; nothing of ours is known to call it.
fn unknown(ask: &Ask) -> Answer {
    let words = format!("the fake does not know {} {}", ask.method, ask.path);
    Answer::refuse(501, &words)
}

fn about_repository(shared: &Shared, ask: &Ask, parts: &[&str]) -> Answer {
    let token = match app::token_of(shared, ask) {
        Ok(token) => token,
        Err(refused) => return refused,
    };
    if shared.lock().limit.remaining() == 0 {
        return limits::exceeded(403);
    }
    let (hosted, rest) = match parts {
        ["repos", owner, name, rest @ ..] => {
            let name = format!("{owner}/{name}");
            let state = shared.lock();
            match (
                state.named(&name),
                state.former.get(&name.to_ascii_lowercase()),
            ) {
                (Some(hosted), _) => (Some(hosted.clone()), rest),
                (None, Some(id)) if token.reach.sees(*id) => return moved(ask, *id),
                (None, _) => (None, rest),
            }
        }
        ["repositories", id, rest @ ..] => {
            let id: u64 = id.parse().unwrap_or(0);
            (shared.lock().repositories.get(&id).cloned(), rest)
        }
        _ => return unknown(ask),
    };
    let Some(hosted) = hosted.filter(|hosted| token.reach.sees(hosted.id)) else {
        return Answer::not_found();
    };
    let site = Site {
        ask,
        git: Git::new(&hosted.folder),
        hosted,
        token,
        shared,
    };
    within(&site, rest)
}

/// To the address that survives renames: permanently for what is read, and without a change of
/// method for what is written.
fn moved(ask: &Ask, id: u64) -> Answer {
    let rest: Vec<&str> = ask.path.splitn(5, '/').skip(4).collect();
    let rest = rest
        .first()
        .map(|rest| format!("/{rest}"))
        .unwrap_or_default();
    let pairs: Vec<String> = ask.query.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let query = if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    };
    let status = if ask.method == "GET" { 301 } else { 307 };
    let to = format!("{}/repositories/{id}{rest}{query}", ask.base);
    let words = if status == 301 {
        "Moved Permanently"
    } else {
        "Temporary Redirect"
    };
    let body = serde_json::json!({
        "message": words,
        "url": to.as_str(),
        "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
    });
    Answer::json(status, &body).with("location", to)
}

fn within(site: &Site<'_>, rest: &[&str]) -> Answer {
    let is_get = site.ask.method == "GET";
    if is_get && rest.is_empty() {
        return repository::metadata(site);
    }
    if let ["statuses", sha] = rest
        && site.ask.method == "POST"
    {
        return needs(site, "statuses", Access::Write)
            .unwrap_or_else(|| statuses::create(site, sha));
    }
    if let ["commits", name, what @ ("statuses" | "status")] = rest
        && is_get
    {
        return needs(site, "statuses", Access::Read)
            .unwrap_or_else(|| statuses::read(site, name, *what == "status"));
    }
    if !is_get {
        return unknown(site.ask);
    }
    if let Some(refused) = needs(site, "contents", Access::Read) {
        return refused;
    }
    match rest {
        ["branches"] => references::branches(site),
        ["git", "ref", name @ ..] => references::one(site, &name.join("/")),
        ["git", "matching-refs", name @ ..] => references::matching(site, &name.join("/")),
        ["git", "tags", sha] => references::tag(site, sha),
        ["git", "commits", sha] => objects::git_commit(site, sha),
        ["git", "trees", sha] => objects::tree(site, sha),
        ["git", "blobs", sha] => objects::blob(site, sha),
        ["commits"] => objects::commits(site),
        ["commits", name @ ..] => objects::commit(site, &name.join("/")),
        ["compare", range @ ..] => compare::compare(site, &range.join("/")),
        ["tarball", name @ ..] => tarball::link(site, &name.join("/")),
        _ => unknown(site.ask),
    }
}

/// The refusal, when the token's permission does not reach so far.
fn needs(site: &Site<'_>, permission: &str, access: Access) -> Option<Answer> {
    let reach = &site.token.reach;
    let has = if permission == "contents" {
        reach.contents
    } else {
        reach.statuses
    };
    if has >= access {
        return None;
    }
    let words = if site.token.of_installation {
        "Resource not accessible by integration"
    } else {
        "Resource not accessible by personal access token"
    };
    let needed = format!("{permission}={}", access.word().unwrap_or_default());
    Some(Answer::refuse(403, words).with("x-accepted-github-permissions", needed))
}
