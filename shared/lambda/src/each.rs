//! Many pieces of work in one invocation. One that fails, hangs or panics keeps no other waiting.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt, stream};
use greenroom_app::Error;
use greenroom_app::door::chain;

use crate::Until;

/// Pieces of work under way at once: enough to hide the waiting for answers.
pub const AT_ONCE: usize = 8;

/// What came of a piece of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    Done,
    /// It may succeed when it is brought again soon.
    Again,
    /// Bringing it again would change nothing; its due marker stays until somebody looks.
    Left,
}

/// Does all of `items`, each by `act`; the answers come in no order.
pub async fn each<I, F>(
    items: impl IntoIterator<Item = I>,
    until: Until,
    act: impl Fn(&I) -> (String, F),
) -> Vec<(I, Ended)>
where
    F: Future<Output = Result<(), Error>>,
{
    let one = |item: I| {
        let (name, work) = act(&item);
        // Work is large, and would be moved about on the stack.
        let work = Box::pin(work);
        async move { (item, settle(&name, until, work).await) }
    };
    stream::iter(items)
        .map(one)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// Waits for `work` and says in the log what became of it.
pub async fn settle(
    name: &str,
    until: Until,
    work: impl Future<Output = Result<(), Error>>,
) -> Ended {
    match until.allows(AssertUnwindSafe(work).catch_unwind()).await {
        Some(Ok(Ok(()))) => Ended::Done,
        Some(Ok(Err(error))) => {
            tracing::error!(work = name, error = %chain(&error), "it did not succeed");
            if error.is_retryable() {
                Ended::Again
            } else {
                Ended::Left
            }
        }
        Some(Err(_panic)) => {
            tracing::error!(work = name, "it panicked: this is a bug of Greenroom");
            Ended::Left
        }
        None => {
            tracing::warn!(work = name, "there was not enough time for it");
            Ended::Again
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Until {
        Until::within(Duration::from_secs(5))
    }

    #[tokio::test]
    async fn one_that_panics_or_hangs_keeps_no_other_waiting() {
        let soon = Until::within(Duration::from_secs(1));
        let ended = each(0..20, soon, |n| {
            let n = *n;
            let work = async move {
                match n {
                    18 => panic!("a bug"),
                    19 => std::future::pending().await,
                    _ => Ok(()),
                }
            };
            (n.to_string(), work)
        })
        .await;
        let of = |which: Ended| ended.iter().filter(|(_, ended)| *ended == which).count();
        assert_eq!(
            (of(Ended::Done), of(Ended::Again), of(Ended::Left)),
            (18, 1, 1)
        );
    }

    #[tokio::test]
    async fn nothing_is_begun_when_the_time_is_over() {
        let begun = std::cell::Cell::new(false);
        let work = async {
            begun.set(true);
            Ok(())
        };
        assert_eq!(
            settle("late", Until::within(Duration::ZERO), work).await,
            Ended::Again
        );
        assert!(!begun.get());
    }

    #[tokio::test]
    async fn what_repeating_does_not_mend_is_left() {
        let invalid = Error::Invalid {
            why: "it is not right".to_owned(),
            help: String::new(),
        };
        assert_eq!(
            settle("bad", soon(), async { Err(invalid) }).await,
            Ended::Left
        );
        let away = Error::Unavailable {
            what: "it".to_owned(),
            why: "away".to_owned(),
        };
        assert_eq!(
            settle("away", soon(), async { Err(away) }).await,
            Ended::Again
        );
    }
}
