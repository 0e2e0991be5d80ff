//! The clock: the machine's own, or in a rehearsal one that a file moves.
//!
//! A rehearsal cannot wait a day for a soak. Its clock goes as fast as the machine's and is so far
//! away from it as the file says; it is read when somebody asks for it, and goes forward only. A
//! data folder is a rehearsal's from its beginning, or never: whatever waits for a time in one that
//! is in use would be over. A file in the folder says so, and how far its clock was moved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The file in a rehearsal's data folder.
const MARK: &str = "rehearsal";
/// The file that is in every data folder that is in use.
const STORE: &str = crate::store::FILE;

/// Where now is read. Cheap to clone; clones are one clock.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    rehearsal: Option<Arc<Rehearsal>>,
}

#[derive(Debug)]
struct Rehearsal {
    file: PathBuf,
    /// In the data folder, for the next start.
    mark: PathBuf,
    /// Milliseconds that are added to the machine's clock.
    moved: AtomicI64,
}

/// The file of a rehearsal's clock cannot be followed. The text says it all.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// Give a file that can be read.
    #[error("{file} cannot be read")]
    Unreadable {
        file: String,
        #[source]
        source: std::io::Error,
    },
    /// Give each of them a data folder of its own.
    #[error("{data} {is}")]
    Mixed { data: String, is: &'static str },
    /// Write into a folder where that is possible.
    #[error("{file} cannot be written")]
    Unwritable {
        file: String,
        #[source]
        source: std::io::Error,
    },
    /// Write a length into it, as `72h`, `-90m` or `1h 30m`.
    #[error("{file} says {text:?}, which is no length such as 72h or -90m")]
    NoLength { file: String, text: String },
    /// Only a new data folder may have an earlier clock.
    #[error("{file} moves the clock back, from {from:#} to {to:#}")]
    Back {
        file: String,
        from: SignedDuration,
        to: SignedDuration,
    },
}

impl Clock {
    /// The machine's clock, for the data in `data`.
    ///
    /// # Errors
    /// They are a rehearsal's.
    pub fn of_machine(data: &Path) -> Result<Self, ClockError> {
        if data.join(MARK).exists() {
            return Err(mixed(
                data,
                "is a rehearsal's: its times are not the machine's",
            ));
        }
        Ok(Self::default())
    }

    /// The clock of a rehearsal over the data in `data`, as far moved as `file` says now.
    ///
    /// # Errors
    /// The file cannot be read, or says no length; the data are no rehearsal's, or one's whose clock
    /// was later.
    pub fn rehearsal(file: &Path, data: &Path) -> Result<Self, ClockError> {
        let moved = read(file)?;
        let mark = data.join(MARK);
        if mark.exists() {
            forward(&mark, read(&mark)?, moved)?;
        } else if data.join(STORE).exists() {
            return Err(mixed(data, "is in use, and no rehearsal's"));
        }
        let rehearsal = Rehearsal {
            file: file.to_owned(),
            mark,
            moved: AtomicI64::new(milliseconds(moved)),
        };
        Ok(Self {
            rehearsal: Some(Arc::new(rehearsal)),
        })
    }

    /// Says in the data folder that it is a rehearsal's, once it is known to be ours alone.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(&self) -> Result<(), ClockError> {
        match (&self.rehearsal, self.moved()) {
            (Some(rehearsal), Some(moved)) => rehearsal.remember(moved),
            _ => Ok(()),
        }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.of(Timestamp::now())
    }

    /// What this clock shows when the machine's shows `at`.
    pub fn of(&self, at: Timestamp) -> Timestamp {
        let Some(moved) = self.moved() else { return at };
        let end = if moved.is_negative() {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        at.checked_add(moved).unwrap_or(end)
    }

    /// How far it is from the machine's; `None` if it is the machine's.
    pub fn moved(&self) -> Option<SignedDuration> {
        let rehearsal = self.rehearsal.as_ref()?;
        let moved = rehearsal.moved.load(Ordering::SeqCst);
        Some(SignedDuration::from_millis(moved))
    }

    /// Reads the file of a rehearsal again; true if the clock was moved by that.
    ///
    /// # Errors
    /// The file cannot be followed; then the clock stays where it is.
    pub fn follow(&self) -> Result<bool, ClockError> {
        let Some(rehearsal) = &self.rehearsal else {
            return Ok(false);
        };
        let length = read(&rehearsal.file)?;
        let to = milliseconds(length);
        let from = rehearsal.moved.load(Ordering::SeqCst);
        forward(&rehearsal.file, SignedDuration::from_millis(from), length)?;
        if to != from {
            rehearsal.remember(length)?;
        }
        rehearsal.moved.store(to, Ordering::SeqCst);
        Ok(to != from)
    }
}

