//! What is said of a repository as a whole.

use serde_json::json;

use super::answer::Answer;
use super::reach::Access;
use super::route::Site;

/// `GET /repos/{o}/{r}`
pub(super) fn metadata(site: &Site<'_>) -> Answer {
    let hosted = &site.hosted;
    let (owner, name) = hosted.name.split_once('/').unwrap_or(("", &hosted.name));
    Answer::ok(&json!({
        "id": hosted.id,
        "name": name,
        "full_name": hosted.name,
        "private": true,
        "owner": { "login": owner, "type": "Organization" },
        "html_url": format!("https://github.com/{}", hosted.name),
        "fork": false,
        "url": site.url(),
        "default_branch": site.git.default_branch(),
        "archived": false,
        "disabled": false,
        "visibility": "private",
        "permissions": {
            "admin": false,
            "push": site.token.reach.contents == Access::Write,
            "pull": site.token.reach.contents >= Access::Read,
        },
    }))
}
