//! Where branches and tags stand.

use super::*;

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
