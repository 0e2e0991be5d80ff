//! What cannot be had, and how that is told.

use super::*;

#[tokio::test]
async fn what_does_not_exist_is_certain_and_what_is_refused_says_why() {
    let (origin, (data, source)) = (Origin::new(), source());
    let empty = origin.repository();
    let unborn = source.default_branch(&empty).await;
    assert!(
        matches!(unborn, Err(SourceError::NotFound { .. })),
        "{unborn:?}"
    );
    assert!(source.heads(&empty).await.expect("no branches").is_empty());
    origin.commit("one");
    for revision in [
        "0123456789012345678901234567890123456789",
        "main",
        "--help",
        "",
        "HEAD",
    ] {
        let absent = source.commit(&origin.repository(), &revision.into()).await;
        assert!(
            matches!(absent, Err(SourceError::NotFound { .. })),
            "{revision}: {absent:?}"
        );
    }
    let gone = data.path().join("gone").to_string_lossy().into_owned();
    let absent = source.heads(&repository(&gone)).await;
    assert!(
        matches!(&absent, Err(SourceError::Refused { why, .. }) if why.contains(&gone)),
        "{absent:?}"
    );
    let canary = data.path().join("canary");
    let program = format!("ext::touch {}", canary.display());
    let folder = data.path().to_string_lossy().into_owned();
    let refused = [
        program.as_str(),
        "fd::17",
        "--upload-pack=touch x",
        "",
        folder.as_str(),
        "http://127.0.0.1:1/x",
    ];
    for address in refused {
        let answer = source.heads(&repository(address)).await;
        assert!(
            matches!(answer, Err(SourceError::Refused { .. })),
            "{address}: {answer:?}"
        );
    }
    assert!(!canary.exists());
}

#[tokio::test]
async fn a_server_that_never_answers_costs_a_bounded_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("address").port();
    let data = tempfile::tempdir().expect("folder");
    let limits = GitLimits {
        ask: Duration::from_millis(300),
        ..GitLimits::default()
    };
    let source = source_in(&data, limits);
    let answer = source
        .heads(&repository(&format!("git://127.0.0.1:{port}/x")))
        .await;
    assert!(
        matches!(answer, Err(SourceError::Unavailable { .. })),
        "{answer:?}"
    );
}
