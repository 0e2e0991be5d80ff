//! The table, with every commit shown to the checks.

use greenroom_app::ports::store::{Item, Key, Page, Store, StoreError, Write};
use greenroom_app::records::StageRecord;

use super::{Failure, SimPorts, at_once};
use crate::fault::Port;
use crate::inner::Inner;
use crate::truth::{Change, Happened};

fn failed(failure: Failure) -> StoreError {
    match failure {
        Failure::Throttled => StoreError::Throttled {
            retry_after: std::time::Duration::from_secs(1),
        },
        Failure::Away | Failure::Ambiguous => StoreError::Unavailable {
            why: "the table is out of reach".to_owned(),
            ambiguous: failure == Failure::Ambiguous,
            source: None,
        },
    }
}

impl SimPorts {
    async fn read<T>(
        &self,
        op: &'static str,
        read: impl FnOnce(&Inner) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let fault = self.enter(Port::Store, op).await.map_err(failed)?;
        let answer = read(&self.shared.lock());
        // Nothing is ambiguous about a read that brings no answer.
        let lost = |_| failed(Failure::Away);
        self.leave(fault).await.map_err(lost)?;
        answer
    }
}

impl Store for SimPorts {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.read("get", |inner| at_once(inner.store.get(key)))
            .await
    }

    async fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.read("query", |inner| {
            at_once(inner.store.query(partition, prefix, after, limit))
        })
        .await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let fault = self.enter(Port::Store, "commit").await.map_err(failed)?;
        let answer = {
            let mut inner = self.shared.lock();
            let next = inner.truth.upgraded.contains(&self.process);
            let writes = if next {
                of_the_next_version(writes)
            } else {
                writes
            };
            inner.commit(writes)
        };
        self.leave(fault).await.map_err(failed)?;
        answer
    }
}

/// The same records as the next version writes them: with a field that this one does not know.
fn of_the_next_version(mut writes: Vec<Write>) -> Vec<Write> {
    for write in &mut writes {
        let Write::Put { value, .. } = write else {
            continue;
        };
        let record = value
            .starts_with(b"{")
            .then(|| serde_json::from_slice(value).ok());
        if let Some(Some(serde_json::Value::Object(mut fields))) = record {
            fields.insert(
                "since_next".to_owned(),
                serde_json::json!({ "of": [1, "x"] }),
            );
            if let Ok(text) = serde_json::to_vec(&fields) {
                *value = text;
            }
        }
    }
    writes
}

impl Inner {
    /// Commits, and shows it to the checks.
    pub fn commit(&mut self, writes: Vec<Write>) -> Result<(), StoreError> {
        let before: Vec<Option<Vec<u8>>> = writes
            .iter()
            .map(|write| at_once(self.store.get(write.key())).map(|item| item.map(|i| i.value)))
            .collect::<Result<_, _>>()?;
        at_once(self.store.commit(writes.clone()))?;
        let task = self.current.and_then(|task| self.tasks.get(&task));
        let glance = task.and_then(|task| task.glance);
        let checked = writes.iter().filter_map(|write| match write {
            Write::Check { key, .. } => Some(key),
            _ => None,
        });
        let relies_on: Vec<&Key> = checked.collect();
        self.happened(&Happened::Commits {
            glance,
            relies_on: &relies_on,
        });
        let changed = writes.iter().zip(before);
        let changes: Vec<Change<'_>> = changed
            .filter_map(|(write, before)| match write {
                Write::Put { key, value, .. } => Some(Change {
                    key,
                    condition: write.condition(),
                    before,
                    after: Some(value),
                }),
                Write::Delete { key, .. } => Some(Change {
                    key,
                    condition: write.condition(),
                    before,
                    after: None,
                }),
                Write::Check { .. } => None,
            })
            .collect();
        self.happened(&Happened::Committed { changes: &changes });
        for change in &changes {
            self.stage_changed(change);
        }
        Ok(())
    }

    fn stage_changed(&mut self, change: &Change<'_>) {
        let key = change.key;
        let is_stage = key.sort == "state" && key.partition.starts_with("app#");
        let Some(after) = change.after.filter(|_| is_stage) else {
            return;
        };
        let read = |bytes: &[u8]| serde_json::from_slice::<StageRecord>(bytes).ok();
        let before = change.before.as_deref().and_then(read);
        match read(after) {
            Some(after) => self.happened(&Happened::Stage {
                before: before.as_ref(),
                after: &after,
            }),
            None => {
                let what = format!("{key} is not a stage");
                self.found.broken(&self.truth, "G6", what);
            }
        }
    }
}
