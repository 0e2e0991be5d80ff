//! How long a group waits for company.
//!
//! Clients wait for their answer before they send again, so commits come in waves: a group of 64
//! is answered, and its clients return one after the other. Taking the first that is back would
//! give it an fsync of its own. So we wait for as many as a group had lately, and stop as soon as
//! they are there, or none came for a moment, or a short window is over. While we wait, the
//! processor works for the callers that are on their way, so with many of them it costs little.
//!
//! A caller alone had groups of one lately, and after a pause nobody is expected: neither waits.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

/// The most commits in one transaction.
pub(super) const GROUP_MAX: usize = 512;
/// The longest a group waits in all.
const WINDOW: Duration = Duration::from_millis(4);
/// A wave is over when nothing came for this long for each caller expected: the more we expect,
/// the more an fsync of their own would cost, and the longer is the way back on a busy machine.
const QUIET_EACH: Duration = Duration::from_micros(30);
/// ... but never longer than this.
const QUIET_MAX: Duration = Duration::from_millis(1);
/// How many groups we remember: enough that a few small ones do not hide how many callers there
/// are, few enough that one caller left over from many soon stops waiting for the others.
const REMEMBERED: usize = 8;
/// After a pause of this length we expect nobody.
const PAUSE: Duration = Duration::from_millis(20);

/// The sizes of the groups before.
#[derive(Debug, Default)]
pub(super) struct Gather {
    sizes: VecDeque<usize>,
}

impl Gather {
    /// How many callers there seem to be.
    fn expected(&self) -> usize {
        self.sizes.iter().copied().max().unwrap_or(1)
    }

    /// The group that starts with `first`, which came after a wait of `idle`: what is queued, and
    /// who is expected back.
    pub(super) fn group<T>(&mut self, first: T, idle: Duration, queue: &Receiver<T>) -> Vec<T> {
        if idle >= PAUSE {
            self.sizes.clear();
        }
        let expected = self.expected();
        let callers = u32::try_from(expected).unwrap_or(u32::MAX);
        let quiet = QUIET_EACH.saturating_mul(callers).min(QUIET_MAX);
        let mut group = Vec::with_capacity(expected);
        group.push(first);
        let mut began = None;
        while group.len() < GROUP_MAX {
            match queue.try_recv() {
                Ok(next) => {
                    group.push(next);
                    continue;
                }
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) if group.len() >= expected => break,
                Err(TryRecvError::Empty) => {}
            }
            let waited = began.get_or_insert_with(Instant::now).elapsed();
            let Some(left) = WINDOW.checked_sub(waited) else {
                break;
            };
            match queue.recv_timeout(left.min(quiet)) {
                Ok(next) => group.push(next),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        if self.sizes.len() == REMEMBERED {
            self.sizes.pop_front();
        }
        self.sizes.push_back(group.len());
        group
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{SendError, channel};

    use super::*;

    const BUSY: Duration = Duration::ZERO;

    #[test]
    fn a_caller_alone_waits_for_nothing() {
        let (_sender, queue) = channel();
        let mut gather = Gather::default();
        for _ in 0..3 {
            assert_eq!(gather.expected(), 1, "nobody else is expected");
            assert_eq!(gather.group(1, BUSY, &queue), [1]);
        }
    }

    #[test]
    fn everything_queued_is_one_group() -> Result<(), SendError<usize>> {
        let (sender, queue) = channel();
        for n in 1..100 {
            sender.send(n)?;
        }
        assert_eq!(Gather::default().group(0, BUSY, &queue).len(), 100);
        Ok(())
    }

    #[test]
    fn a_group_is_never_larger_than_the_most() -> Result<(), SendError<usize>> {
        let (sender, queue) = channel();
        for n in 0..GROUP_MAX * 2 {
            sender.send(n)?;
        }
        assert_eq!(Gather::default().group(0, BUSY, &queue).len(), GROUP_MAX);
        Ok(())
    }

    #[test]
    fn a_wave_is_expected_again_until_enough_stragglers_came() {
        let mut gather = Gather {
            sizes: VecDeque::from([64]),
        };
        let (_sender, queue) = channel();
        for _ in 0..REMEMBERED {
            assert_eq!(gather.expected(), 64);
            assert_eq!(gather.group(1, BUSY, &queue), [1]);
        }
        assert_eq!(gather.expected(), 1);
    }

    #[test]
    fn nobody_is_expected_after_a_pause() {
        let mut gather = Gather {
            sizes: VecDeque::from([64]),
        };
        let (_sender, queue) = channel();
        assert_eq!(gather.group(1, PAUSE, &queue), [1]);
        assert_eq!(gather.expected(), 1);
    }
}
