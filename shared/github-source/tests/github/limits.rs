//! Bad days of GitHub's, and its limits.

use std::time::Duration;

use greenroom_app::ports::source::{Source, SourceError};
use greenroom_core::name::Revision;
use greenroom_emulators::github::{Fault, Reach};
use greenroom_github_source::Timeouts;
use jiff::Timestamp;

use crate::support::{REPOSITORY, Scene, TOKEN};

async fn unavailable(scene: &Scene) -> String {
    match scene.source.heads(&scene.repository).await {
        Err(SourceError::Unavailable { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_used_up_limit_is_named_and_nothing_is_asked_before_it_is_over() {
    for status in [403, 429] {
        let scene = Scene::of_token().await;
        scene.origin.commit("one");
        let reset = Timestamp::now().as_second() + 600;
        scene.github.script(Fault::Primary { status, reset });
        let until = Timestamp::from_second(reset).expect("a time").to_string();
        for _ in 0..3 {
            let why = unavailable(&scene).await;
            assert!(why.contains("used up") && why.contains(&until), "{why}");
        }
        assert_eq!(scene.asked().len(), 1);
        scene.wait(601);
        scene.source.heads(&scene.repository).await.expect("read");
        assert_eq!(scene.asked(), ["GET /branches 200"]);
    }
}

#[tokio::test]
async fn the_last_request_of_an_hour_is_answered_and_the_next_not_asked() {
    let scene = Scene::of_token().await;
    scene.origin.commit("one");
    scene.github.remaining(1, Timestamp::now().as_second() + 60);
    scene.source.heads(&scene.repository).await.expect("read");
    unavailable(&scene).await;
    assert_eq!(scene.asked(), ["GET /branches 200"]);
}

#[tokio::test]
async fn a_wait_that_github_asks_for_is_kept() {
    let scene = Scene::of_token().await;
    scene.origin.commit("one");
    let retry_after = Some(30);
    let status = 403;
    scene.github.script(Fault::Secondary {
        status,
        retry_after,
    });
    let why = unavailable(&scene).await;
    assert!(why.contains("slow down"), "{why}");
    unavailable(&scene).await;
    assert_eq!(scene.asked().len(), 1);
    scene.wait(31);
    scene.source.heads(&scene.repository).await.expect("read");
    let (status, retry_after) = (429, None);
    scene.github.script(Fault::Secondary {
        status,
        retry_after,
    });
    unavailable(&scene).await;
    scene.wait(58);
    unavailable(&scene).await;
    scene.wait(3);
    scene.source.heads(&scene.repository).await.expect("read");
}

#[tokio::test]
async fn an_outage_is_no_answer_about_anything() {
    let scene = Scene::of_app().await;
    let first = scene.origin.commit("one");
    scene.github.outage(true);
    for _ in 0..2 {
        let why = unavailable(&scene).await;
        assert!(why.contains("503"), "{why}");
    }
    let head = scene
        .source
        .head(&scene.repository, &"refs/heads/none".into())
        .await;
    assert!(
        matches!(head, Err(SourceError::Unavailable { .. })),
        "{head:?}"
    );
    scene.github.outage(false);
    let head = scene
        .source
        .head(&scene.repository, &"refs/heads/trunk".into())
        .await;
    assert_eq!(head.expect("read").expect("there").revision, first);
    scene.github.script(Fault::HalfAnswer);
    let commit = scene.source.commit(&scene.repository, &first).await;
    assert!(
        matches!(commit, Err(SourceError::Unavailable { .. })),
        "{commit:?}"
    );
}

#[tokio::test]
async fn a_github_that_never_answers_costs_a_bounded_time() {
    let timeouts = Timeouts {
        whole: Duration::from_millis(200),
        ..Timeouts::default()
    };
    let scene = Scene::with(TOKEN, timeouts).await;
    scene.github.token(TOKEN, Reach::as_asked());
    scene.github.script(Fault::TakeThenHang);
    let why = unavailable(&scene).await;
    assert_eq!(why, "no answer in time");
}

#[tokio::test]
async fn a_repository_that_is_hidden_is_not_taken_for_one_without_the_branch() {
    let scene = Scene::of_token().await;
    let first = scene.origin.commit("one");
    let reference = "refs/heads/trunk".into();
    scene
        .source
        .head(&scene.repository, &reference)
        .await
        .expect("read");
    let nothing = Reach {
        repositories: Some([1].into()),
        ..Reach::as_asked()
    };
    scene.github.token(TOKEN, nothing);
    let head = scene.source.head(&scene.repository, &reference).await.err();
    let heads = scene.source.heads(&scene.repository).await.err();
    let commit = scene.source.commit(&scene.repository, &first).await.err();
    let file = scene
        .source
        .file_at(&scene.repository, &first, "a", 9)
        .await
        .err();
    let branch = scene.source.default_branch(&scene.repository).await.err();
    for error in [head, heads, commit, file, branch] {
        assert!(
            matches!(&error, Some(SourceError::Refused { why, .. }) if why.contains("no such repository")),
            "{error:?}"
        );
    }
    scene.github.delete(REPOSITORY);
    let heads = scene.source.heads(&scene.repository).await;
    assert!(
        matches!(heads, Err(SourceError::Refused { .. })),
        "{heads:?}"
    );
}

#[tokio::test]
async fn a_listing_that_github_cuts_is_asked_for_by_its_folder() {
    let scene = Scene::of_token().await;
    for n in 0..30 {
        scene.origin.write(&format!("a/{n}"), "x");
    }
    scene.origin.write("tests/smoke/a.hurl", "A");
    let at = scene.origin.commit("one");
    scene.github.tree_max(10);
    let files = scene
        .source
        .files_at(&scene.repository, &at, "tests/smoke/*.hurl")
        .await;
    let paths: Vec<_> = files
        .expect("read")
        .into_iter()
        .map(|file| file.path)
        .collect();
    assert_eq!(paths, ["tests/smoke/a.hurl"]);
    let none = scene
        .source
        .files_at(&scene.repository, &at, "tests/none/*")
        .await;
    assert!(none.expect("read").is_empty());
    for glob in ["**/*.hurl", "a/*"] {
        let files = scene.source.files_at(&scene.repository, &at, glob).await;
        assert!(
            matches!(files, Err(SourceError::TooLarge { .. })),
            "{glob}: {files:?}"
        );
    }
}

#[tokio::test]
async fn a_name_that_is_none_goes_nowhere() {
    let scene = Scene::of_token().await;
    let mut repository = scene.repository.clone();
    for name in [
        "acme",
        "acme/../x",
        "acme/a/b",
        "../..",
        "acme/a?b",
        "/x",
        "acme/é",
    ] {
        repository.name = name.into();
        let heads = scene.source.heads(&repository).await;
        assert!(
            matches!(heads, Err(SourceError::Refused { .. })),
            "{name}: {heads:?}"
        );
    }
    let revision = Revision::new("../../../user");
    let commit = scene.source.commit(&scene.repository, &revision).await;
    assert!(
        matches!(commit, Err(SourceError::NotFound { .. })),
        "{commit:?}"
    );
    assert!(scene.asked().is_empty());
}
