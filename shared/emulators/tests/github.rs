//! The GitHub of tests is as strict as GitHub.

use std::path::Path;
use std::process::Command;

use greenroom_emulators::github::{Access, FakeGitHub, Hosted, Reach};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "github_pat_1";

struct Scene {
    github: FakeGitHub,
    folder: TempDir,
    client: Client,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        git(
            folder.path(),
            &["init", "--quiet", "--initial-branch=trunk"],
        );
        git(
            folder.path(),
            &["commit", "--quiet", "--allow-empty", "-m", "one"],
        );
        let github = FakeGitHub::start().await;
        github.host(Hosted {
            id: 42,
            name: "acme/orders".to_owned(),
            folder: folder.path().to_owned(),
        });
        github.token(TOKEN, Reach::as_asked());
        // Another test of this process may have chosen one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().tls_certs_only([]);
        let client = client.redirect(reqwest::redirect::Policy::none()).build();
        Self {
            github,
            folder,
            client: client.expect("a client"),
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.github.base());
        let request = self.client.get(url).header("user-agent", "tests");
        request.bearer_auth(TOKEN)
    }

    fn head(&self) -> String {
        git(self.folder.path(), &["rev-parse", "HEAD"])
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    let output = Command::new("git")
        .args(identity)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn nobody_without_a_name_or_a_token_gets_anything() {
    let scene = Scene::new().await;
    let url = format!("{}/repos/acme/orders", scene.github.base());
    let nameless = scene.client.get(&url).bearer_auth(TOKEN);
    assert_eq!(answer(nameless).await.0, 403);
    let named = || scene.client.get(&url).header("user-agent", "tests");
    assert_eq!(answer(named()).await.0, 401);
    let (status, body) = answer(named().bearer_auth("github_pat_2")).await;
    assert_eq!((status, &body["message"]), (401, &json!("Bad credentials")));
    let (status, body) = answer(scene.get("/repos/Acme/Orders")).await;
    assert_eq!((status, &body["id"]), (200, &json!(42)));
    assert_eq!(body["default_branch"], "trunk");
    assert_eq!(answer(scene.get("/repos/acme/none")).await.0, 404);
    assert_eq!(answer(scene.get("/repos/acme/orders/issues")).await.0, 501);
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    let scene = Scene::new().await;
    let reach = Reach {
        contents: Access::None,
        ..Reach::as_asked()
    };
    scene.github.token(TOKEN, reach);
    let response = scene.get("/repos/acme/orders/branches").send().await;
    let response = response.expect("an answer");
    assert_eq!(response.status(), 403);
    let needs = response.headers().get("x-accepted-github-permissions");
    assert_eq!(needs.expect("named"), "contents=read");
}

#[tokio::test]
async fn lists_come_in_pages_with_links() {
    let scene = Scene::new().await;
    for name in ["a", "b", "c", "d"] {
        git(scene.folder.path(), &["branch", name]);
    }
    let mut path = "/repos/acme/orders/branches?per_page=2".to_owned();
    let mut names = Vec::new();
    loop {
        let response = scene.get(&path).send().await.expect("an answer");
        let links = response.headers().get("link").cloned();
        let links = links.expect("links").to_str().expect("text").to_owned();
        let page: Value =
            serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON");
        let page = page.as_array().expect("a list").clone();
        names.extend(
            page.iter()
                .filter_map(|one| one["name"].as_str().map(str::to_owned)),
        );
        let next = links
            .split(", ")
            .find(|link| link.ends_with("rel=\"next\""));
        let Some(next) = next else { break };
        let url = next
            .trim_start_matches('<')
            .split('>')
            .next()
            .expect("an address");
        path = url.trim_start_matches(scene.github.base()).to_owned();
    }
    assert_eq!(names, ["a", "b", "c", "d", "trunk"]);
}

#[tokio::test]
async fn what_has_not_changed_is_304_and_free() {
    let scene = Scene::new().await;
    let path = "/repos/acme/orders/branches";
    let first = scene.get(path).send().await.expect("an answer");
    let tag = first.headers().get("etag").expect("a tag").clone();
    let again = scene.get(path).header("if-none-match", &tag);
    let again = again.send().await.expect("an answer");
    assert_eq!(again.status(), 304);
    let left =
        |response: &reqwest::Response| response.headers().get("x-ratelimit-remaining").cloned();
    assert_eq!(left(&first), left(&again));
    // The tag is of the credential, too.
    scene.github.token("github_pat_2", Reach::as_asked());
    let url = format!("{}{path}", scene.github.base());
    let other = scene.client.get(url).header("user-agent", "tests");
    let other = other
        .bearer_auth("github_pat_2")
        .header("if-none-match", &tag);
    assert_eq!(other.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn statuses_have_githubs_limits() {
    let scene = Scene::new().await;
    let post = |sha: &str, body: Value| {
        let url = format!("{}/repos/acme/orders/statuses/{sha}", scene.github.base());
        let request = scene.client.post(url).header("user-agent", "tests");
        request.bearer_auth(TOKEN).json(&body)
    };
    scene.github.remaining(5000, i64::MAX);
    let head = scene.head();
    let long = json!({ "state": "success", "description": "x".repeat(141) });
    assert_eq!(answer(post(&head, long)).await.0, 422);
    assert_eq!(
        answer(post(&head, json!({ "state": "green" }))).await.0,
        422
    );
    let unknown = post(&"0".repeat(40), json!({ "state": "success" }));
    let (status, body) = answer(unknown).await;
    assert_eq!(status, 422);
    assert!(
        body["message"].to_string().contains("No commit found"),
        "{body}"
    );
    for _ in 0..1000 {
        let one = post(
            &head,
            json!({ "state": "pending", "context": "greenroom/dev" }),
        );
        assert_eq!(answer(one).await.0, 201);
    }
    let over = json!({ "state": "success", "context": "Greenroom/Dev" });
    assert_eq!(answer(post(&head, over)).await.0, 422);
    let other = json!({ "state": "success", "context": "greenroom/qa" });
    assert_eq!(answer(post(&head, other)).await.0, 201);
    let (_, combined) = answer(scene.get("/repos/acme/orders/commits/trunk/status")).await;
    assert_eq!(
        (&combined["state"], &combined["total_count"]),
        (&json!("pending"), &json!(2))
    );
}

#[tokio::test]
async fn a_renamed_repository_leads_to_its_id() {
    let scene = Scene::new().await;
    scene.github.rename(42, "acme/new-orders");
    let old = scene
        .get("/repos/acme/orders/branches?per_page=1")
        .send()
        .await;
    let old = old.expect("an answer");
    assert_eq!(old.status(), 301);
    let to = old.headers().get("location").expect("an address");
    let to = to
        .to_str()
        .expect("text")
        .trim_start_matches(scene.github.base());
    assert_eq!(to, "/repositories/42/branches?per_page=1");
    assert_eq!(answer(scene.get(to)).await.0, 200);
}

#[tokio::test]
async fn an_archive_has_the_files_of_the_commit() {
    let scene = Scene::new().await;
    std::fs::write(scene.folder.path().join("a"), "1").expect("written");
    git(scene.folder.path(), &["add", "a"]);
    git(scene.folder.path(), &["commit", "--quiet", "-m", "two"]);
    let response = scene.get("/repos/acme/orders/tarball/trunk").send().await;
    let response = response.expect("an answer");
    assert_eq!(response.status(), 302);
    let to = response.headers().get("location").expect("an address");
    let archive = scene
        .client
        .get(to.to_str().expect("text"))
        .header("user-agent", "tests");
    let archive = archive
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body");
    let file = scene.folder.path().join("archive.tar.gz");
    std::fs::write(&file, &archive).expect("written");
    let listed = Command::new("tar")
        .arg("-tzf")
        .arg(&file)
        .output()
        .expect("tar runs");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let folder = format!("acme-orders-{}/", scene.head());
    assert_eq!(
        listed.lines().collect::<Vec<_>>(),
        [folder.clone(), format!("{folder}a")]
    );
}
