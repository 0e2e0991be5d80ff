//! The data folder: whose it is, what is kept in it, and what is said when it cannot be used.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::cli;
use crate::support::server::Start;
use crate::support::site::Site;

fn mode(path: &Path) -> u32 {
    fs::metadata(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .permissions()
        .mode()
        & 0o777
}

fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[tokio::test]
async fn the_folder_and_the_token_are_for_their_owner_only() {
    let mut site = Site::up().await;
    let token = site.file("data/token");
    assert_eq!((mode(site.data()), mode(&token)), (0o700, 0o600));
    let before = fs::read_to_string(&token).expect("a token");
    let address = fs::read_to_string(site.file("data/address")).expect("an address");
    assert_eq!(address, format!("http://{}\n", site.server().http.address));
    site.stop().await;
    assert!(!site.file("data/address").exists());
    fs::set_permissions(site.data(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).expect("it is ours");
    site.serve().await;
    assert_eq!(
        fs::read_to_string(&token).expect("a token"),
        before,
        "a restart keeps the token"
    );
    assert_eq!(mode(&token), 0o600, "and closes what was opened meanwhile");
    for entry in fs::read_dir(site.data()).expect("a folder") {
        let path = entry.expect("an entry").path();
        assert_eq!(
            mode(&path) & 0o022,
            0,
            "{} is writable by others",
            path.display()
        );
    }
}

#[tokio::test]
async fn a_folder_in_use_is_refused_with_the_process_and_left_as_it_was() {
    let site = Site::up().await;
    let (token, address) = (
        fs::read(site.file("data/token")).ok(),
        fs::read(site.file("data/address")).ok(),
    );
    let mut second = site.start.clone();
    second.environment.push((
        "GREENROOM_TOKEN".to_owned(),
        "another-token-of-some-length".to_owned(),
    ));
    let (code, text) = second.refused().await;
    assert_eq!(code, 1, "{text}");
    says(
        &text,
        &[
            "in use",
            &format!("process {}", site.server().pid()),
            "--data",
        ],
    );
    assert_eq!(
        (
            fs::read(site.file("data/token")).ok(),
            fs::read(site.file("data/address")).ok()
        ),
        (token, address)
    );
    site.cli(&["status"]).await.ok();
}

#[tokio::test]
async fn a_killed_server_starts_again_at_once_with_what_it_knew() {
    let mut site = Site::up().await;
    site.cli(&["lock", "dev", "--reason", "a look at the data"])
        .await
        .ok();
    let token = fs::read(site.file("data/token")).ok();
    for _ in 0..3 {
        site.kill().await;
        let said = site.cli(&["status"]).await;
        assert_eq!(said.code, 1, "{said:?}");
        says(&said.err, &["greenroom serve"]);
        site.serve().await;
    }
    assert_eq!(fs::read(site.file("data/token")).ok(), token);
    assert_eq!(
        site.get("/stages/dev").await["lock"]["reason"],
        "a look at the data"
    );
}

#[tokio::test]
async fn a_store_that_is_damaged_or_foreign_is_refused_and_not_touched() {
    let mut site = Site::up().await;
    site.stop().await;
    let store = site.file("data/greenroom.redb");
    let whole = fs::read(&store).expect("a store");
    let damages: [(&str, Vec<u8>); 4] = [
        ("text", b"this is not a store\n".repeat(100)),
        ("cut in half", whole[..whole.len() / 2].to_vec()),
        ("zeros", vec![0; whole.len()]),
        (
            "noise at the end",
            [&whole[..4096], &vec![0xA5; whole.len() - 4096][..]].concat(),
        ),
    ];
    for (what, bytes) in damages {
        fs::write(&store, &bytes).expect("it is ours");
        let (code, text) = site.start.refused().await;
        assert_eq!(code, 1, "{what}: {text}");
        says(&text, &["greenroom.redb", "backup"]);
        assert_eq!(
            fs::read(&store).expect("a store"),
            bytes,
            "{what}: what is left is for whoever repairs it"
        );
    }
    fs::write(&store, &whole).expect("it is ours");
    site.serve().await;
}

#[tokio::test]
async fn a_store_of_another_format_is_refused_with_both_numbers() {
    let mut site = Site::up().await;
    site.stop().await;
    let store = site.file("data/greenroom.redb");
    let mut bytes = fs::read(&store).expect("a store");
    // redb keeps the version of its own format at the head of each commit slot.
    for slot in [64, 192] {
        bytes[slot] = 77;
    }
    fs::write(&store, &bytes).expect("it is ours");
    let (code, text) = site.start.refused().await;
    assert_eq!(code, 1, "{text}");
    says(&text, &["format", "77", "3"]);
    assert_eq!(fs::read(&store).expect("a store"), bytes);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    for place in [Path::new("/proc/greenroom"), &file, &file.join("below")] {
        let (code, text) = Start::on(place).refused().await;
        assert_eq!(code, 1, "{text}");
        says(&text, &[&place.display().to_string(), "--data"]);
    }
    let inside = folder.path().join("data");
    fs::create_dir_all(inside.join("greenroom.redb")).expect("a folder");
    let (code, text) = Start::on(&inside).refused().await;
    assert_eq!(code, 1, "{text}");
    says(&text, &["greenroom.redb", "directory"]);
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_way_out() {
    let site = Site::up().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut start = Start::on(&folder.path().join("data"));
    start
        .arguments
        .extend(["--listen".into(), site.server().http.address.clone().into()]);
    let (code, text) = start.refused().await;
    assert_eq!(code, 2, "--listen twice is a usage error: {text}");
    start.arguments.clear();
    start.listen = site.server().http.address.clone();
    let (code, text) = start.refused().await;
    assert_eq!(code, 1, "{text}");
    says(&text, &[&site.server().http.address, "in use", "--listen"]);
}

#[tokio::test]
async fn every_wrong_setting_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut start = Start::on(&folder.path().join("data"));
    start.environment.extend([
        ("GREENROOM_TOKEN".to_owned(), "short".to_owned()),
        ("GREENROOM_WEBHOOK_SECRET".to_owned(), String::new()),
    ]);
    start.arguments.extend([
        "-f".into(),
        folder.path().join("none.yaml").into_os_string(),
        "--step-env".into(),
        "NO_SUCH".into(),
    ]);
    let (code, text) = start.refused().await;
    assert_eq!(code, 2, "{text}");
    says(
        &text,
        &[
            "GREENROOM_TOKEN",
            "GREENROOM_WEBHOOK_SECRET",
            "none.yaml",
            "NO_SUCH",
        ],
    );
    assert!(
        !start.data.exists(),
        "nothing is made for a start that makes no sense"
    );
}

#[tokio::test]
async fn without_a_webhook_secret_webhooks_are_refused_and_the_rest_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut start = Start::on(&folder.path().join("data"));
    start.secret = false;
    let server = start.up().await;
    let hook = crate::support::hook::Hook::push("develop", &"a".repeat(40), "alice");
    hook.send(&server.http).await.refuses(503, "no_secret");
    cli::run(&start.data, "olga", &["status"]).await.ok();
    assert!(server.stop().await.success());
}
