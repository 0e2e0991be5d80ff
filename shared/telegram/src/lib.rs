//! Telegram's Bot API, as far as Greenroom speaks it: telling a chat something.
//!
//! The API has no key by which a second copy of a message is noticed, so every failure is sorted
//! by whether the first may have arrived ([`Error::Ambiguous`]) or certainly did not. The bot's
//! token is part of each address; no error and no log line of this crate holds an address.

mod answer;
mod chat;
mod client;
mod error;

pub use chat::Chat;
pub use client::{DEFAULT_BASE, Message, Sent, Telegram, Timeouts};
pub use error::{Error, SetupError};
