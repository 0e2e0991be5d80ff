//! Promises about files at a commit.

use greenroom_app::ports::source::{Source, SourceError};

use super::Site;

pub async fn a_file_is_read_as_it_was_at_the_commit<S: Source>(site: Site<S>) {
    site.origin.write("greenroom.yaml", "old");
    site.origin.write("deep/er/a b#c?%41é.bin", b"B\n\0\xffB");
    site.origin.write("empty", "");
    let old = site.origin.commit("one");
    site.origin.write("greenroom.yaml", "new");
    let new = site.origin.commit("two");
    for (at, text) in [(&old, "old"), (&new, "new")] {
        let file = site.file(at, "greenroom.yaml").await;
        assert_eq!(file.as_deref(), Some(text.as_bytes()));
    }
    let odd = site.file(&new, "deep/er/a b#c?%41é.bin").await;
    assert_eq!(odd.as_deref(), Some(&b"B\n\0\xffB"[..]));
    assert_eq!(site.file(&new, "empty").await.as_deref(), Some(&b""[..]));
}

pub async fn what_is_no_file_is_not_there<S: Source>(site: Site<S>) {
    site.origin.write("folder/file", "x");
    std::os::unix::fs::symlink("folder/file", site.origin.folder().join("link")).expect("a link");
    let at = site.origin.commit("one");
    for path in [
        "missing",
        "folder",
        "folder/",
        "folder/missing",
        "folder/file/more",
        "link",
        "/folder/file",
        "folder//file",
        "./folder/file",
        "folder/../folder/file",
        "fold*/file",
        "",
        "..",
        "a\0b",
    ] {
        assert_eq!(site.file(&at, path).await, None, "{path:?}");
    }
    assert_eq!(site.paths(&at, "**").await, ["folder/file"]);
}

pub async fn a_file_above_the_limit_is_too_large<S: Source>(site: Site<S>) {
    site.origin.write("a", "123");
    let at = site.origin.commit("one");
    let read = site.source.file_at(&site.repository, &at, "a", 3).await;
    assert_eq!(read.expect("read").as_deref(), Some(&b"123"[..]));
    let large = site.source.file_at(&site.repository, &at, "a", 2).await;
    assert!(
        matches!(large, Err(SourceError::TooLarge { limit: 2, .. })),
        "{large:?}"
    );
}

pub async fn files_are_found_by_pattern<S: Source>(site: Site<S>) {
    site.origin.write("tests/smoke/a.hurl", "A");
    site.origin.write("tests/smoke/deep/b.hurl", "B");
    site.origin.write("tests/smoke-2.hurl", "C");
    site.origin.write("README", "D");
    let at = site.origin.commit("one");
    assert_eq!(
        site.paths(&at, "tests/smoke/*.hurl").await,
        ["tests/smoke/a.hurl"]
    );
    assert_eq!(
        site.paths(&at, "tests/**/*.hurl").await,
        [
            "tests/smoke-2.hurl",
            "tests/smoke/a.hurl",
            "tests/smoke/deep/b.hurl"
        ]
    );
    assert!(site.paths(&at, "nothing/*").await.is_empty());
    let files = site
        .source
        .files_at(&site.repository, &at, "**/b.hurl")
        .await;
    assert_eq!(files.expect("read")[0].bytes, b"B");
    let bad = site.source.files_at(&site.repository, &at, "a[").await;
    assert!(matches!(bad, Err(SourceError::Refused { .. })), "{bad:?}");
}

pub async fn more_than_five_hundred_files_are_too_many<S: Source>(site: Site<S>) {
    for n in 0..501 {
        site.origin.write(&format!("t/{n}.hurl"), "x");
    }
    let at = site.origin.commit("many");
    let files = site
        .source
        .files_at(&site.repository, &at, "t/*.hurl")
        .await;
    assert!(
        matches!(files, Err(SourceError::TooLarge { .. })),
        "{:?}",
        files.map(|files| files.len())
    );
    assert_eq!(site.paths(&at, "t/1*.hurl").await.len(), 111);
}

pub async fn more_than_eight_megabytes_are_too_much<S: Source>(site: Site<S>) {
    const MIB: usize = 1024 * 1024;
    site.origin.write("t/a", vec![1; 5 * MIB]);
    site.origin.write("t/b", vec![2; 3 * MIB]);
    let at = site.origin.commit("as much as may be");
    site.origin.write("t/c", "x");
    let over = site.origin.commit("a byte more");
    let files = site.source.files_at(&site.repository, &at, "t/*").await;
    let sizes: Vec<usize> = files
        .expect("read")
        .iter()
        .map(|file| file.bytes.len())
        .collect();
    assert_eq!(sizes, [5 * MIB, 3 * MIB]);
    let files = site.source.files_at(&site.repository, &over, "t/*").await;
    assert!(
        matches!(files, Err(SourceError::TooLarge { .. })),
        "{:?}",
        files.map(|files| files.len())
    );
}
