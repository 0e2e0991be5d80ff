//! A: what comes in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_app::records::{Decision, Delivery, DeliveryStatus};
use greenroom_core::name::ConfigHash;
use greenroom_core::stage_file::StageFile;

use super::{Found, resolution};
use crate::truth::{Change, Happened, Truth};

/// What was decided about each delivery.
#[derive(Debug, Default)]
pub struct Ingest {
    /// Those we answered 2xx, and which are in the table.
    acknowledged: BTreeSet<String>,
    decided: BTreeMap<String, Option<Vec<Decision>>>,
}

impl Ingest {
    pub fn see(
        &mut self,
        truth: &Truth,
        happened: &Happened<'_>,
        files: &BTreeMap<ConfigHash, Arc<StageFile>>,
        found: &mut Found,
    ) {
        match happened {
            Happened::Answered {
                delivery,
                status,
                genuine,
                kept,
            } => {
                let acknowledged = (200..300).contains(status);
                if *genuine && acknowledged {
                    self.acknowledged.insert((*delivery).to_owned());
                }
                if *genuine && acknowledged && !kept {
                    let what = format!("{delivery} is acknowledged and not in the table");
                    found.broken(truth, "A1", what);
                }
                if !genuine && acknowledged {
                    found.broken(
                        truth,
                        "A4",
                        format!("{delivery} is forged and answered {status}"),
                    );
                }
                if !genuine && *kept {
                    found.broken(
                        truth,
                        "A4",
                        format!("{delivery} is forged and in the table"),
                    );
                }
            }
            Happened::Committed { changes } => {
                for change in *changes {
                    if change.key.partition.starts_with("delivery#") {
                        self.changed(truth, change, files, found);
                    }
                }
            }
            _ => {}
        }
    }

    pub fn acknowledged(&self) -> Vec<String> {
        self.acknowledged.iter().cloned().collect()
    }

    fn changed(
        &mut self,
        truth: &Truth,
        change: &Change<'_>,
        files: &BTreeMap<ConfigHash, Arc<StageFile>>,
        found: &mut Found,
    ) {
        let Some(after) = change.after else {
            found.broken(truth, "A1", format!("{} is gone", change.key));
            return;
        };
        let Ok(delivery) = serde_json::from_slice::<Delivery>(after) else {
            found.broken(truth, "A2", format!("{} cannot be read", change.key));
            return;
        };
        let decided = match &delivery.status {
            DeliveryStatus::Received => None,
            DeliveryStatus::Decided { stages, .. } => Some(Some(stages.clone())),
            DeliveryStatus::Ignored { .. } => Some(None),
            DeliveryStatus::Parked { stages, .. } => {
                (!stages.is_empty()).then(|| Some(stages.clone()))
            }
        };
        if let Some(Some(stages)) = &decided {
            resolution::decided(truth, &delivery, stages, files, found);
        }
        let id = delivery.id.to_string();
        match (self.decided.get(&id), &decided) {
            (Some(known), Some(now)) if known != now => {
                found.broken(
                    truth,
                    "A2",
                    format!("{id} is decided twice: {known:?}, {now:?}"),
                );
            }
            (Some(known), None) if known.is_some() => {
                found.broken(truth, "A2", format!("the decision about {id} is forgotten"));
            }
            _ => {}
        }
        if let Some(decided) = decided {
            self.decided.insert(id, decided);
        }
    }
}
