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

#[tokio::test]
async fn a_damaged_mirror_is_made_anew() {
    let (origin, (data, source)) = (Origin::new(), source());
    origin.write("a", "1");
    let first = origin.commit("one");
    let repository = origin.repository();
    source.commit(&repository, &first).await.expect("fetched");
    let packs = std::fs::read_dir(data.path().join("git/7.git/objects/pack")).expect("packs");
    let mut damaged = 0;
    for pack in packs.flatten().map(|entry| entry.path()) {
        std::fs::remove_file(&pack).expect("removed");
        std::fs::write(&pack, b"").expect("emptied");
        damaged += 1;
    }
    assert!(damaged > 0);
    let file = source
        .file_at(&repository, &first, "a", 9)
        .await
        .expect("mended");
    assert_eq!(file.as_deref(), Some(&b"1"[..]));
    let second = origin.commit("two");
    source
        .commit(&repository, &second)
        .await
        .expect("it goes on");
    let left = std::fs::read_dir(data.path().join("git")).expect("folder");
    assert_eq!(left.count(), 2, "the mirror and git's configuration");
}

#[tokio::test]
async fn a_commit_on_no_branch_is_fetched_when_the_repository_gives_it() {
    let (origin, (_data, source)) = (Origin::new(), source());
    origin.commit("one");
    let pulled = origin.commit("two");
    origin.git(&["update-ref", "refs/pull/1/head", pulled.as_str()]);
    origin.git(&["reset", "--quiet", "--hard", "HEAD^"]);
    let commit = source.commit(&origin.repository(), &pulled).await;
    assert_eq!(commit.expect("given").subject, "two");
}

#[tokio::test]
async fn who_waited_for_a_fetch_that_failed_does_not_fetch_in_turn() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("address").port();
    let data = tempfile::tempdir().expect("folder");
    let limits = GitLimits {
        fetch: Duration::from_millis(400),
        ..GitLimits::default()
    };
    let source = source_in(&data, limits);
    let silent = repository(&format!("git://127.0.0.1:{port}/x"));
    let revision = Revision::new("0123456789012345678901234567890123456789");
    let asked = (0..8).map(|_| source.commit(&silent, &revision));
    for answer in futures_util::future::join_all(asked).await {
        assert!(
            matches!(answer, Err(SourceError::Unavailable { .. })),
            "{answer:?}"
        );
    }
    let mirrors = source.mirrors.lock().expect("not poisoned");
    // One that had begun before the others asked, and one for all of these.
    assert_eq!(mirrors.values().next().expect("a mirror").fetches(), 2);
}
