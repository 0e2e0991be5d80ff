//! Promises about commits.

use greenroom_app::ports::source::{Source, SourceError};
use greenroom_core::name::Revision;

use super::Site;

pub async fn a_commit_is_told_as_far_as_people_need<S: Source>(site: Site<S>) {
    let plain = site.origin.commit("<b>one</b>\nand on\n\nbody");
    let long = site.origin.commit(&"é".repeat(300));
    let commit = site
        .source
        .commit(&site.repository, &plain)
        .await
        .expect("told");
    assert_eq!(commit.revision, plain);
    assert_eq!(commit.subject, "<b>one</b> and on");
    assert_eq!(
        (commit.author.as_str(), commit.email.as_str()),
        ("Ada &amp; Co", "ada@example.com")
    );
    assert_eq!(commit.at.as_second(), 1_700_000_000);
    let commit = site
        .source
        .commit(&site.repository, &long)
        .await
        .expect("told");
    assert_eq!(commit.subject, "é".repeat(200));
}

pub async fn what_is_no_commit_is_certainly_absent<S: Source>(site: Site<S>) {
    let known = site.origin.commit("one");
    for name in [
        "0123456789012345678901234567890123456789",
        "trunk",
        "--help",
        "",
        "HEAD",
    ] {
        let revision = Revision::new(name);
        let commit = site.source.commit(&site.repository, &revision).await.err();
        let file = site
            .source
            .file_at(&site.repository, &revision, "a", 9)
            .await
            .err();
        let files = site
            .source
            .files_at(&site.repository, &revision, "a")
            .await
            .err();
        let before = site
            .source
            .compare(&site.repository, &revision, &known, 9)
            .await
            .err();
        let after = site
            .source
            .compare(&site.repository, &known, &revision, 9)
            .await
            .err();
        let changed = site
            .source
            .changed(&site.repository, &revision, &known)
            .await
            .err();
        for error in [commit, file, files, before, after, changed] {
            assert!(
                matches!(error, Some(SourceError::NotFound { .. })),
                "{name:?}: {error:?}"
            );
        }
    }
}

pub async fn commits_between_two_are_told_newest_first_and_cut<S: Source>(site: Site<S>) {
    let base = site.origin.commit("base");
    site.origin.commit("one");
    let head = site.origin.commit("two");
    let expected = (vec!["two".to_owned(), "one".to_owned()], false);
    assert_eq!(site.subjects(&base, &head, 10).await, expected);
    assert_eq!(site.subjects(&base, &head, 2).await, expected);
    assert_eq!(
        site.subjects(&base, &head, 1).await,
        (vec!["two".to_owned()], true)
    );
    assert_eq!(site.subjects(&head, &base, 9).await, (vec![], false));
    assert_eq!(site.subjects(&head, &head, 9).await, (vec![], false));
}

pub async fn after_a_force_push_what_is_new_is_told<S: Source>(site: Site<S>) {
    let first = site.origin.commit("one");
    let old = site.origin.commit("old");
    site.source
        .commit(&site.repository, &old)
        .await
        .expect("told while it was there");
    site.origin
        .git(&["reset", "--quiet", "--hard", first.as_str()]);
    site.origin.commit("new");
    let new = site.origin.commit("newer");
    let expected = vec!["newer".to_owned(), "new".to_owned()];
    assert_eq!(site.subjects(&old, &new, 9).await, (expected, false));
    assert_eq!(
        site.subjects(&new, &old, 9).await,
        (vec!["old".to_owned()], false)
    );
}

pub async fn histories_that_share_nothing_are_compared<S: Source>(site: Site<S>) {
    let old = site.origin.commit("old");
    site.origin
        .git(&["checkout", "--quiet", "--orphan", "anew"]);
    site.origin.commit("root");
    let new = site.origin.commit("anew");
    let expected = vec!["anew".to_owned(), "root".to_owned()];
    assert_eq!(site.subjects(&old, &new, 9).await, (expected, false));
    assert_eq!(
        site.subjects(&old, &new, 1).await,
        (vec!["anew".to_owned()], true)
    );
}

pub async fn hundreds_of_commits_are_compared<S: Source>(site: Site<S>) {
    let all = site.origin.commits(262);
    let (subjects, truncated) = site.subjects(&all[0], &all[261], 100).await;
    let expected: Vec<String> = (162..262).rev().map(|n| format!("number {n}")).collect();
    assert_eq!((subjects, truncated), (expected, true));
    let (subjects, truncated) = site.subjects(&all[0], &all[261], 300).await;
    assert_eq!((subjects.len(), truncated), (261, false));
    assert_eq!(subjects[260], "number 1");
}
