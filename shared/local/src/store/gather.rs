//! How long a group waits for company.
//!
//! Clients wait for their answer before they send again, so commits come in waves: a group of 64
//! is answered, and its clients return one after the other. Taking the first that is back would
//! give it an fsync of its own. So we wait for as many as the groups before had, and stop as soon
//! as they are there, or none came for a moment, or a short window is over. A caller alone has had
//! groups of one before it, and waits for nothing.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

/// The most commits in one transaction.
pub(super) const GROUP_MAX: usize = 512;
/// A wave is over when nothing came for this long: a few times what a woken client on a busy
/// machine takes to send again.
const QUIET: Duration = Duration::from_micros(250);
/// The longest a group waits in all.
const WINDOW: Duration = Duration::from_millis(2);

/// Sizes of the two groups before; their larger one is how many callers there seem to be. Two,
/// because a straggler's group of one must not make us forget the wave it belongs to.
#[derive(Debug, Default)]
pub(super) struct Gather {
    last: usize,
    before: usize,
}

impl Gather {
    fn expected(&self) -> usize {
        self.last.max(self.before).min(GROUP_MAX)
    }

    /// The group that starts with `first`: what is queued, and who is expected back.
    pub(super) fn group<T>(&mut self, first: T, queue: &Receiver<T>) -> Vec<T> {
        let expected = self.expected();
        let mut group = Vec::with_capacity(expected.max(1));
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
            match queue.recv_timeout(left.min(QUIET)) {
                Ok(next) => group.push(next),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        self.before = self.last;
        self.last = group.len();
        group
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_caller_alone_waits_for_nothing() {
        let (_sender, queue) = channel();
        let mut gather = Gather::default();
        for _ in 0..3 {
            assert_eq!(gather.group(1, &queue), [1]);
            assert!(gather.expected() <= 1, "nobody else is expected");
        }
    }

    #[test]
    fn everything_queued_is_one_group() -> Result<(), std::sync::mpsc::SendError<usize>> {
        let (sender, queue) = channel();
        for n in 1..100 {
            sender.send(n)?;
        }
        assert_eq!(Gather::default().group(0, &queue).len(), 100);
        Ok(())
    }

    #[test]
    fn a_group_is_never_larger_than_the_most() -> Result<(), std::sync::mpsc::SendError<usize>> {
        let (sender, queue) = channel();
        for n in 0..GROUP_MAX * 2 {
            sender.send(n)?;
        }
        assert_eq!(Gather::default().group(0, &queue).len(), GROUP_MAX);
        Ok(())
    }

    #[test]
    fn a_wave_is_expected_again_after_one_straggler() {
        let mut gather = Gather {
            last: 64,
            before: 3,
        };
        let (_sender, queue) = channel();
        assert_eq!(gather.group(1, &queue), [1]);
        assert_eq!(gather.expected(), 64);
        assert_eq!(gather.group(1, &queue), [1]);
        assert_eq!(gather.expected(), 1);
    }
}
