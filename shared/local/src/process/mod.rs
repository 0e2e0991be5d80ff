//! Processes we start and must be able to end, whatever they start themselves.
//!
//! A pid alone names nothing: it is reused. A process is known by the boot it lives in, its
//! pid and the moment it started, as `/proc` tells them. Where there is no `/proc` no process
//! is ever recognised: nothing is then killed after a restart, and nothing is taken for alive.

mod group;

use serde::{Deserialize, Serialize};

pub use group::{Group, members};

/// A process that cannot be mistaken for another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// The kernel's random id of this boot.
    pub boot: String,
    pub pid: i32,
    /// Clock ticks between boot and the start of the process.
    pub started: u64,
}

impl ProcessIdentity {
    /// The living process that has this pid now; `None` when there is none (a zombie counts as
    /// none) or when the system does not tell.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = Stat::of(pid)?;
        if !stat.lives() {
            return None;
        }
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(Self {
            boot: boot.trim().to_owned(),
            pid,
            started: stat.started,
        })
    }

    /// This process.
    pub fn of_self() -> Self {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        Self::of(pid).unwrap_or(Self {
            boot: String::new(),
            pid,
            started: 0,
        })
    }

    /// True while exactly this process lives.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now == *self)
    }
}

/// The fields of `/proc/<pid>/stat` we use.
#[derive(Clone, Copy, Debug)]
struct Stat {
    state: char,
    group: i32,
    started: u64,
}

impl Stat {
    fn of(pid: i32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field is the program's name in parentheses and may hold anything, closing
    /// parentheses too: fields are counted from the last one.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.get(text.rfind(')')? + 1..)?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(Self {
            state: fields.first()?.chars().next()?,
            group: fields.get(2)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    fn lives(self) -> bool {
        !matches!(self.state, 'Z' | 'X' | 'x')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_parentheses_does_not_shift_the_fields() {
        let text = "42 (a) b (c)) S 1 77 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 1";
        let stat = Stat::parse(text).expect("it is a stat line");
        assert_eq!((stat.state, stat.group, stat.started), ('S', 77, 987_654));
    }

    #[test]
    fn a_reused_pid_is_not_the_same_process() {
        let me = ProcessIdentity::of_self();
        assert!(me.is_alive());
        let before = ProcessIdentity {
            started: me.started.wrapping_add(1),
            ..me.clone()
        };
        assert!(!before.is_alive());
        let other_boot = ProcessIdentity {
            boot: "another".to_owned(),
            ..me
        };
        assert!(!other_boot.is_alive());
    }
}
