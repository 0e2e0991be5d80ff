//! The kinds of calls, and which faults are honest for each.

use std::fmt;
use std::str::FromStr;

/// What happens to one call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// It says that it is away, and did nothing. A suite says that it cannot tell.
    FailBefore,
    /// It did what was asked and says that nobody knows.
    FailAfter,
    /// It did nothing and says that nobody knows.
    Lost,
    /// It asks to wait, and did nothing.
    Throttled,
    /// Just before, somebody else wrote the commit's record of this number among those whose
    /// version it names, the first being 1, and left it as it was but for the version.
    Conflict(u8),
    /// The first answer is lost below the port, which asks again and finds its own work in its way.
    Echo,
    /// The process dies at this call, which did nothing.
    DieBefore,
    /// The process dies although the call did what was asked.
    DieAfter,
    /// The process freezes before the call is under way, and goes on when the world, in which
    /// another has taken its place, comes to rest.
    StallBefore,
    /// The same, after the call did what was asked; for a read: with what it has read.
    StallAfter,
    /// The process freezes before the call is under way, and goes on when all is over.
    ZombieBefore,
    /// The same, after the call did what was asked.
    ZombieAfter,
}

/// What a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nature {
    /// Reads from the store.
    StoreRead,
    /// Reads elsewhere.
    Read,
    /// Commits: how many of its writes name a version, and how many any condition.
    Commit { versions: u8, conditions: u8 },
    /// Starts or stops something.
    Act,
    /// Runs a suite, which has no way to fail but its report.
    Suite,
    /// Sends a message.
    Send,
}

/// One call of a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// `store.commit`
    pub name: &'static str,
    pub nature: Nature,
}

impl Nature {
    /// Every fault that can honestly happen to such a call.
    ///
    /// A read that took effect is a read that did not, so that it has no "after" but the one
    /// where it goes on late with what it has read.
    pub fn faults(self) -> Vec<Fault> {
        use Fault::{
            DieAfter, DieBefore, Echo, FailAfter, FailBefore, Lost, StallAfter, StallBefore,
            Throttled, ZombieAfter, ZombieBefore,
        };
        let read = [FailBefore, DieBefore, StallAfter, ZombieAfter];
        let act = [
            FailBefore,
            DieBefore,
            DieAfter,
            StallBefore,
            StallAfter,
            ZombieBefore,
            ZombieAfter,
        ];
        let more = match self {
            Self::Read | Self::Suite => vec![],
            Self::StoreRead => vec![Throttled],
            Self::Act => vec![FailAfter],
            Self::Send | Self::Commit { .. } => vec![FailAfter, Lost, Throttled],
        };
        let base = match self {
            Self::Read | Self::StoreRead => &read[..],
            _ => &act[..],
        };
        let mut all = [base, &more].concat();
        if let Self::Commit {
            versions,
            conditions,
        } = self
        {
            all.extend((1..=versions).map(Fault::Conflict));
            all.extend((conditions > 0).then_some(Echo));
        }
        all
    }

    /// Whether this can happen to such a call. Older tests fail any call after its effect.
    pub(super) fn may_meet(self, fault: Fault) -> bool {
        matches!(fault, Fault::DieAfter | Fault::FailAfter) || self.faults().contains(&fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(which) => write!(f, "Conflict{which}"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl FromStr for Fault {
    /// A sentence for whoever typed it.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(which) = text.strip_prefix("Conflict") {
            let which = which.parse();
            return which.map(Self::Conflict).map_err(|_| unknown(text));
        }
        let plain = [
            Self::FailBefore,
            Self::FailAfter,
            Self::Lost,
            Self::Throttled,
            Self::Echo,
            Self::DieBefore,
            Self::DieAfter,
            Self::StallBefore,
            Self::StallAfter,
            Self::ZombieBefore,
            Self::ZombieAfter,
        ];
        plain
            .into_iter()
            .find(|fault| fault.to_string() == text)
            .ok_or_else(|| unknown(text))
    }
}

fn unknown(text: &str) -> String {
    format!("there is no fault called {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        let commit = Nature::Commit {
            versions: 2,
            conditions: 2,
        };
        for fault in commit.faults() {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        assert!("Conflictx".parse::<Fault>().is_err());
    }
}
