use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;

use super::*;

fn write(folder: &Path, name: &str, text: &str, mode: u32) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("folder");
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("mode");
}

async fn how(secrets: &LocalSecrets, name: &str) -> String {
    match secrets.get(&name.into()).await {
        Err(SecretError::Missing { how, .. }) => how,
        other => panic!("{name} should be missing, not {other:?}"),
    }
}

#[tokio::test]
async fn a_variable_wins_over_a_file_and_only_secrets_are_kept() {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), "orders/db", "from the file\n", 0o600);
    let environment = [
        (
            "GREENROOM_SECRET_ORDERS_DB".to_owned(),
            "from env".to_owned(),
        ),
        ("GREENROOM_TOKEN".to_owned(), "not for steps".to_owned()),
    ];
    let secrets = LocalSecrets::new(environment, folder.path());
    assert_eq!(secrets.environment.len(), 1);
    let value = secrets.get(&"orders/db".into()).await.expect("a value");
    assert_eq!(value.expose_secret(), "from env");
    assert!(!format!("{secrets:?}").contains("from env"));
}

#[tokio::test]
async fn a_file_loses_one_newline_and_nothing_else() {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), "a/b.key", " two\nlines \r\n", 0o600);
    let secrets = LocalSecrets::new([], folder.path());
    let value = secrets.get(&"a/b.key".into()).await.expect("a value");
    assert_eq!(value.expose_secret(), " two\nlines ");
}

#[tokio::test]
async fn a_file_others_may_read_is_refused_with_the_command_that_mends_it() {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), "open", "x", 0o640);
    let secrets = LocalSecrets::new([], folder.path());
    assert!(how(&secrets, "open").await.contains("chmod 600"));
}

#[tokio::test]
async fn a_missing_secret_names_the_variable_and_the_file() {
    let folder = tempfile::tempdir().expect("folder");
    let secrets = LocalSecrets::new([], folder.path());
    let how = how(&secrets, "pay/key-1").await;
    assert!(how.contains("GREENROOM_SECRET_PAY_KEY_1"), "{how}");
    assert!(how.contains("pay/key-1"), "{how}");
}

#[tokio::test]
async fn a_name_never_leaves_the_folder() {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), "outside", "x", 0o600);
    let inner = folder.path().join("secrets");
    std::fs::create_dir(&inner).expect("folder");
    let secrets = LocalSecrets::new([], inner);
    for name in [
        "../outside",
        "/etc/passwd",
        "a/../../outside",
        "",
        "a//b",
        ".",
        "x\0y",
    ] {
        assert!(how(&secrets, name).await.contains("parts"), "{name:?}");
    }
}
