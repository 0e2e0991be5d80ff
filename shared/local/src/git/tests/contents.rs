//! Commits and files.

use super::*;

#[tokio::test]
async fn commits_between_two_are_told_newest_first_and_cut() {
    let (origin, (_data, source)) = (Origin::new(), source());
    let base = origin.commit("base");
    origin.commit("<b>one</b>\n\nbody");
    let long = "é".repeat(300);
    let head = origin.commit(&long);
    let repository = origin.repository();
    let all = source
        .compare(&repository, &base, &head, 10)
        .await
        .expect("compared");
    let subjects: Vec<_> = all.commits.iter().map(|c| c.subject.as_str()).collect();
    assert_eq!(subjects, [&"é".repeat(200), "<b>one</b>"]);
    assert!(!all.truncated);
    let commit = &all.commits[0];
    assert_eq!(
        (commit.author.as_str(), commit.email.as_str()),
        ("Ada &amp; Co", "ada@example.com")
    );
    assert_eq!(
        (&commit.revision, commit.at.as_second()),
        (&head, 1_700_000_000)
    );
    let one = source
        .compare(&repository, &base, &head, 1)
        .await
        .expect("compared");
    assert!(one.truncated && one.commits.len() == 1);
    let none = source
        .compare(&repository, &head, &base, 9)
        .await
        .expect("compared");
    assert!(none.commits.is_empty() && !none.truncated);
    assert_eq!(
        source
            .commit(&repository, &base)
            .await
            .expect("told")
            .subject,
        "base"
    );
}

#[tokio::test]
async fn files_are_read_as_they_were_at_the_commit() {
    let (origin, (_data, source)) = (Origin::new(), source());
    origin.write("greenroom.yaml", "old");
    origin.write("tests/smoke/a.hurl", "A");
    origin.write("tests/smoke/deep/b.hurl", "B\n\0B");
    origin.write("odd/--name\n[x]", "odd");
    std::os::unix::fs::symlink("greenroom.yaml", origin.folder.path().join("link")).expect("link");
    let old = origin.commit("old");
    origin.write("greenroom.yaml", "new");
    let new = origin.commit("new");
    let repository = origin.repository();
    let file = async |revision: &Revision, path: &str| {
        let file = source
            .file_at(&repository, revision, path, 5)
            .await
            .expect("read");
        file.map(|bytes| String::from_utf8(bytes).expect("text"))
    };
    assert_eq!(file(&old, "greenroom.yaml").await.as_deref(), Some("old"));
    assert_eq!(file(&new, "greenroom.yaml").await.as_deref(), Some("new"));
    assert_eq!(file(&new, "odd/--name\n[x]").await.as_deref(), Some("odd"));
    for absent in [
        "none",
        "tests",
        "tests/",
        "",
        "/greenroom.yaml",
        "../x",
        "link",
        "greenroom.*",
        "--help",
    ] {
        assert_eq!(file(&new, absent).await, None, "{absent}");
    }
    let large = source.file_at(&repository, &new, "greenroom.yaml", 2).await;
    assert!(
        matches!(large, Err(SourceError::TooLarge { limit: 2, .. })),
        "{large:?}"
    );
    let paths = async |glob: &str| {
        let files = source
            .files_at(&repository, &new, glob)
            .await
            .expect("read");
        files.into_iter().map(|file| file.path).collect::<Vec<_>>()
    };
    assert_eq!(paths("tests/smoke/*.hurl").await, ["tests/smoke/a.hurl"]);
    assert_eq!(
        paths("tests/**/*.hurl").await,
        ["tests/smoke/a.hurl", "tests/smoke/deep/b.hurl"]
    );
    let files = source
        .files_at(&repository, &new, "**/b.hurl")
        .await
        .expect("read");
    assert_eq!(files[0].bytes, b"B\n\0B");
    assert!(paths("nothing/*").await.is_empty());
    let bad = source.files_at(&repository, &new, "a[").await;
    assert!(matches!(bad, Err(SourceError::Refused { .. })), "{bad:?}");
}

#[tokio::test]
async fn more_than_five_hundred_files_are_too_many() {
    let (origin, (_data, source)) = (Origin::new(), source());
    for n in 0..501 {
        origin.write(&format!("t/{n}.hurl"), "x");
    }
    let revision = origin.commit("many");
    let files = source
        .files_at(&origin.repository(), &revision, "t/*.hurl")
        .await;
    assert!(
        matches!(files, Err(SourceError::TooLarge { .. })),
        "{files:?}"
    );
    let files = source
        .files_at(&origin.repository(), &revision, "t/1*.hurl")
        .await;
    assert_eq!(files.expect("few").len(), 111);
}
