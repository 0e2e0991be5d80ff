//! GitHub's wire: who signed a webhook, and what of it Greenroom needs.
//!
//! Everything here is a pure function over bytes. A body is verified before it is parsed, and
//! parsed once, borrowing from the bytes that were verified. All texts that come out are
//! untrusted: whoever shows them escapes them.

pub mod event;
pub mod normalise;
pub mod signature;

mod bad_payload;
mod field;
mod wire;

pub use bad_payload::BadPayload;
pub use event::SourceEvent;
pub use normalise::{Normalised, normalise};
pub use signature::{Matched, Secrets, SignatureError, verify};
