//! Branches, titles and people with names that mean something to a shell, a terminal or a mail
//! program, and must mean nothing to us.

use greenroom_testkit::fake_smtp::FakeSmtp;
use greenroom_testkit::fake_telegram::FakeTelegram;

use crate::support::hook::Hook;
use crate::support::repo::BOB;
use crate::support::site::{STAGES, Site};
use crate::support::until;

/// Personal stages named after the branch.
fn by_branch() -> String {
    STAGES.replace(
        "name: \"${actor}\", from: { branch: \"feature/**\" }",
        "name: \"${branch.slug}\", from: { branch: \"feature/**\" }",
    )
}

#[tokio::test]
async fn a_branch_named_like_a_command_is_a_name_and_nothing_else() {
    let mut site = Site::with(&by_branch()).await;
    site.serve().await;
    let canary = site.file("canary");
    std::fs::write(&canary, "alive").expect("a file");
    let emoji = format!("feature/{}", "\u{1f600}".repeat(50));
    let words = [
        "feature/$(rm${IFS}-rf${IFS}$HOME)".to_owned(),
        format!(
            "feature/`rm${{IFS}}{}`",
            canary.display().to_string().replace('/', "_")
        ),
        "feature/;reboot;'\"".to_owned(),
        "feature/<b>&amp;".to_owned(),
        "feature/-rf".to_owned(),
        "feature/a#b%00c|d".to_owned(),
        emoji,
    ];
    let deploy = "env > \"$TMPDIR/e\"; test -n \"$GREENROOM_STAGE\"; echo \"$GREENROOM_STAGE\" | grep -qE '^[a-z0-9-]{1,24}$'\n";
    let mut sent = Vec::new();
    for branch in &words {
        let revision = site
            .repo
            .commit(branch, BOB, "Name a branch", &[("deploy.sh", deploy)]);
        let hook = Hook::push(branch, &revision, "bob");
        assert_eq!(hook.send(&site.server().http).await.status, 202, "{branch}");
        sent.push((hook, revision));
    }
    let mut stages = std::collections::BTreeSet::new();
    for (hook, revision) in &sent {
        let became = site.became(&hook.id).await;
        assert_eq!(became["status"], "decided", "{became}");
        let stage = became["stages"][0]["stage"]
            .as_str()
            .expect("a stage")
            .to_owned();
        let is = |card: &serde_json::Value| {
            card["last"]["outcome"] == "succeeded"
                && card["deployed"]["revision"] == revision.as_str()
        };
        site.wait(&stage, "has it", is).await;
        stages.insert(stage);
    }
    assert_eq!(
        stages.len(),
        sent.len(),
        "no two branches share a stage: {stages:?}"
    );
    assert!(canary.exists());
    assert!(site.cli(&["status"]).await.ok().out.lines().count() > stages.len());
}

#[tokio::test]
async fn a_branch_git_would_not_have_is_refused_or_leads_nowhere() {
    let mut site = Site::with(&by_branch()).await;
    site.serve().await;
    let names = [
        "feature/$(rm -rf ~)",
        "../..",
        "feature/../../etc",
        "feature/a\nb",
        "feature/\u{1b}[2J",
        "feature/x.lock",
        "-rf",
        "feature/ ",
        "@{-1}",
        "feature/\u{202e}x",
    ];
    let long = [
        format!("feature/{}", "\u{1f600}".repeat(250)),
        format!("feature/{}", "x".repeat(70_000)),
    ];
    for name in names.iter().map(ToString::to_string).chain(long) {
        let hook = Hook::push(&name, &"a".repeat(40), "bob");
        let reply = hook.send(&site.server().http).await;
        match reply.status {
            202 => assert_ne!(site.became(&hook.id).await["status"], "parked", "{name:?}"),
            _ => drop(reply.refuses(400, "bad_payload")),
        }
    }
    let board = site.cli(&["status"]).await;
    assert!(!board.ok().out.contains('\u{1b}'), "{board:?}");
    let revision = site
        .push("develop", BOB, "Go on", &[("app.txt", "two\n")])
        .await;
    site.green("dev", &revision).await;
}

const TITLE: &str = "<b>Fix</b> & \"break\" <a href='https://evil.example'>x</a> \u{1b}[31mred\u{1b}[0m [link](https://evil.example) \u{202e}gnp.exe `id` $(id)";

#[tokio::test]
async fn a_title_full_of_markup_is_text_wherever_it_is_shown() {
    let (telegram, smtp) = (FakeTelegram::start().await, FakeSmtp::start().await);
    let channels = format!(
        "channels:\n  team: {{ telegram: {{ chat: {}, token: \"${{secret:telegram}}\" }} }}\n  mail: {{ mail: {{ to: [ops@example.com], from: g@example.com, server: \"{}\", tls: none }} }}\n",
        FakeTelegram::CHAT,
        smtp.address()
    );
    let stages = STAGES
        .replace("channels:\n", &channels)
        .replace("alert: [console]", "alert: [team, mail, console]");
    let mut site = Site::with(&stages).await;
    site.start
        .arguments
        .extend(["--telegram-url".into(), telegram.base().into()]);
    site.start.environment.push((
        "GREENROOM_SECRET_TELEGRAM".to_owned(),
        FakeTelegram::TOKEN.to_owned(),
    ));
    site.serve().await;
    let good = site
        .push("develop", BOB, "Begin well", &[("app.txt", "two\n")])
        .await;
    site.green("dev", &good).await;
    site.service.make_ill("dev");
    let subject = format!("{TITLE}\n\nBcc: everybody@example.com\n\n<script>alert(1)</script>");
    let mallory = "Mallory <img src=x> <mallory@example.com>";
    let author = if site
        .repo
        .try_git(&["commit", "--allow-empty", "--dry-run", "--author", mallory])
        .is_ok()
    {
        mallory
    } else {
        BOB
    };
    site.push("develop", author, &subject, &[("app.txt", "three\n")])
        .await;
    site.wait("dev", "is red", |card| card["health"] == "red")
        .await;
    let message = until("Telegram is told", async || telegram.arrived().pop()).await;
    assert!(
        message.html && message.text.contains("<b>Fix</b> & \"break\""),
        "as text: {}",
        message.text
    );
    assert!(
        !message.text.contains(['\u{1b}', '\u{202e}'])
            && !message
                .active
                .iter()
                .any(|link| link.contains("evil.example")),
        "{message:?}"
    );
    let mail = until("mail is told", async || smtp.received().pop()).await;
    let whole = format!("{mail:?}");
    assert!(
        !mail.subject().contains(['\n', '\r', '\u{1b}']),
        "{}",
        mail.subject()
    );
    assert!(
        !whole.contains("<script>") && !whole.contains("<a href='https://evil"),
        "{whole}"
    );
    assert_eq!(smtp.complaints(), Vec::<String>::new());
    for words in [
        &["status"][..],
        &["why", "dev"],
        &["log", "dev"],
        &["log", "dev", "--run", "2"],
    ] {
        let said = site.cli(words).await;
        assert!(
            !said.out.contains(['\u{1b}', '\u{202e}']),
            "{words:?}: {}",
            said.out
        );
        assert!(
            !said.out.lines().any(|line| line.starts_with("Bcc:")),
            "{words:?}: {}",
            said.out
        );
        serde_json::from_str::<serde_json::Value>(
            &site.cli(&[words, &["--json"]].concat()).await.out,
        )
        .expect("JSON stays JSON");
    }
    assert!(
        !site.log().contains("\u{1b}[31mred"),
        "the console is no terminal's enemy"
    );
}
