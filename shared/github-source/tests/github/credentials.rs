//! Who we are to GitHub: Apps, tokens, and everything that may be wrong with them.

use greenroom_app::ports::source::{Repository, Source, SourceError};
use greenroom_emulators::github::{Access, KeyPair, Reach};
use greenroom_github_source::Timeouts;

use crate::support::{APP, INSTALLATION, REPOSITORY, Scene, TOKEN, app_secret, key};

const TOKENS: &str = "POST /app/installations/{id}/access_tokens 201";
const BRANCHES: &str = "GET /branches 200";

async fn refused(scene: &Scene) -> String {
    match scene.source.heads(&scene.repository).await {
        Err(SourceError::Refused { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_token_of_an_app_is_used_until_shortly_before_it_ends() {
    let scene = Scene::of_app().await;
    scene.origin.commit("one");
    scene.source.heads(&scene.repository).await.expect("read");
    assert_eq!(scene.asked(), [TOKENS, BRANCHES]);
    scene.wait(54 * 60);
    scene.source.heads(&scene.repository).await.expect("read");
    assert_eq!(scene.asked(), ["GET /branches 304"]);
    assert_eq!(scene.secret.reads(), 1);
    scene.wait(2 * 60);
    scene.source.heads(&scene.repository).await.expect("read");
    assert_eq!(scene.asked(), [TOKENS, BRANCHES]);
    assert_eq!(scene.secret.reads(), 2);
}

#[tokio::test]
async fn a_token_that_was_taken_back_is_fetched_anew_once() {
    let scene = Scene::of_app().await;
    scene.origin.commit("one");
    scene.source.heads(&scene.repository).await.expect("read");
    scene.asked();
    scene.github.revoke_tokens();
    scene.source.heads(&scene.repository).await.expect("read");
    assert_eq!(scene.asked(), ["GET /branches 401", TOKENS, BRANCHES]);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named() {
    let scene = Scene::of_app().await;
    scene.ahead.store(3600, std::sync::atomic::Ordering::SeqCst);
    let why = refused(&scene).await;
    assert!(why.contains("this machine's clock"), "{why}");
    // A little is forgiven.
    scene.ahead.store(50, std::sync::atomic::Ordering::SeqCst);
    scene.source.heads(&scene.repository).await.expect("read");
    scene.ahead.store(-500, std::sync::atomic::Ordering::SeqCst);
    scene.github.revoke_tokens();
    scene.source.heads(&scene.repository).await.expect("read");
}

#[tokio::test]
async fn many_who_need_a_token_fetch_one() {
    let scene = Scene::of_app().await;
    scene.origin.commit("one");
    let asked = (0..12).map(|_| scene.source.default_branch(&scene.repository));
    for answer in futures_util::future::join_all(asked).await {
        answer.expect("read");
    }
    let tokens = scene.asked().into_iter().filter(|call| call == TOKENS);
    assert_eq!(tokens.count(), 1);
}

#[tokio::test]
async fn a_rotated_token_is_right_at_the_next_use() {
    let scene = Scene::of_token().await;
    scene.origin.commit("one");
    scene.source.heads(&scene.repository).await.expect("read");
    scene.github.revoke_tokens();
    let why = refused(&scene).await;
    assert!(why.contains("does not accept the credential"), "{why}");
    scene.github.token("github_pat_2", Reach::as_asked());
    scene.secret.set(Some("github_pat_2"));
    scene.source.heads(&scene.repository).await.expect("read");
}

#[tokio::test]
async fn what_is_wrong_with_an_app_is_said_in_words() {
    let scene = Scene::of_app().await;
    scene.origin.commit("one");
    let other = KeyPair::make();
    let cases = [
        (
            app_secret(APP, INSTALLATION, &other),
            "does not accept the key of App 12345",
        ),
        (
            app_secret(APP, 1, key()),
            "no App 12345 with an installation 1",
        ),
        (
            app_secret(1, INSTALLATION, key()),
            "no App 1 with an installation",
        ),
        ("{}".to_owned(), "`app_id` is missing"),
        (String::new(), "it is empty"),
    ];
    for (secret, expected) in cases {
        scene.secret.set(Some(&secret));
        let why = refused(&scene).await;
        assert!(why.contains(expected), "{why}");
        assert!(!why.contains("PRIVATE"), "{why}");
    }
    scene.secret.set(None);
    let why = refused(&scene).await;
    assert!(why.contains("put it there"), "{why}");
    scene
        .secret
        .set(Some(&app_secret(APP, INSTALLATION, key())));
    scene.github.suspend(APP, INSTALLATION);
    let why = refused(&scene).await;
    assert!(why.contains("suspended"), "{why}");
}

#[tokio::test]
async fn a_check_finds_nothing_wrong_where_nothing_is() {
    for scene in [Scene::of_app().await, Scene::of_token().await] {
        scene.origin.commit("one");
        let checked = scene
            .source
            .check(&scene.repository)
            .await
            .expect("checked");
        assert_eq!(
            (checked.id.0, checked.name.as_str()),
            (REPOSITORY, "acme/orders")
        );
        assert_eq!(checked.default_branch.as_str(), "refs/heads/trunk");
        assert!(checked.problems.is_empty(), "{:?}", checked.problems);
        assert!(checked.remaining.is_some_and(|left| left > 4900));
    }
}

#[tokio::test]
async fn a_check_names_the_permission_that_is_missing() {
    let scene = Scene::of_token().await;
    scene.origin.commit("one");
    let mut reach = Reach {
        contents: Access::None,
        statuses: Access::Read,
        ..Reach::as_asked()
    };
    scene.github.token(TOKEN, reach.clone());
    let problems = scene
        .source
        .check(&scene.repository)
        .await
        .expect("checked")
        .problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("`Contents: read`"), "{problems:?}");
    assert!(
        problems[1].contains("`Commit statuses: write`"),
        "{problems:?}"
    );
    let why = refused(&scene).await;
    assert!(why.contains("lacks a permission: contents=read"), "{why}");
    reach.contents = Access::Read;
    scene.github.token(TOKEN, reach);
    let problems = scene
        .source
        .check(&scene.repository)
        .await
        .expect("checked")
        .problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[tokio::test]
async fn whatever_is_wrong_with_the_credential_comes_with_what_to_do() {
    let scene = Scene::of_token().await;
    scene.origin.commit("one");
    let access = async || {
        let tried = scene.source.access(&scene.repository).await;
        tried.expect("tried").expect("a credential")
    };
    assert_eq!(access().await.problems, []);
    let reach = Reach {
        statuses: Access::Read,
        ..Reach::as_asked()
    };
    scene.github.token(TOKEN, reach);
    let told = access().await.problems;
    let [mend] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert!(mend.what.contains("`Commit statuses: write`"), "{mend:?}");
    assert!(mend.fix.contains("permission"), "{mend:?}");
    scene.secret.set(Some("github_pat_wrong"));
    let told = access().await.problems;
    let [mend] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert!(
        mend.what.contains("does not accept the credential"),
        "{mend:?}"
    );
    assert!(mend.fix.contains("docs/github.md"), "{mend:?}");
    let by_git = Repository {
        git: Some("/srv/git/orders.git".to_owned()),
        ..scene.repository.clone()
    };
    let tried = scene.source.access(&by_git).await.expect("tried");
    assert_eq!(tried, None, "git has its own");
}

#[tokio::test]
async fn a_check_tells_a_wrong_installation_from_none() {
    let scene = Scene::of_app().await;
    let elsewhere = Reach {
        repositories: Some([1].into()),
        ..Reach::as_asked()
    };
    scene.github.install(APP, INSTALLATION, elsewhere);
    let why = async || match scene.source.check(&scene.repository).await {
        Err(SourceError::Refused { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert!(
        why().await.contains("not installed on it"),
        "{}",
        why().await
    );
    scene.github.install(APP, 555, Reach::as_asked());
    assert!(
        why().await.contains("as installation 555"),
        "{}",
        why().await
    );
    let scene = Scene::with(TOKEN, Timeouts::default()).await;
    let none = Reach {
        repositories: Some([1].into()),
        ..Reach::as_asked()
    };
    scene.github.token(TOKEN, none);
    let answer = scene.source.check(&scene.repository).await;
    assert!(
        matches!(&answer, Err(SourceError::Refused { why, .. }) if why.contains("token is not for it")),
        "{answer:?}"
    );
}
