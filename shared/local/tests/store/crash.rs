//! A process is killed while it commits. Nothing it was told is done may be missing.
//!
//! The test starts itself again as the process to be killed, so it needs no second program.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use greenroom_app::ports::store::{Condition, Key, Store, Write};
use greenroom_local::store::{EmbeddedStore, OpenError};
use tokio::task::JoinSet;

use super::{TestResult, everything, key, put, put_if};

/// Set for the process to be killed: where its store is, and which life of it this is.
const STORE: &str = "GREENROOM_STORE_TO_HAMMER";
const LIFE: &str = "GREENROOM_STORE_LIFE";
const TASKS: usize = 6;
/// Items of a commit of several, besides the counter of its task.
const PARTS: usize = 5;

#[tokio::test]
async fn nothing_acknowledged_is_missing_after_a_kill() -> TestResult {
    if let Some(path) = std::env::var_os(STORE) {
        return hammer(Path::new(&path), &std::env::var(LIFE)?).await;
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let mut acknowledged = BTreeSet::new();
    // Each life goes on with the file the one before left, killed early and late in its work.
    for (life, kill_after) in [0, 1, 2, 3, 10, 31, 100, 200, 400, 800].iter().enumerate() {
        let mut child = start(&path, life)?;
        let Some(output) = child.stdout.take() else {
            panic!("the output of the child is not ours to read");
        };
        let mut output = BufReader::new(output);
        let mut told = read(&mut output, Some(*kill_after))?;
        if *kill_after > 0 {
            let Err(OpenError::InUse { pid, .. }) = EmbeddedStore::open(&path) else {
                panic!("the store of a running process was opened");
            };
            assert_eq!(pid, Some(child.id()));
        }
        child.kill()?;
        // What was printed before the kill was acknowledged, read or not.
        told.extend(read(&mut output, None)?);
        child.wait()?;
        assert!(told.len() >= *kill_after, "life {life} ended by itself");
        acknowledged.extend(told);
        verify(&path, &acknowledged).await?;
    }
    assert!(acknowledged.len() > 1_500);
    Ok(())
}

fn start(path: &Path, life: usize) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["--exact", "--nocapture"])
        .arg("crash::nothing_acknowledged_is_missing_after_a_kill")
        .env(STORE, path)
        .env(LIFE, life.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
}

/// The next `count` acknowledgements, or all until the child is gone. A last line cut short was
/// being printed, so it was acknowledged, but we cannot know which it is.
fn read(output: &mut BufReader<ChildStdout>, count: Option<usize>) -> std::io::Result<Vec<String>> {
    let mut told = Vec::new();
    let mut line = String::new();
    while count.is_none_or(|count| told.len() < count) {
        line.clear();
        if output.read_line(&mut line)? == 0 {
            break;
        }
        // The test harness prints lines of its own, some without an end.
        if let Some((_, commit)) = line.split_once("ack ")
            && let Some(commit) = commit.strip_suffix('\n')
        {
            told.push(commit.to_owned());
        }
    }
    Ok(told)
}

/// Commits until killed: half of the tasks one item at a time, half several and a counter.
async fn hammer(path: &Path, life: &str) -> TestResult {
    let store = Arc::new(EmbeddedStore::open(path)?);
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&store);
        let name = format!("{life}.{task}");
        tasks.spawn(async move {
            for n in 0_u64.. {
                let commit = format!("{name}.{n:06}");
                let writes = if task % 2 == 0 {
                    vec![put_if(&commit, commit.clone(), Condition::Absent)]
                } else {
                    several(&name, &commit, n)
                };
                if let Err(error) = store.commit(writes).await {
                    panic!("the hammer cannot commit: {error:?}");
                }
                let line = format!("ack {commit}\n");
                if std::io::stdout().write_all(line.as_bytes()).is_err() {
                    return;
                }
            }
        });
    }
    tasks.join_all().await;
    Ok(())
}

fn several(task: &str, commit: &str, n: u64) -> Vec<Write> {
    let mut writes: Vec<Write> = (0..PARTS)
        .map(|part| put(&format!("{commit}/{part}"), commit.repeat(part * 100)))
        .collect();
    writes.push(Write::Put {
        key: Key::new("counter", task),
        value: Vec::new(),
        condition: match n {
            0 => Condition::Absent,
            n => Condition::Version(n),
        },
    });
    writes
}

async fn verify(path: &Path, acknowledged: &BTreeSet<String>) -> TestResult {
    let store = EmbeddedStore::open(path)?;
    let mut parts: BTreeMap<String, usize> = BTreeMap::new();
    let mut commits: BTreeMap<String, u64> = BTreeMap::new();
    for item in everything(&store).await? {
        match item.key.sort.split_once('/') {
            Some((commit, _)) => *parts.entry(commit.to_owned()).or_default() += 1,
            None => assert_eq!(item.value, item.key.sort.as_bytes()),
        }
    }
    for (commit, count) in &parts {
        assert_eq!(*count, PARTS, "{commit} is there in part");
        if let Some((task, _)) = commit.rsplit_once('.') {
            *commits.entry(task.to_owned()).or_default() += 1;
        }
    }
    for (task, count) in commits {
        let counter = store.get(&Key::new("counter", task)).await?;
        assert_eq!(counter.map(|item| item.version), Some(count));
    }
    for commit in acknowledged {
        let there = parts.contains_key(commit) || store.get(&key(commit)).await?.is_some();
        assert!(there, "{commit} was acknowledged and is missing");
    }
    Ok(())
}