impl Rehearsal {
    /// Before the clock is moved, so that none begins earlier on what was decided by it.
    fn remember(&self, moved: SignedDuration) -> Result<(), ClockError> {
        let written = std::fs::write(&self.mark, format!("{moved:#}\n"));
        written.map_err(|source| ClockError::Unwritable {
            file: self.mark.display().to_string(),
            source,
        })
    }
}

fn mixed(data: &Path, is: &'static str) -> ClockError {
    let data = data.display().to_string();
    ClockError::Mixed { data, is }
}

fn forward(file: &Path, from: SignedDuration, to: SignedDuration) -> Result<(), ClockError> {
    if milliseconds(to) >= milliseconds(from) {
        return Ok(());
    }
    let file = file.display().to_string();
    Err(ClockError::Back { file, from, to })
}

fn read(file: &Path) -> Result<SignedDuration, ClockError> {
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|source| ClockError::Unreadable {
        file: name(),
        source,
    })?;
    text.trim().parse().map_err(|_| ClockError::NoLength {
        file: name(),
        text: text.trim().chars().take(40).collect(),
    })
}

fn milliseconds(length: SignedDuration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or_else(|_| {
        if length.is_negative() {
            i64::MIN
        } else {
            i64::MAX
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        std::fs::write(&file, text).unwrap();
        (folder, file)
    }

    #[test]
    fn the_machines_clock_is_not_moved() {
        let clock = Clock::default();
        assert_eq!(clock.of(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH);
        assert_eq!(clock.moved(), None);
        assert!(!clock.follow().unwrap());
    }

    #[test]
    fn a_rehearsal_is_where_its_file_says_once_it_is_read() {
        let (folder, file) = file("-90m\n");
        let clock = Clock::rehearsal(&file, folder.path()).unwrap();
        let at = Timestamp::from_second(10_000).unwrap();
        assert_eq!(clock.of(at).as_second(), 10_000 - 5_400);
        std::fs::write(&file, "72h").unwrap();
        assert_eq!(clock.moved(), Some(SignedDuration::from_mins(-90)));
        assert!(clock.follow().unwrap());
        assert_eq!(clock.clone().moved(), Some(SignedDuration::from_hours(72)));
        assert!(!clock.follow().unwrap());
    }

    #[test]
    fn it_never_goes_back_and_never_guesses() {
        let (folder, file) = file("2h");
        let clock = Clock::rehearsal(&file, folder.path()).unwrap();
        std::fs::write(&file, "1h").unwrap();
        assert!(matches!(clock.follow(), Err(ClockError::Back { .. })));
        std::fs::write(&file, "soon").unwrap();
        assert!(matches!(clock.follow(), Err(ClockError::NoLength { .. })));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(clock.follow(), Err(ClockError::Unreadable { .. })));
        assert_eq!(clock.moved(), Some(SignedDuration::from_hours(2)));
    }

    #[test]
    fn a_data_folder_is_a_rehearsals_from_its_beginning_or_never() {
        let (folder, file) = file("2h");
        let (data, used) = (folder.path().join("data"), folder.path().join("used"));
        for folder in [&data, &used] {
            std::fs::create_dir(folder).unwrap();
        }
        let clock = Clock::rehearsal(&file, &data).unwrap();
        assert!(Clock::of_machine(&data).is_ok(), "it has not begun");
        clock.begin().unwrap();
        for folder in [&data, &used] {
            std::fs::write(folder.join(STORE), "").unwrap();
        }
        let mixed = |clock| matches!(clock, Err(ClockError::Mixed { .. }));
        assert!(mixed(Clock::of_machine(&data)));
        assert!(mixed(Clock::rehearsal(&file, &used)));
        assert!(Clock::of_machine(&used).is_ok());
        // The next start goes on where the last one was.
        let back = || matches!(Clock::rehearsal(&file, &data), Err(ClockError::Back { .. }));
        std::fs::write(&file, "1h").unwrap();
        assert!(back());
        std::fs::write(&file, "72h 5m").unwrap();
        assert!(clock.follow().unwrap());
        std::fs::write(&file, "72h").unwrap();
        assert!(back());
        std::fs::write(&file, "73h").unwrap();
        assert!(!back());
    }

    #[test]
    fn a_clock_that_leaves_all_calendars_stays_at_their_end() {
        let (folder, file) = file("9000000h");
        let clock = Clock::rehearsal(&file, folder.path()).unwrap();
        assert_eq!(clock.of(Timestamp::MAX), Timestamp::MAX);
    }
}
