//! Reports that builds leave: JUnit XML, lcov, Cobertura, OpenAPI. From bytes to [`greenroom_core::evidence`].
//!
//! Tools write these files in many dialects, so they are read leniently; but a file that is cut
//! off, or is something else, is refused, for it would prove what nobody knows. Steps write them,
//! so they are as hostile as any input: sizes and depths are capped, everything is read once from
//! front to back, no entity is expanded and nothing is fetched.

pub mod calls;
pub mod cobertura;
pub mod junit;
pub mod lcov;
pub mod openapi;
pub mod reports;
mod xml;

/// A larger report is refused unread: 32 MiB.
pub const REPORT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Why a report could not be read, for whoever made it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// Make a smaller one.
    #[error("it has {bytes} bytes, {limit} are allowed")]
    TooLarge { bytes: usize, limit: usize },
    /// Another kind of file, or one that was cut off: look at what the step writes.
    #[error("{0}")]
    Malformed(String),
}

impl ReadError {
    fn malformed(why: impl Into<String>) -> Self {
        Self::Malformed(why.into())
    }
}

fn within(bytes: &[u8], limit: usize) -> Result<(), ReadError> {
    if bytes.len() <= limit {
        return Ok(());
    }
    Err(ReadError::TooLarge {
        bytes: bytes.len(),
        limit,
    })
}

/// At most `max` characters of a stranger's text, without control characters.
fn excerpt(text: &str, max: usize) -> String {
    text.chars()
        .take(max)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
