use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use greenroom_core::name::RepositoryId;
use tempfile::TempDir;

use super::*;

/// A real repository, made by a git with nobody's configuration.
struct Origin {
    folder: TempDir,
}

impl Origin {
    fn new() -> Self {
        let origin = Self {
            folder: tempfile::tempdir().expect("folder"),
        };
        origin.git(&["init", "--quiet", "--initial-branch=trunk"]);
        origin
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.folder.path())
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs([
                ("GIT_AUTHOR_NAME", "Ada &amp; Co"),
                ("GIT_AUTHOR_EMAIL", "ada@example.com"),
                ("GIT_COMMITTER_NAME", "Ada"),
                ("GIT_COMMITTER_EMAIL", "ada@example.com"),
                ("GIT_COMMITTER_DATE", "1700000000 +0100"),
            ])
            .output()
            .expect("git runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {error}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, text).expect("written");
    }

    fn commit(&self, subject: &str) -> Revision {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", subject]);
        Revision::new(self.git(&["rev-parse", "HEAD"]))
    }

    fn repository(&self) -> Repository {
        repository(&self.folder.path().to_string_lossy())
    }
}

fn repository(address: &str) -> Repository {
    Repository {
        id: RepositoryId(7),
        name: "acme/orders".into(),
        git: Some(address.to_owned()),
    }
}

fn source_in(data: &TempDir, limits: GitLimits) -> GitSource {
    let environment = std::env::vars();
    GitSource::new(data.path().join("git"), environment, limits).expect("a source")
}

fn source() -> (TempDir, GitSource) {
    let data = tempfile::tempdir().expect("folder");
    let source = source_in(&data, GitLimits::default());
    (data, source)
}

#[tokio::test]
async fn heads_say_what_is_true_now_and_tags_are_peeled() {
    let (origin, (_data, source)) = (Origin::new(), source());
    let first = origin.commit("one");
    origin.git(&["branch", "feature/a"]);
    origin.git(&["tag", "-m", "annotated", "v1"]);
    origin.git(&["tag", "light"]);
    let repository = origin.repository();
    let branch = source.default_branch(&repository).await.expect("a branch");
    assert_eq!(branch.as_str(), "refs/heads/trunk");
    for name in [
        "refs/heads/trunk",
        "refs/heads/feature/a",
        "refs/tags/v1",
        "refs/tags/light",
    ] {
        let head = source.head(&repository, &name.into()).await.expect("asked");
        assert_eq!(head.expect(name).revision, first, "{name}");
    }
    let second = origin.commit("two");
    let heads = source.heads(&repository).await.expect("asked");
    let heads: Vec<_> = heads
        .iter()
        .map(|head| (head.reference.as_str(), &head.revision))
        .collect();
    assert_eq!(
        heads,
        [
            ("refs/heads/feature/a", &first),
            ("refs/heads/trunk", &second)
        ]
    );
    origin.git(&["branch", "-D", "feature/a"]);
    let gone = source
        .head(&repository, &"refs/heads/feature/a".into())
        .await;
    assert_eq!(gone.expect("asked"), None);
}

#[tokio::test]
async fn a_name_that_is_part_of_another_is_not_taken_for_it() {
    let (origin, (_data, source)) = (Origin::new(), source());
    origin.commit("one");
    origin.git(&["update-ref", "refs/heads/x/refs/heads/y", "HEAD"]);
    let repository = origin.repository();
    for name in [
        "refs/heads/y",
        "refs/heads/x",
        "trunk",
        "refs/heads/t*k",
        "refs/heads/trun?",
    ] {
        let head = source.head(&repository, &name.into()).await.expect("asked");
        assert_eq!(head, None, "{name}");
    }
}

#[tokio::test]
async fn nasty_branch_names_are_found_or_certainly_absent() {
    let (origin, (_data, source)) = (Origin::new(), source());
    let first = origin.commit("one");
    let emoji = "\u{1f49a}".repeat(40);
    let good = [
        "feature/$(rm${IFS}-rf${IFS}$HOME)",
        "feature/;reboot",
        "feature/'\"`&|<>",
        "-upload-pack=x",
        "--exec=x",
        emoji.as_str(),
        "feature/ünïcode",
        "feature/a{b,c}",
        "%2e%2e",
    ];
    for name in good {
        origin.git(&["update-ref", &format!("refs/heads/{name}"), "HEAD"]);
        let reference = RefName::new(format!("refs/heads/{name}"));
        let head = source
            .head(&origin.repository(), &reference)
            .await
            .expect(name);
        assert_eq!(head.expect(name).revision, first, "{name}");
    }
    let long = "x/".repeat(3000) + "y";
    let emoji = "\u{1f49a}".repeat(250);
    let bad = [
        "feature/$(rm -rf ~)",
        "../..",
        "a/../b",
        "",
        "/",
        "a\0b",
        "a\nb",
        "a b",
        "@{-1}",
        "x.lock",
        ".hidden",
        long.as_str(),
        emoji.as_str(),
        "\u{1b}[31m",
    ];
    for name in bad {
        let reference = RefName::new(format!("refs/heads/{name}"));
        let head = source
            .head(&origin.repository(), &reference)
            .await
            .expect(name);
        assert_eq!(head, None, "{name:?}");
    }
    // With all of them there, a fetch and a listing still work.
    source
        .commit(&origin.repository(), &first)
        .await
        .expect("fetched");
    let heads = source.heads(&origin.repository()).await.expect("listed");
    assert_eq!(heads.len(), good.len() + 1);
}

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
        matches!(absent, Err(SourceError::NotFound { .. })),
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
