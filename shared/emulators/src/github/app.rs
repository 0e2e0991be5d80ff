//! Credentials: JWTs of Apps, tokens of installations, tokens of people.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::reach::Reach;
use super::server::Shared;
use super::state::Token;

/// A token of an installation is good for an hour.
const TOKEN_LASTS: i64 = 3600;
/// A JWT may end this far ahead, and not a second more.
const JWT_MAX: i64 = 600;
/// How far an App's clock may be ahead.
const CLOCK: i64 = 5;

/// The token of a request, if it is known and not over.
pub(super) fn token_of(shared: &Shared, ask: &Ask) -> Result<Token, Answer> {
    let bad = || Answer::refuse(401, "Bad credentials");
    let text = bearer(ask).ok_or_else(|| Answer::refuse(401, "Requires authentication"))?;
    let state = shared.lock();
    let token = state.tokens.get(text).ok_or_else(bad)?;
    match token.ends {
        Some(ends) if ends <= state.now() => Err(bad()),
        _ => Ok(token.clone()),
    }
}

fn bearer(ask: &Ask) -> Option<&str> {
    let (kind, text) = ask.header("authorization")?.split_once(' ')?;
    let known = ["bearer", "token"]
        .iter()
        .any(|word| kind.eq_ignore_ascii_case(word));
    known.then_some(text.trim())
}

/// `POST /app/installations/{id}/access_tokens`
pub(super) fn access_token(shared: &Shared, ask: &Ask, installation: &str) -> Answer {
    let app = match app_of(shared, ask) {
        Ok(app) => app,
        Err(refused) => return refused,
    };
    let wanted: Value = if ask.body.is_empty() {
        json!({})
    } else {
        match serde_json::from_slice(&ask.body) {
            Ok(wanted) => wanted,
            Err(_) => return Answer::refuse(400, "Problems parsing JSON"),
        }
    };
    if wanted.as_object().is_none_or(|wanted| !wanted.is_empty()) {
        return Answer::refuse(501, "the fake does not narrow a token down");
    }
    let mut state = shared.lock();
    let id = installation.parse::<u64>().ok();
    let found = state.apps.get(&app).zip(id);
    let found = found
        .and_then(|(app, id)| app.installations.get(&id))
        .cloned();
    let Some(found) = found else {
        return Answer::not_found();
    };
    if found.suspended {
        return Answer::refuse(403, "This installation has been suspended");
    }
    state.tokens_made += 1;
    // Tokens have no fixed length.
    let text = format!("ghs_{app}_{:0>64}", state.tokens_made);
    let ends = state.now() + TOKEN_LASTS;
    let token = Token {
        reach: found.reach.clone(),
        ends: Some(ends),
        of_installation: true,
    };
    state.tokens.insert(text.clone(), token);
    let selection = if found.reach.repositories.is_some() {
        "selected"
    } else {
        "all"
    };
    let body = json!({
        "token": text,
        "expires_at": time(ends),
        "permissions": permissions(&found.reach),
        "repository_selection": selection,
    });
    Answer::json(201, &body)
}

/// `GET /repos/{o}/{r}/installation`, as the App itself.
pub(super) fn installation_of(shared: &Shared, ask: &Ask, name: &str) -> Answer {
    let app = match app_of(shared, ask) {
        Ok(app) => app,
        Err(refused) => return refused,
    };
    let state = shared.lock();
    let repository = state.named(name).map(|hosted| hosted.id);
    let found = state.apps.get(&app).zip(repository).and_then(|(app, id)| {
        let mut all = app.installations.iter();
        all.find(|(_, one)| one.reach.sees(id))
    });
    let Some((id, one)) = found else {
        return Answer::not_found();
    };
    let suspended_at = one.suspended.then(|| time(state.now()));
    Answer::ok(&json!({
        "id": id,
        "app_id": app,
        "target_type": "Organization",
        "permissions": permissions(&one.reach),
        "repository_selection": if one.reach.repositories.is_some() { "selected" } else { "all" },
        "suspended_at": suspended_at,
    }))
}

fn permissions(reach: &Reach) -> Value {
    let mut all = json!({ "metadata": "read" });
    for (name, access) in [("contents", reach.contents), ("statuses", reach.statuses)] {
        if let Some(word) = access.word() {
            all[name] = json!(word);
        }
    }
    all
}

fn time(second: i64) -> String {
    jiff::Timestamp::from_second(second).map_or_else(|_| String::new(), |time| time.to_string())
}

/// The App whose JWT this is, when it is signed by its key and in its time.
fn app_of(shared: &Shared, ask: &Ask) -> Result<u64, Answer> {
    let undecodable = || Answer::refuse(401, "A JSON web token could not be decoded");
    let jwt = bearer(ask).ok_or_else(undecodable)?;
    let parts: Vec<&str> = jwt.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return Err(undecodable());
    };
    let read = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let decoded = read(header)
        .zip(read(claims))
        .zip(URL_SAFE_NO_PAD.decode(signature).ok());
    let ((header, claims), signature) = decoded.ok_or_else(undecodable)?;
    if header["alg"] != "RS256" {
        return Err(undecodable());
    }
    // A number and its text are both good.
    let issuer = claims["iss"].as_u64();
    let issuer = issuer.or_else(|| claims["iss"].as_str()?.parse().ok());
    let state = shared.lock();
    let app = issuer.and_then(|id| Some((id, state.apps.get(&id)?)));
    let Some((id, app)) = app else {
        return Err(Answer::refuse(404, "Integration not found"));
    };
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &app.public_key);
    let signed = &jwt.as_bytes()[..jwt.len() - parts[2].len() - 1];
    if key.verify(signed, &signature).is_err() {
        return Err(undecodable());
    }
    let now = state.now();
    let refused = |words: &str| Err(Answer::refuse(401, words));
    let (Some(issued), Some(ends)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
        return refused("Missing 'issued at' claim ('iat') or 'expiration time' claim ('exp')");
    };
    if issued > now + CLOCK {
        return refused(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        );
    }
    if ends <= now {
        return refused(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        );
    }
    if ends > now + JWT_MAX {
        return refused("'Expiration time' claim ('exp') is too far in the future");
    }
    Ok(id)
}
