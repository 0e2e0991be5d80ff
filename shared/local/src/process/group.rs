//! A process group: what a step or a `git` started, with everything those started in turn.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::time::{Instant, sleep};

use super::Stat;

/// How often a dying group is looked at. Short enough that a stop feels immediate, long enough
/// that a walk through `/proc` costs nothing.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A process group that dies with this value unless it is [left alone](Group::leave).
#[derive(Debug)]
pub struct Group {
    leader: Option<Pid>,
}

impl Group {
    /// The group whose leader has this pid.
    pub fn new(leader: i32) -> Self {
        Self {
            leader: Pid::from_raw(leader),
        }
    }

    /// Asks every process of the group to end, waits for at most `grace`, then kills the rest.
    /// The leader must be reaped by somebody meanwhile, or be gone.
    pub async fn end(mut self, grace: Duration) {
        let Some(leader) = self.leader.take() else {
            return;
        };
        // An error means that nobody is left.
        let _ = kill_process_group(leader, Signal::TERM);
        if !gone_within(leader, grace).await {
            let _ = kill_process_group(leader, Signal::KILL);
            // A process in uninterruptible sleep dies later; there is nothing more to do to it.
            gone_within(leader, Duration::from_secs(2)).await;
        }
    }

    /// Nothing happens to the group any more.
    pub fn leave(mut self) {
        self.leader = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

async fn gone_within(leader: Pid, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        // A dead process nobody has reaped still counts for the kernel, hence the second look.
        if test_kill_process_group(leader).is_err()
            || members(leader.as_raw_nonzero().get()).is_some_and(|left| left.is_empty())
        {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Pids of the living processes of a group; `None` where there is no `/proc`.
pub fn members(group: i32) -> Option<Vec<i32>> {
    let entries = std::fs::read_dir("/proc").ok()?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let of_group =
        pids.filter(|pid| Stat::of(*pid).is_some_and(|stat| stat.group == group && stat.lives()));
    Some(of_group.collect())
}
