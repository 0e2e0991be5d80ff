//! Announcements in the log of `greenroom serve`.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use greenroom_core::message::Announcement;

/// A writer that one announcement at a time is written to, usually standard error.
pub struct Console {
    writer: Mutex<Box<dyn Write + Send>>,
    color: bool,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console")
            .field("color", &self.color)
            .finish_non_exhaustive()
    }
}

impl Console {
    /// Writes to `writer`, with colours if `color`: whoever opens it knows whether it is a
    /// terminal and what `NO_COLOR` says.
    pub fn new(writer: impl Write + Send + 'static, color: bool) -> Self {
        Self {
            writer: Mutex::new(Box::new(writer)),
            color,
        }
    }

    /// Writes `announcement` whole, not mixed with another one, and flushes.
    ///
    /// # Errors
    /// What the writer says; a part may have been written.
    pub fn write(&self, announcement: &Announcement) -> io::Result<()> {
        let text = announcement.render_console(self.color);
        // A writer that panicked in another call is still a writer.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(text.as_bytes())?;
        writer.flush()
    }
}
