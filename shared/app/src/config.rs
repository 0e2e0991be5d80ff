//! Stage files in force: their text in the table, their parsed form in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use greenroom_core::name::{AppId, ConfigHash};
use greenroom_core::stage_file::StageFile;

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::store::{Condition, Store, VALUE_MAX, Write};

/// Parsed stage files kept in memory; runs of old ones may still be judged by them.
const CACHED_MAX: usize = 32;
/// Bytes of a stage file's text in one item.
const PART: usize = VALUE_MAX / 2;

/// Parsed stage files by app and hash.
#[derive(Debug, Default)]
pub struct Configs {
    parsed: Mutex<BTreeMap<(AppId, ConfigHash), Arc<StageFile>>>,
}

impl Configs {
    fn get(&self, app: AppId, hash: &ConfigHash) -> Option<Arc<StageFile>> {
        let parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        parsed.get(&(app, hash.clone())).cloned()
    }

    fn put(&self, app: AppId, file: &Arc<StageFile>) {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if parsed.len() >= CACHED_MAX {
            parsed.clear();
        }
        parsed.insert((app, file.hash.clone()), Arc::clone(file));
    }
}

/// The writes that keep a stage file's text. Its key names its content, so a second put of the
/// same changes nothing.
pub fn keep(app: AppId, hash: &ConfigHash, text: &[u8]) -> Vec<Write> {
    let parts = text.chunks(PART).enumerate();
    parts
        .map(|(n, part)| Write::Put {
            key: keys::config(app, hash, n),
            value: part.to_vec(),
            condition: Condition::Any,
        })
        .collect()
}

impl<P: Ports> App<P> {
    /// The stage file of this hash.
    pub async fn stage_file(&self, app: AppId, hash: &ConfigHash) -> Result<Arc<StageFile>, Error> {
        if let Some(file) = self.configs.get(app, hash) {
            return Ok(file);
        }
        let mut text = Vec::new();
        for n in 0.. {
            let Some(item) = self.ports.store().get(&keys::config(app, hash, n)).await? else {
                break;
            };
            let last = item.value.len() < PART;
            text.extend(item.value);
            if last {
                break;
            }
        }
        if text.is_empty() {
            return Err(Error::NotFound {
                what: format!("stage file {hash}"),
                help: "greenroom doctor".to_owned(),
            });
        }
        let file =
            StageFile::parse("greenroom.yaml", &text).map_err(|problems| Error::Invalid {
                why: format!(
                    "the stage file {hash} was valid when it was kept and is not now: {problems}"
                ),
                help: "this Greenroom may be older than the one that kept it".to_owned(),
            })?;
        let file = Arc::new(file);
        self.configs.put(app, &file);
        Ok(file)
    }
}
