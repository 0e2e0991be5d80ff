//! Mirrors and checkouts.

use std::os::unix::fs::PermissionsExt;

use super::*;

#[tokio::test]
async fn a_checkout_is_exactly_the_commit_even_after_its_branch_is_gone() {
    let (origin, (data, source)) = (Origin::new(), source());
    origin.write("a", "1");
    let hook = origin.folder.path().join(".git/hooks/post-checkout");
    std::fs::create_dir_all(hook.parent().expect("parent")).expect("hooks");
    std::fs::write(
        &hook,
        format!("#!/bin/sh\ntouch {}/hooked", data.path().display()),
    )
    .expect("hook");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("mode");
    let first = origin.commit("first");
    origin.write("a", "2");
    let second = origin.commit("second");
    let repository = origin.repository();
    source.commit(&repository, &second).await.expect("fetched");
    origin.git(&["reset", "--quiet", "--hard", first.as_str()]);
    origin.git(&[
        "commit",
        "--quiet",
        "--amend",
        "--allow-empty",
        "-m",
        "rewritten",
    ]);
    origin.git(&["reflog", "expire", "--expire=now", "--all"]);
    origin.git(&["gc", "--quiet", "--prune=now"]);
    source.heads(&repository).await.expect("still there");
    for (revision, text) in [(&first, "1"), (&second, "2")] {
        let into = data.path().join(revision.short());
        source
            .checkout(&repository, revision, &into)
            .await
            .expect("checked out");
        assert_eq!(std::fs::read_to_string(into.join("a")).expect("file"), text);
        let git = |arguments: &[&str]| {
            let output = Command::new("git")
                .arg("-C")
                .arg(&into)
                .args(arguments)
                .output();
            String::from_utf8(output.expect("git runs").stdout)
                .expect("text")
                .trim()
                .to_owned()
        };
        assert_eq!(git(&["rev-parse", "HEAD"]), revision.as_str());
        assert_eq!(git(&["status", "--porcelain"]), "");
        assert_eq!(git(&["remote"]), "");
    }
    assert!(!data.path().join("hooked").exists());
}

#[tokio::test]
async fn many_who_ask_for_a_new_commit_share_a_fetch() {
    let (origin, (_data, source)) = (Origin::new(), source());
    let first = origin.commit("one");
    let repository = origin.repository();
    let asked = (0..12).map(|_| source.commit(&repository, &first));
    for answer in futures_util::future::join_all(asked).await {
        assert_eq!(answer.expect("told").revision, first);
    }
    let mirrors = source.mirrors.lock().expect("not poisoned");
    let mirror = mirrors.values().next().expect("a mirror");
    assert_eq!(mirror.fetches(), 1);
}

#[tokio::test]
async fn a_branch_may_become_a_folder_of_branches() {
    let (origin, (_data, source)) = (Origin::new(), source());
    let first = origin.commit("one");
    origin.git(&["branch", "a"]);
    source
        .commit(&origin.repository(), &first)
        .await
        .expect("fetched");
    origin.git(&["branch", "-D", "a"]);
    origin.git(&["switch", "--quiet", "-c", "a/b"]);
    let second = origin.commit("two");
    source
        .commit(&origin.repository(), &second)
        .await
        .expect("fetched again");
}

#[tokio::test]
async fn a_lock_left_by_a_killed_git_does_not_block_for_ever() {
    let (origin, data) = (Origin::new(), tempfile::tempdir().expect("folder"));
    let first = origin.commit("one");
    let source = source_in(&data, GitLimits::default());
    source
        .commit(&origin.repository(), &first)
        .await
        .expect("fetched");
    let lock = data.path().join("git/7.git/refs/heads/trunk.lock");
    std::fs::create_dir_all(lock.parent().expect("parent")).expect("folder");
    let file = std::fs::File::create(&lock).expect("lock");
    let second = origin.commit("two");
    let early = source.commit(&origin.repository(), &second).await;
    assert!(
        matches!(early, Err(SourceError::Unavailable { .. })),
        "{early:?}"
    );
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    file.set_modified(long_ago).expect("aged");
    source
        .commit(&origin.repository(), &second)
        .await
        .expect("mended");
}

#[tokio::test]
async fn another_users_repository_works_when_the_operator_named_it() {
    let (origin, (_data, source)) = (Origin::new(), source());
    let first = origin.commit("one");
    let given = Command::new("chown")
        .args(["-R", "65534:65534"])
        .arg(origin.folder.path())
        .status()
        .expect("chown runs");
    if !given.success() {
        // Only the superuser can give files away; for anybody else the owner stays the same.
        assert!(!rustix::process::geteuid().is_root());
    }
    source
        .commit(&origin.repository(), &first)
        .await
        .expect("fetched");
}
