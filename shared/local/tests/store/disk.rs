//! A disk in memory that can be full, broken, slow, or lose its power.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use greenroom_local::store::{EmbeddedStore, OpenError};
use redb::StorageBackend;

/// What a disk does with writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Well,
    /// Takes writes only where something was written before, as a full one does.
    Full,
    /// Refuses every write.
    Broken,
    /// Takes writes, and fails every sync.
    CannotSync,
}

#[derive(Clone, Debug)]
enum Pending {
    Write { offset: usize, data: Vec<u8> },
    Length(usize),
}

#[derive(Debug)]
struct State {
    mood: Mood,
    /// What a read sees: the page cache.
    live: Vec<u8>,
    /// What a power cut surely leaves.
    synced: Vec<u8>,
    /// Since the last sync, in order.
    pending: Vec<Pending>,
    /// The blocks that were ever written, which a full disk can write again.
    blocks: BTreeSet<usize>,
    hold_syncs: bool,
    in_sync: bool,
}

/// Shared by all its backends, so a store that reopens finds what it wrote.
#[derive(Clone, Debug)]
pub struct Disk {
    state: Arc<(Mutex<State>, Condvar)>,
}

const DEADLINE: Duration = Duration::from_secs(10);
const SECTOR: usize = 512;
const BLOCK: usize = 4_096;

impl Disk {
    pub fn new() -> Self {
        Self::holding(Vec::new())
    }

    fn holding(bytes: Vec<u8>) -> Self {
        let state = State {
            mood: Mood::Well,
            blocks: (0..bytes.len().div_ceil(BLOCK)).collect(),
            live: bytes.clone(),
            synced: bytes,
            pending: Vec::new(),
            hold_syncs: false,
            in_sync: false,
        };
        Self {
            state: Arc::new((Mutex::new(state), Condvar::new())),
        }
    }

    pub fn open(&self) -> Result<EmbeddedStore, OpenError> {
        let disk = self.clone();
        EmbeddedStore::open_with_backend(move || {
            Ok(Box::new(disk.clone()) as Box<dyn StorageBackend>)
        })
    }

    pub fn set_mood(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// Makes the next syncs wait until [`Disk::release_syncs`].
    pub fn hold_syncs(&self) {
        self.state().hold_syncs = true;
    }

    pub fn release_syncs(&self) {
        self.state().hold_syncs = false;
        self.state.1.notify_all();
    }

    /// Waits until a sync is being held.
    pub fn wait_for_sync(&self) {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.state();
        while !state.in_sync {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no sync began");
            state = match self.state.1.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// The disk after the power failed now: of what was written since the last sync, any sector
    /// may have made it, as `kept` says.
    pub fn after_power_cut(&self, mut kept: impl FnMut() -> bool) -> Self {
        let state = self.state();
        let mut bytes = state.synced.clone();
        for pending in &state.pending {
            match pending {
                Pending::Length(length) => {
                    if kept() {
                        bytes.resize(*length, 0);
                    }
                }
                Pending::Write { offset, data } => {
                    for (n, sector) in data.chunks(SECTOR).enumerate() {
                        let at = offset + n * SECTOR;
                        // The length of a file is data too; a sector beyond it extends it.
                        if kept() {
                            let end = at + sector.len();
                            bytes.resize(bytes.len().max(end), 0);
                            bytes[at..end].copy_from_slice(sector);
                        }
                    }
                }
            }
        }
        Self::holding(bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(offset: u64, length: usize, end: usize) -> io::Result<std::ops::Range<usize>> {
    usize::try_from(offset)
        .ok()
        .and_then(|start| Some(start..start.checked_add(length)?))
        .filter(|range| range.end <= end)
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let range = place(offset, out.len(), state.live.len())?;
        out.copy_from_slice(&state.live[range]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        if state.mood == Mood::Broken {
            return Err(io::Error::other("the disk is broken"));
        }
        let length = usize::try_from(len).map_err(io::Error::other)?;
        state.live.resize(length, 0);
        state.pending.push(Pending::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        // A test that ends while it holds a sync must fail, not hang.
        let deadline = Instant::now() + DEADLINE;
        while state.hold_syncs {
            state.in_sync = true;
            self.state.1.notify_all();
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::Error::other("the sync was held too long"));
            }
            state = match self.state.1.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        state.in_sync = false;
        if matches!(state.mood, Mood::CannotSync | Mood::Broken) {
            return Err(io::Error::other("the disk cannot sync"));
        }
        state.synced = state.live.clone();
        state.pending.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let range = place(offset, data.len(), state.live.len())?;
        let blocks = range.start / BLOCK..range.end.div_ceil(BLOCK);
        match state.mood {
            Mood::Broken => return Err(io::Error::other("the disk is broken")),
            Mood::Full if !blocks.clone().all(|block| state.blocks.contains(&block)) => {
                return Err(io::ErrorKind::StorageFull.into());
            }
            _ => {}
        }
        state.blocks.extend(blocks);
        state.live[range.clone()].copy_from_slice(data);
        state.pending.push(Pending::Write {
            offset: range.start,
            data: data.to_vec(),
        });
        Ok(())
    }
}
