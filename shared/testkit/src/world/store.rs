//! The memory store behind the faults of a world. It remembers the largest commit it was given, and
//! all that was asked of it, so that it can be asked of another one.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use greenroom_app::ports::store::{Condition, Item, Key, Page, Store, StoreError, Write};

use super::faults::{Call, Fault, Faults, Nature, Refusal};
use super::watch::Watch;
use crate::memory_store::MemoryStore;

/// The largest commit and value so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Largest {
    pub writes: usize,
    /// Bytes of one value.
    pub value: usize,
}

/// Something that was asked of the table, and answered.
#[derive(Clone, Debug)]
pub enum Asked {
    Get(Key),
    Query {
        partition: String,
        prefix: String,
        after: Option<String>,
        limit: usize,
    },
    /// A commit that took effect.
    Commit(Arc<Vec<Write>>),
}

/// What was done since the world began, by the names that the store on disk has for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Commits that took effect.
    pub commits: u64,
    /// The same: each is a group of its own here.
    pub groups: u64,
    /// The same: each would be an fsync.
    pub fsyncs: u64,
}

#[derive(Clone, Debug, Default)]
struct State {
    largest: Largest,
    away: bool,
    careless: bool,
    /// Oldest first.
    asked: Vec<Asked>,
    /// How many of them are commits.
    commits: u64,
}

/// A table that outlives the process that uses it.
#[derive(Clone, Debug)]
pub struct WorldStore {
    inner: Arc<MemoryStore>,
    faults: Arc<Faults>,
    watch: Arc<Watch>,
    state: Arc<Mutex<State>>,
}

impl WorldStore {
    pub(super) fn new(faults: Arc<Faults>, watch: Arc<Watch>) -> Self {
        Self {
            // Small pages catch whoever takes the first one for everything.
            inner: Arc::new(MemoryStore::with_page_max(7)),
            faults,
            watch,
            state: Arc::default(),
        }
    }

    /// The same table, which from here on goes its own way.
    pub(super) fn copy(&self, faults: Arc<Faults>, watch: Arc<Watch>) -> Self {
        let mut state = self.state(|state| state.clone());
        state
            .asked
            .retain(|asked| matches!(asked, Asked::Commit(_)));
        let copy = Self {
            state: Arc::new(Mutex::new(state)),
            ..Self::new(faults, watch)
        };
        for writes in copy.made() {
            let made = at_once(copy.inner.commit(writes.to_vec()));
            assert!(made.is_ok(), "what was committed once is committed again");
        }
        copy
    }

    fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The largest commit so far.
    pub fn largest(&self) -> Largest {
        self.state(|state| state.largest)
    }

    /// What was done since the world began; what the test itself does counts as well.
    pub fn counters(&self) -> Counters {
        let commits = self.state(|state| state.commits);
        Counters {
            commits,
            groups: commits,
            fsyncs: commits,
        }
    }

    /// Every commit that was made, oldest first: made again elsewhere, they make the same table.
    pub fn made(&self) -> Vec<Arc<Vec<Write>>> {
        let commit = |asked| match asked {
            Asked::Commit(writes) => Some(writes),
            Asked::Get(_) | Asked::Query { .. } => None,
        };
        self.asked().into_iter().filter_map(commit).collect()
    }

    /// Everything that was asked of it, oldest first; a copy of a world knows only of commits.
    pub fn asked(&self) -> Vec<Asked> {
        self.state(|state| state.asked.clone())
    }

    /// While true, every call says that the store is away.
    pub fn set_away(&self, away: bool) {
        self.state(|state| state.away = away);
    }

    /// While true, no commit looks at its conditions: a broken store, to see that tests notice.
    pub fn ignore_conditions(&self, careless: bool) {
        self.state(|state| state.careless = careless);
    }

    async fn call<T>(
        &self,
        call: Call,
        answer: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let fault = self.before(call).await?;
        let answer = answer.await;
        self.after(fault).await?;
        answer
    }

