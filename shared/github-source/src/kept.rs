//! What never changes, kept while there is room: commits, trees and blobs by their hashes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use greenroom_app::ports::source::Commit;

use crate::wire::Entry;

/// Bytes of all that is kept, about.
const ROOM: usize = 16 * 1024 * 1024;

/// A thing that its name determines.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Commit(Arc<Commit>),
    Tree(Arc<Tree>),
    Blob(Arc<[u8]>),
}

/// A listing of files and folders.
#[derive(Debug)]
pub(crate) struct Tree {
    pub entries: Vec<Entry>,
    /// GitHub would not list it all.
    pub truncated: bool,
}

impl Object {
    fn size(&self) -> usize {
        match self {
            Self::Commit(_) => 1024,
            Self::Tree(tree) => {
                let entries = tree.entries.iter();
                entries.map(|entry| entry.path.len() + 160).sum()
            }
            Self::Blob(bytes) => bytes.len(),
        }
    }
}

/// The newest objects; the oldest make room.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    objects: HashMap<String, Object>,
    order: VecDeque<String>,
    size: usize,
}

impl Kept {
    pub(crate) fn get(&self, name: &str) -> Option<Object> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.objects.get(name).cloned()
    }

    pub(crate) fn put(&self, name: String, object: Object) {
        let size = object.size() + name.len();
        if size > ROOM / 2 {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.objects.insert(name.clone(), object).is_some() {
            return;
        }
        state.order.push_back(name);
        state.size += size;
        while state.size > ROOM {
            let Some(oldest) = state.order.pop_front() else {
                break;
            };
            if let Some(object) = state.objects.remove(&oldest) {
                state.size -= object.size() + oldest.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room_and_what_is_too_large_is_not_kept() {
        let kept = Kept::default();
        let blob = |size: usize| Object::Blob(vec![0; size].into());
        kept.put("huge".to_owned(), blob(ROOM));
        assert!(kept.get("huge").is_none());
        for n in 0..5 {
            kept.put(n.to_string(), blob(ROOM / 4));
        }
        assert!(kept.get("0").is_none() && kept.get("1").is_none());
        assert!(kept.get("4").is_some());
        let state = kept.state.lock().expect("not poisoned");
        assert!(state.size <= ROOM && state.objects.len() == state.order.len());
    }
}
