//! The power fails during an fsync: what it was to make durable is lost, or there in part, sector
//! by sector. A killed process does not show this, since the kernel still has its writes.

use std::sync::Arc;

use greenroom_app::ports::store::{Store, Write};

use super::disk::Disk;
use super::{TestResult, everything, put};

const WRITES: usize = 4;

/// Commit `n`: several items at once, small and large, and one that every commit overwrites.
fn commit(n: usize) -> Vec<Write> {
    let mut writes: Vec<Write> = (1..WRITES)
        .map(|part| put(&format!("{n:03}/{part}"), vec![n as u8; 10 + n * part * 53]))
        .collect();
    writes.push(put("shared", n.to_string()));
    writes
}

/// How many commits a disk holds; panics if one of them is there in part.
async fn commits_on(disk: &Disk) -> Result<usize, Box<dyn std::error::Error>> {
    let store = disk.open()?;
    let mut items = everything(&store).await?;
    let shared = items.pop_if(|item| item.key.sort == "shared");
    let Some(shared) = shared else {
        assert!(items.is_empty(), "a first commit is there in part");
        return Ok(0);
    };
    let count = shared.version as usize;
    assert_eq!(shared.value, (count - 1).to_string().into_bytes());
    let mut expected = Vec::new();
    for n in 0..count {
        expected.extend(commit(n).into_iter().filter_map(|write| match write {
            Write::Put { key, value, .. } if key.sort != "shared" => Some((key, value)),
            _ => None,
        }));
    }
    let found: Vec<_> = items
        .into_iter()
        .map(|item| (item.key, item.value))
        .collect();
    assert!(found == expected, "of {count} commits not all is there");
    // Writing on what was recovered must work too.
    store.commit(vec![put("shared", "after")]).await?;
    Ok(count)
}

#[tokio::test]
async fn every_acknowledged_commit_survives_and_none_is_there_in_part() -> TestResult {
    let disk = Disk::new();
    let store = Arc::new(disk.open()?);
    let mut seed = 17_u64;
    let (mut lost, mut kept) = (0, 0);
    for n in 0..40 {
        disk.hold_syncs();
        let committing = {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.commit(commit(n)).await })
        };
        tokio::task::yield_now().await;
        disk.wait_for_sync();
        for chance in [0, 1, 4, 7, 8] {
            let after = disk.after_power_cut(|| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 33) % 8 < chance
            });
            match commits_on(&after).await? - n {
                0 => lost += 1,
                1 => kept += 1,
                other => panic!("{other} commits out of nowhere"),
            }
        }
        disk.release_syncs();
        committing.await??;
    }
    assert!(lost > 0 && kept > 0, "{lost} were lost and {kept} kept");
    Ok(())
}