    async fn before(&self, call: Call) -> Result<Option<Fault>, StoreError> {
        let away = self.state(|state| state.away);
        match self.faults.before(call).await {
            Ok(_) if away => Err(unavailable(false)),
            Ok(fault) => Ok(fault),
            Err(Refusal::Away) => Err(unavailable(false)),
            Err(Refusal::Lost) => Err(unavailable(true)),
            Err(Refusal::Throttled) => Err(StoreError::Throttled {
                retry_after: Duration::from_millis(200),
            }),
        }
    }

    async fn after(&self, fault: Option<Fault>) -> Result<(), StoreError> {
        let after = self.faults.after(fault).await;
        after.map_err(|()| unavailable(true))
    }

    /// Commits for real.
    fn make(&self, mut writes: Vec<Write>) -> Result<(), StoreError> {
        if self.state(|state| state.careless) {
            writes.iter_mut().for_each(forget_condition);
        }
        at_once(self.inner.commit(writes.clone()))?;
        self.watch.committed(&writes);
        self.state(|state| {
            state.commits += 1;
            state.asked.push(Asked::Commit(Arc::new(writes)));
        });
        Ok(())
    }

    /// Somebody else writes the record as it is.
    fn touch(&self, key: &Key) -> Result<(), StoreError> {
        let Some(item) = at_once(self.inner.get(key))? else {
            return Ok(());
        };
        self.make(vec![Write::Put {
            key: item.key,
            value: item.value,
            condition: Condition::Version(item.version),
        }])
    }
}

/// The memory store waits for nothing.
fn at_once<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(unavailable(false)),
    }
}

fn forget_condition(write: &mut Write) {
    match write {
        Write::Put { condition, .. }
        | Write::Delete { condition, .. }
        | Write::Check { condition, .. } => *condition = Condition::Any,
    }
}

fn unavailable(ambiguous: bool) -> StoreError {
    StoreError::Unavailable {
        why: "the disk is gone for a moment".to_owned(),
        ambiguous,
        source: None,
    }
}

fn versioned(writes: &[Write]) -> impl Iterator<Item = &Key> {
    let versioned = |write: &&Write| matches!(write.condition(), Condition::Version(_));
    writes.iter().filter(versioned).map(Write::key)
}

fn commit_call(writes: &[Write]) -> Call {
    let conditions = writes
        .iter()
        .filter(|write| write.condition() != Condition::Any);
    let count = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    Call {
        name: "store.commit",
        nature: Nature::Commit {
            versions: count(versioned(writes).count()),
            conditions: count(conditions.count()),
        },
    }
}

impl Store for WorldStore {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let call = Call {
            name: "store.get",
            nature: Nature::StoreRead,
        };
        self.state(|state| state.asked.push(Asked::Get(key.clone())));
        self.call(call, self.inner.get(key)).await
    }

    async fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let call = Call {
            name: "store.query",
            nature: Nature::StoreRead,
        };
        let asked = Asked::Query {
            partition: partition.to_owned(),
            prefix: prefix.to_owned(),
            after: after.map(str::to_owned),
            limit,
        };
        self.state(|state| state.asked.push(asked));
        self.call(call, self.inner.query(partition, prefix, after, limit))
            .await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.state(|state| {
            let largest = &mut state.largest;
            largest.writes = largest.writes.max(writes.len());
            for write in &writes {
                if let Write::Put { value, .. } = write {
                    largest.value = largest.value.max(value.len());
                }
            }
        });
        let fault = self.before(commit_call(&writes)).await?;
        match fault {
            Some(Fault::Conflict(which)) => {
                let key = versioned(&writes).nth(usize::from(which).saturating_sub(1));
                let key = key.cloned();
                key.map_or(Ok(()), |key| self.touch(&key))?;
            }
            Some(Fault::Echo) => self.make(writes.clone())?,
            _ => {}
        }
        let answer = self.make(writes);
        self.after(fault).await?;
        answer
    }
}
