//! What is asked of GitHub, counted: the rate limit is a budget.

use greenroom_app::ports::source::{Repository, Source, SourceError, Status};
use greenroom_core::commit_status::StatusState;

use crate::support::{REPOSITORY, Scene};

fn counted(scene: &Scene) -> usize {
    let calls = scene.github.calls();
    scene.github.forget_calls();
    calls.iter().filter(|call| call.counted).count()
}

#[tokio::test]
async fn a_poll_that_finds_nothing_new_costs_nothing() {
    let scene = Scene::of_token().await;
    scene.origin.commit("one");
    scene.source.heads(&scene.repository).await.expect("read");
    assert_eq!(counted(&scene), 1);
    for _ in 0..10 {
        scene.source.heads(&scene.repository).await.expect("read");
    }
    assert_eq!(counted(&scene), 0);
    let second = scene.origin.commit("two");
    let heads = scene.source.heads(&scene.repository).await.expect("read");
    assert_eq!(heads[0].revision, second);
    assert_eq!(counted(&scene), 1);
}

#[tokio::test]
async fn many_pages_that_do_not_change_cost_nothing() {
    let scene = Scene::of_token().await;
    let first = scene.origin.commit("one");
    for n in 0..120 {
        scene
            .origin
            .git(&["update-ref", &format!("refs/heads/b{n}"), first.as_str()]);
    }
    for (expected, calls) in [(2, 4), (0, 2), (0, 2)] {
        let heads = scene.source.heads(&scene.repository).await.expect("read");
        assert_eq!(heads.len(), 121);
        let all = scene.github.calls().len();
        assert_eq!((counted(&scene), all), (expected, calls));
    }
}

#[tokio::test]
async fn a_push_costs_as_many_calls_as_there_are_things_to_read() {
    let scene = Scene::of_token().await;
    scene.origin.write("greenroom.yaml", "x");
    scene.origin.write("tests/smoke/a.hurl", "A");
    scene.origin.write("tests/smoke/b.hurl", "B");
    let base = scene.origin.commit("one");
    let head = scene.origin.commit("two");
    let (source, repository) = (&scene.source, &scene.repository);
    let file = source.file_at(repository, &head, "greenroom.yaml", 9).await;
    assert!(file.expect("read").is_some());
    assert_eq!(
        scene.asked(),
        ["GET /git/trees/{sha} 200", "GET /git/blobs/{sha} 200"]
    );
    source
        .files_at(repository, &head, "tests/**/*.hurl")
        .await
        .expect("read");
    assert_eq!(
        scene.asked(),
        [
            "GET /git/trees/{sha} 200",
            "GET /git/blobs/{sha} 200",
            "GET /git/blobs/{sha} 200"
        ]
    );
    source
        .compare(repository, &base, &head, 100)
        .await
        .expect("read");
    assert_eq!(scene.asked(), ["GET /compare/{basehead} 200"]);
    source
        .head(repository, &"refs/heads/trunk".into())
        .await
        .expect("read");
    assert_eq!(scene.asked(), ["GET /git/ref/{ref} 200"]);
    source.commit(repository, &head).await.expect("read");
    assert_eq!(scene.asked(), ["GET /git/commits/{sha} 200"]);
    // What belongs to a commit is asked for once.
    source
        .file_at(repository, &head, "greenroom.yaml", 9)
        .await
        .expect("read");
    source
        .files_at(repository, &head, "tests/**/*.hurl")
        .await
        .expect("read");
    source.commit(repository, &head).await.expect("read");
    assert!(scene.asked().is_empty());
}

#[tokio::test]
async fn an_old_name_is_paid_for_once() {
    let scene = Scene::of_token().await;
    scene.origin.commit("one");
    scene.github.rename(REPOSITORY, "acme/new-orders");
    scene.source.heads(&scene.repository).await.expect("read");
    assert_eq!(scene.asked(), ["GET /branches 301", "GET /branches 200"]);
    scene.source.heads(&scene.repository).await.expect("read");
    assert_eq!(scene.asked(), ["GET /branches 304"]);
    // A deleted one is refused, and its name is free for another.
    scene.github.delete(REPOSITORY);
    let gone = scene.source.default_branch(&scene.repository).await;
    assert!(gone.is_err(), "{gone:?}");
}

#[tokio::test]
async fn a_status_is_set_and_the_last_one_counts() {
    let scene = Scene::of_app().await;
    let first = scene.origin.commit("one");
    let mut status = Status {
        context: "greenroom/dev".to_owned(),
        state: StatusState::Pending,
        description: "é".repeat(141),
        url: None,
    };
    let renamed = Repository {
        name: "acme/new-orders".into(),
        ..scene.repository.clone()
    };
    scene
        .source
        .set_status(&scene.repository, &first, &status)
        .await
        .expect("set");
    scene.github.rename(REPOSITORY, "acme/new-orders");
    status.state = StatusState::Failure;
    status.url = Some("https://greenroom.example.com/apps/1/dev".to_owned());
    // Writing, too, follows a repository to where it is.
    for repository in [&scene.repository, &renamed] {
        scene
            .source
            .set_status(repository, &first, &status)
            .await
            .expect("set");
    }
    let set = scene.github.statuses(REPOSITORY, first.as_str());
    let states: Vec<_> = set.iter().map(|status| status.state.as_str()).collect();
    assert_eq!(states, ["pending", "failure", "failure"]);
    let shown = set[0].description.clone().unwrap_or_default();
    assert_eq!((shown.chars().count(), shown.ends_with('…')), (140, true));
    assert_eq!(set[2].target_url, status.url);
    let nowhere = "0123456789012345678901234567890123456789".into();
    let absent = scene.source.set_status(&renamed, &nowhere, &status).await;
    assert!(
        matches!(absent, Err(SourceError::NotFound { .. })),
        "{absent:?}"
    );
}
