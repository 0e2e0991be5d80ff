//! Stage files in force: their text in the table, their parsed form in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use greenroom_core::name::{AppId, ConfigHash};
use greenroom_core::stage_file::{Diagnostics, StageFile};

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::store::{Condition, Store, VALUE_MAX, Write};

/// Parsed stage files kept in memory; runs of old ones may still be judged by them.
const CACHED_MAX: usize = 32;
/// Bytes of a stage file's text in one item.
const PART: usize = VALUE_MAX / 2;

/// Parsed stage files by app and hash. What a hash names never changes, so every [`App`] of a
/// process may have the same.
#[derive(Debug, Default)]
pub struct Configs {
    parsed: Mutex<BTreeMap<(AppId, ConfigHash), Arc<StageFile>>>,
}

impl Configs {
    fn get(&self, app: AppId, hash: &ConfigHash) -> Option<Arc<StageFile>> {
        let parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        parsed.get(&(app, hash.clone())).cloned()
    }

    /// What `text` says, parsed unless it was before. Only what holds is remembered.
    pub(crate) fn parse(
        &self,
        app: AppId,
        name: &str,
        text: &[u8],
    ) -> Result<Arc<StageFile>, Diagnostics> {
        if let Some(file) = self.get(app, &StageFile::hash_of(text)) {
            return Ok(file);
        }
        let file = Arc::new(StageFile::parse(name, text)?);
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if parsed.len() >= CACHED_MAX {
            parsed.clear();
        }
        parsed.insert((app, file.hash.clone()), Arc::clone(&file));
        Ok(file)
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
        let parsed = self.configs.parse(app, "greenroom.yaml", &text);
        parsed.map_err(|problems| Error::Invalid {
            why: format!(
                "the stage file {hash} was valid when it was kept and is not now: {problems}"
            ),
            help: "this Greenroom may be older than the one that kept it".to_owned(),
        })
    }
}
