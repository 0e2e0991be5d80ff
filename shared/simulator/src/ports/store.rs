//! The table, with every commit shown to the checks.

use greenroom_app::keys;
use greenroom_app::ports::store::{Item, Key, Page, Store, StoreError, Write};
use greenroom_app::records::StageRecord;
use greenroom_core::name::{StageId, StageName};

use super::{Failure, SimPorts, at_once, seconds};
use crate::fault::Port;
use crate::inner::{Event, Inner, Next};
use crate::model::executor::Execution;
use crate::random::{Random, key, mix};
use crate::setup::Shape;
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
    /// The machine of a function may be taken away for a while after what was asked was done.
    async fn set_aside(&self) {
        let until = {
            let inner = &mut *self.shared.lock();
            let rate = inner.truth.setup.rates.set_aside;
            let task = inner.current.expect("a port is called by a task");
            let known = &inner.tasks[&task];
            let number = mix(known.key ^ mix(known.calls) ^ key("set aside"));
            if inner.truth.setup.shape == Shape::Machine
                || !inner.goes_wrong(number, rate, || "set aside after a commit".to_owned())
            {
                return;
            }
            let mut random = Random::of(inner.truth.setup.seed, mix(number ^ 1));
            let most = *random.pick(&[600, 7200]);
            let wait = seconds(random.between(60, most));
            inner.after(wait, Event::Wake(task));
            inner
                .truth
                .now
                .saturating_add(wait)
                .unwrap_or(inner.truth.now)
        };
        self.pause(until).await;
    }

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
            let limit = limit.min(inner.truth.setup.page);
            at_once(inner.store.query(partition, prefix, after, limit))
        })
        .await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.shared.lock().contends(&writes);
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
        self.set_aside().await;
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
    /// Whoever relies on a stage may have to wait for the table just while an execution gets onto
    /// that stage.
    fn contends(&mut self, writes: &[Write]) {
        let rate = self.truth.setup.rates.contended;
        if rate == 0 || self.calm {
            return;
        }
        let app = self.truth.app;
        let relied_on = |execution: &Execution| {
            let stage = execution.stage().map(StageName::new);
            stage.is_some_and(|stage| {
                let key = keys::stage(&StageId { app, stage });
                let checked =
                    |write: &Write| matches!(write, Write::Check { key: is, .. } if *is == key);
                writes.iter().any(checked)
            })
        };
        if !writes
            .iter()
            .any(|write| matches!(write, Write::Check { .. }))
        {
            return;
        }
        let executor = &self.truth.executor;
        let mut all = executor.all().iter().enumerate().rev();
        let waits = all.find(|(index, execution)| executor.waits(*index) && relied_on(execution));
        let Some((index, _)) = waits else { return };
        let next = match executor.is_asking(index) {
            true => Next::Ask(1),
            false => Next::Enter,
        };
        let name = self.truth.executor.get(index).id.to_string();
        let number = self.occurrence(mix(key(&name) ^ 10));
        if self.goes_wrong(number, rate, || {
            format!("the table is slow just while {name} asks")
        }) {
            let mut random = Random::of(self.truth.setup.seed, mix(number ^ 1));
            self.after(seconds(random.between(0, 2)), Event::Execution(index, next));
            self.hold = Some(seconds(random.between(5, 40)));
        }
    }

    /// Commits, and shows it to the checks.
    pub fn commit(&mut self, writes: Vec<Write>) -> Result<(), StoreError> {
        let before = self.store.exchange(&writes)?;
        self.next_due = None;
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
        if !is_stage {
            return;
        }
        let Some(after) = change.after else {
            self.stages.remove(key);
            return;
        };
        let before = self.stages.remove(key);
        match serde_json::from_slice::<StageRecord>(after) {
            Ok(after) => {
                self.happened(&Happened::Stage {
                    before: before.as_ref(),
                    after: &after,
                });
                self.stages.insert(key.clone(), after);
            }
            Err(_) => {
                let what = format!("{key} is not a stage");
                self.found.broken(&self.truth, "G6", what);
            }
        }
    }
}
