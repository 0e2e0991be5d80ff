//! What channels do that is not a fault of one call: a chat that moved, a channel that is dead.

use std::collections::BTreeMap;

use greenroom_app::ports::channels::ChannelTarget;
use greenroom_core::name::ChannelName;
use greenroom_core::stage_file::Channel;
use jiff::Timestamp;

/// All channels, by the names the stage file gives them.
#[derive(Clone, Debug, Default)]
pub struct Messenger {
    dead: BTreeMap<ChannelName, Timestamp>,
    moved: BTreeMap<String, String>,
}

impl Messenger {
    /// Everything for this channel is refused for good until then.
    pub fn dies(&mut self, channel: &str, until: Timestamp) {
        self.dead.insert(ChannelName::new(channel), until);
    }

    /// A chat gets a new id; the old one only says where it went.
    pub fn moves(&mut self, chat: &str, to: &str) {
        self.moved.insert(chat.to_owned(), to.to_owned());
    }

    pub fn is_dead(&self, channel: &ChannelName, now: Timestamp) -> bool {
        self.dead.get(channel).is_some_and(|until| now < *until)
    }

    /// Where the chat of this target is now, if it is not where it was.
    pub fn moved(&self, to: &ChannelTarget) -> Option<&str> {
        match &to.channel {
            Channel::Telegram { chat, .. } => self.moved.get(chat).map(String::as_str),
            _ => None,
        }
    }
}
