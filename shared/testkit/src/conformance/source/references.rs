//! Promises about branches and tags.

use greenroom_app::ports::source::{Repository, Source, SourceError};
use greenroom_core::name::RefName;

use super::Site;

pub async fn a_repository_without_commits_has_no_default_branch_and_no_heads<S: Source>(
    site: Site<S>,
) {
    let unborn = site.source.default_branch(&site.repository).await;
    assert!(
        matches!(unborn, Err(SourceError::NotFound { .. })),
        "{unborn:?}"
    );
    assert!(site.all().await.is_empty());
    assert_eq!(site.stands("refs/heads/trunk").await, None);
}

pub async fn heads_say_what_is_true_now<S: Source>(site: Site<S>) {
    let first = site.origin.commit("one");
    site.origin.git(&["branch", "feature/a"]);
    site.origin.git(&["tag", "v0"]);
    let branch = site.source.default_branch(&site.repository).await;
    assert_eq!(branch.expect("a branch").as_str(), "refs/heads/trunk");
    let second = site.origin.commit("two");
    let expected = [
        ("refs/heads/feature/a".to_owned(), first.clone()),
        ("refs/heads/trunk".to_owned(), second.clone()),
    ];
    assert_eq!(site.all().await, expected);
    assert_eq!(site.stands("refs/heads/trunk").await, Some(second));
    assert_eq!(
        site.stands("refs/heads/feature/a").await,
        Some(first.clone())
    );
    assert_eq!(site.stands("refs/tags/v0").await, Some(first));
    let third = site.origin.commit("three");
    assert_eq!(site.stands("refs/heads/trunk").await, Some(third.clone()));
    assert_eq!(site.all().await[1].1, third);
}

pub async fn an_annotated_tag_leads_to_its_commit<S: Source>(site: Site<S>) {
    let first = site.origin.commit("one");
    site.origin.git(&["tag", "-m", "annotated", "v1"]);
    site.origin
        .git(&["tag", "-m", "a tag of a tag", "v2", "v1"]);
    for name in ["refs/tags/v1", "refs/tags/v2"] {
        assert_eq!(site.stands(name).await, Some(first.clone()), "{name}");
    }
}

/// GitHub keeps it where it is to be merged; no branch has the commit.
pub async fn the_head_of_a_pull_request_is_read_with_its_files<S: Source>(site: Site<S>) {
    let trunk = site.origin.commit("one");
    let name = RefName::of_pull_request(7);
    assert_eq!(site.stands(name.as_str()).await, None);
    site.origin.write("proposed.txt", "by a stranger");
    let proposed = site.origin.commit("proposed");
    site.origin
        .git(&["update-ref", name.as_str(), proposed.as_str()]);
    site.origin
        .git(&["reset", "--quiet", "--hard", trunk.as_str()]);
    assert_eq!(site.stands(name.as_str()).await, Some(proposed.clone()));
    assert_eq!(site.all().await, [("refs/heads/trunk".to_owned(), trunk)]);
    let file = site.file(&proposed, "proposed.txt").await;
    assert_eq!(file.as_deref(), Some(b"by a stranger".as_slice()));
    let told = site.source.commit(&site.repository, &proposed).await;
    assert_eq!(told.expect("it is told").subject, "proposed");
}

pub async fn a_force_push_and_a_deleted_branch_are_seen<S: Source>(site: Site<S>) {
    let first = site.origin.commit("one");
    site.origin.git(&["branch", "gone"]);
    let second = site.origin.commit("two");
    assert_eq!(site.stands("refs/heads/trunk").await, Some(second));
    assert_eq!(site.stands("refs/heads/gone").await, Some(first.clone()));
    assert_eq!(site.all().await.len(), 2);
    site.origin
        .git(&["reset", "--quiet", "--hard", first.as_str()]);
    let other = site.origin.commit("two, otherwise");
    site.origin.git(&["branch", "-D", "gone"]);
    assert_eq!(site.stands("refs/heads/trunk").await, Some(other.clone()));
    assert_eq!(site.stands("refs/heads/gone").await, None);
    assert_eq!(site.all().await, [("refs/heads/trunk".to_owned(), other)]);
}

pub async fn a_name_that_is_part_of_another_is_not_taken_for_it<S: Source>(site: Site<S>) {
    site.origin.commit("one");
    site.origin
        .git(&["update-ref", "refs/heads/x/refs/heads/y", "HEAD"]);
    for name in [
        "refs/heads/y",
        "refs/heads/x",
        "trunk",
        "refs/heads",
        "refs/heads/tru",
        "refs/heads/t*k",
        "refs/heads/trun?",
    ] {
        assert_eq!(site.stands(name).await, None, "{name}");
    }
}

pub async fn any_legal_name_is_found_and_any_other_certainly_absent<S: Source>(site: Site<S>) {
    let first = site.origin.commit("one");
    let good = [
        "feature/$(rm${IFS}-rf${IFS}$HOME)",
        "feature/;reboot",
        "feature/'\"`&|<>",
        "-upload-pack=x",
        "feature/ünïcode\u{1f49a}",
        "feature/a{b,c}",
        "%2e%2e",
        "a+b#c=d",
    ];
    for name in good {
        site.origin
            .git(&["update-ref", &format!("refs/heads/{name}"), "HEAD"]);
        let stands = site.stands(&format!("refs/heads/{name}")).await;
        assert_eq!(stands.as_ref(), Some(&first), "{name}");
    }
    let long = "x/".repeat(3000) + "y";
    for name in [
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
        "\u{1b}[31m",
    ] {
        let stands = site.stands(&format!("refs/heads/{name}")).await;
        assert_eq!(stands, None, "{name:?}");
    }
    assert_eq!(site.all().await.len(), good.len() + 1);
}

pub async fn hundreds_of_branches_are_all_told_by_name<S: Source>(site: Site<S>) {
    let first = site.origin.commit("one");
    let create = |n: usize| format!("create refs/heads/b/{n:03} {first}\n");
    let commands: String = (0..230).map(create).collect();
    site.origin.write(".git/commands", commands);
    site.origin.shell("git update-ref --stdin < .git/commands");
    let all = site.all().await;
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!((all.len(), &all), (231, &sorted));
    // One of the first page goes: those behind it move up, and none is missed.
    site.origin.git(&["branch", "-D", "b/003"]);
    let left = site.all().await;
    let gone: Vec<_> = all.iter().filter(|head| !left.contains(head)).collect();
    assert_eq!((left.len(), gone[0].0.as_str()), (230, "refs/heads/b/003"));
}

pub async fn a_renamed_repository_is_still_read<S: Source>(site: Site<S>) {
    let first = site.origin.commit("one");
    assert_eq!(site.all().await.len(), 1);
    (site.rename)("acme/new-orders");
    let second = site.origin.commit("two");
    let renamed = Repository {
        name: "acme/new-orders".into(),
        ..site.repository.clone()
    };
    for repository in [&site.repository, &renamed] {
        let heads = site.source.heads(repository).await.expect("read");
        assert_eq!(heads[0].revision, second, "{repository:?}");
        let commit = site.source.commit(repository, &first).await;
        assert_eq!(commit.expect("told").subject, "one");
    }
}
