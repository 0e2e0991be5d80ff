//! What is refused at the door, and that it is left as it was.

use std::fs;

use greenroom_app::ports::store::Store;
use greenroom_local::store::{EmbeddedStore, FORMAT, OpenError};
use redb::{Database, ReadableDatabase, TableDefinition};

use super::{TestResult, open, put, value};

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

#[tokio::test]
async fn a_reopened_store_has_everything() -> TestResult {
    let folder = tempfile::tempdir()?;
    for n in 0..5 {
        let store = open(&folder)?;
        store.commit(vec![put("a", n.to_string())]).await?;
        drop(store);
        let item = open(&folder)?.get(&super::key("a")).await?;
        assert_eq!(item.map(|item| item.version), Some(n + 1));
    }
    Ok(())
}

#[test]
fn a_store_in_use_is_refused_and_says_by_whom() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = open(&folder)?;
    let Err(OpenError::InUse { pid, .. }) = open(&folder) else {
        panic!("two stores on one file");
    };
    assert_eq!(pid, Some(std::process::id()));
    drop(store);
    open(&folder)?;
    Ok(())
}

#[test]
fn a_redb_tool_is_kept_out_too() -> TestResult {
    let folder = tempfile::tempdir()?;
    let _store = open(&folder)?;
    let other = Database::open(folder.path().join("store.redb"));
    assert!(matches!(
        other,
        Err(redb::DatabaseError::DatabaseAlreadyOpen)
    ));
    Ok(())
}

#[tokio::test]
async fn another_format_is_refused_and_left_alone() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    open(&folder)?.commit(vec![put("a", "x")]).await?;
    let set = |format: u64| -> TestResult {
        let database = Database::open(&path)?;
        let writing = database.begin_write()?;
        writing.open_table(META)?.insert("format", format)?;
        writing.commit()?;
        Ok(())
    };
    set(FORMAT + 1)?;
    let Err(OpenError::UnknownFormat { found, known, .. }) = open(&folder) else {
        panic!("a format of the future was opened");
    };
    assert_eq!(found, (FORMAT + 1).to_string());
    assert_eq!(known, FORMAT.to_string());
    let database = Database::open(&path)?;
    let format = database.begin_read()?.open_table(META)?.get("format")?;
    assert_eq!(format.map(|format| format.value()), Some(FORMAT + 1));
    drop(database);
    set(FORMAT)?;
    assert_eq!(value(&open(&folder)?, "a").await?, Some(b"x".to_vec()));
    Ok(())
}

#[test]
fn another_redb_format_is_refused_and_left_alone() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    drop(open(&folder)?);
    let mut bytes = fs::read(&path)?;
    for slot in [64, 192] {
        bytes[slot] = 9;
    }
    fs::write(&path, &bytes)?;
    let refused = open(&folder);
    assert!(matches!(refused, Err(OpenError::UnknownFormat { .. })));
    assert!(fs::read(&path)? == bytes, "the file was changed");
    Ok(())
}

#[test]
fn the_redb_file_of_another_program_is_refused_and_left_alone() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let theirs: TableDefinition<&str, &str> = TableDefinition::new("theirs");
    let database = Database::create(&path)?;
    let writing = database.begin_write()?;
    writing.open_table(theirs)?.insert("key", "value")?;
    writing.commit()?;
    drop(database);
    assert!(matches!(open(&folder), Err(OpenError::Corrupt { .. })));
    let database = Database::open(&path)?;
    let reading = database.begin_read()?;
    assert_eq!(reading.list_tables()?.count(), 1);
    Ok(())
}

#[test]
fn a_folder_that_is_not_there_and_a_folder_as_the_file_are_unusable() -> TestResult {
    let folder = tempfile::tempdir()?;
    for path in [folder.path().join("no/store.redb"), folder.path().join("")] {
        let refused = EmbeddedStore::open(&path);
        assert!(matches!(refused, Err(OpenError::Unusable { .. })));
    }
    Ok(())
}
