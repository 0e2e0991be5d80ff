//! Why Telegram did not take a message, by what the caller must do.

use std::time::Duration;

/// A client that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A person must mend the configured base address.
    #[error("`{base}` is no base address of a Bot API server: {why}")]
    Base { base: String, why: &'static str },
}

/// A message that was not, or may not have been, sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// It will never be taken as things are: a wrong token, chat or right.
    #[error("Telegram refuses: {why}")]
    Refused { why: String },
    /// Certainly not sent; not before this has passed.
    #[error("Telegram asks to wait {} s", retry_after.as_secs())]
    Throttled { retry_after: Duration },
    /// Certainly not sent: the group has become a supergroup with this id.
    #[error("the group has become the supergroup {chat}")]
    Moved { chat: i64 },
    /// It may have arrived.
    #[error("Telegram did not say whether it took the message: {why}")]
    Ambiguous { why: String },
    /// Certainly not sent: there was no connection.
    #[error("Telegram cannot be reached: {why}")]
    Unreachable { why: String },
}
