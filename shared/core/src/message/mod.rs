//! What people are told, and how it reads.
//!
//! An [`Announcement`] is plain, bounded data: whatever was true when the state changed. It is
//! composed once into a document (the order of the sentences, which words are ours and which
//! are a stranger's) and written by one renderer per sink. Nothing here knows a channel, a clock
//! or a retry.
//!
//! Telegram calls nobody by accident: every word that is not ours stands in `<code>` or `<pre>`,
//! where Telegram looks for no mention, command or link.

mod announcement;
mod compose;
mod console;
mod doc;
mod life;
mod mail;
mod parts;
mod storm;
mod telegram;
#[cfg(test)]
mod tests;
mod text;
mod toggle;
mod words;

pub use announcement::{
    Announcement, Cause, EXCERPT_MAX, FAILING_MAX, HeldMessage, Kind, LOOK_MAX, LastGreen, Look,
    LookAt, Next, OnDuty, PROBLEMS_MAX, SUSPECTS_MAX, Suspect, TEXT_MAX, UNAFFECTED_MAX,
    Unaffected,
};
pub use mail::Mail;
pub use telegram::{TELEGRAM_BUDGET, TELEGRAM_ENTITIES_MAX};
