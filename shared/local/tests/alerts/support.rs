//! What the tests send, and through what.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_app::ports::secrets::{SecretError, Secrets};
use greenroom_core::message::{
    Announcement, Cause, Kind, LastGreen, Look, LookAt, Suspect, Unaffected,
};
use greenroom_core::name::{ChannelName, RepoName, Revision, SecretName, StageName};
use greenroom_core::stage_file::Channel;
use greenroom_core::verdict::TestFailure;
use greenroom_local::channels::LocalChannels;
use greenroom_local::console::Console;
use greenroom_local::mail::MailPatience;
use greenroom_telegram::{Telegram, Timeouts};
use greenroom_testkit::fake_telegram::FakeTelegram;
use secrecy::SecretString;

pub const PASSWORD: &str = "correct horse battery staple";

/// Secrets that are there, and one that cannot be read now.
pub struct Known(BTreeMap<&'static str, &'static str>);

impl Secrets for Known {
    async fn get(&self, name: &SecretName) -> Result<SecretString, SecretError> {
        if name.as_str() == "vault" {
            return Err(SecretError::Unavailable {
                name: name.clone(),
                why: "the vault is sealed".to_owned(),
            });
        }
        match self.0.get(name.as_str()) {
            Some(value) => Ok(SecretString::from(*value)),
            None => Err(SecretError::Missing {
                name: name.clone(),
                how: "set GREENROOM_SECRET_X".to_owned(),
            }),
        }
    }
}

/// What was written to the console.
#[derive(Clone, Default)]
pub struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Channels that wait long enough for a busy machine, and no longer, and that speak to the Bot API server at `telegram`.
pub fn channels(telegram: &str, screen: impl Write + Send + 'static) -> LocalChannels<Known> {
    let secrets = Known(BTreeMap::from([
        ("telegram", FakeTelegram::TOKEN),
        ("smtp", PASSWORD),
        ("wrong", "wrong horse"),
    ]));
    let timeouts = Timeouts {
        connect: Duration::from_secs(2),
        whole: Duration::from_secs(3),
    };
    let patience = MailPatience {
        connect: Duration::from_secs(2),
        prepare: Duration::from_secs(3),
        message: Duration::from_secs(3),
    };
    let telegram = Telegram::with_timeouts(telegram, timeouts).unwrap();
    LocalChannels::with(secrets, telegram, patience, Console::new(screen, false))
}

/// One try through a channel, with nobody listening for Telegram.
pub async fn send(channel: Channel, told: &Announcement, key: &str) -> Result<Receipt, SendError> {
    let channels = channels("http://127.0.0.1:1", std::io::sink());
    channels.send(&target(channel), told, key).await
}

pub fn target(channel: Channel) -> ChannelTarget {
    ChannelTarget {
        name: ChannelName::from("team"),
        channel,
    }
}

pub fn broke() -> Announcement {
    with_text("Apply coupons before tax")
}

/// A break in which a stranger wrote `text` wherever strangers write.
pub fn with_text(text: &str) -> Announcement {
    let now = "2026-11-21T14:41:30Z".parse().unwrap();
    let revision = |digit: &str| Revision::new(digit.repeat(40));
    Announcement {
        stage: Some(StageName::from("preprod")),
        episode: Some(17),
        revision: Some(revision("9")),
        cause: Some(Cause::Tests {
            failing: vec![TestFailure {
                test: format!("smoke.hurl:1 GET /{text}"),
                message: text.to_owned(),
                file: "smoke.hurl".to_owned(),
                line: 3,
            }],
            failed: 3,
            total: 12,
        }),
        last_green: Some(LastGreen {
            revision: revision("4"),
            at: "2026-11-21T14:00:00Z".parse().unwrap(),
        }),
        suspects: vec![Suspect {
            revision: revision("9"),
            author: text.to_owned(),
            subject: text.to_owned(),
        }],
        unaffected: vec![Unaffected {
            stage: StageName::from("prod"),
            revision: Some(revision("4")),
            held: true,
        }],
        look: vec![Look {
            label: "why".to_owned(),
            at: LookAt::Command("greenroom why preprod".to_owned()),
        }],
        ..Announcement::new(Kind::Broke, RepoName::from("acme/orders"), now)
    }
}

/// Texts that try to be more than text.
pub const HOSTILE: &[&str] = &[
    "</code><b>x</b><a href=\"https://evil.example\">click</a>",
    "@everyone @ana /start #tag https://evil.example t.me/evil",
    "\r\nBcc: victim@evil.example\r\n\r\n<script>alert(1)</script>",
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}gnp.exe\u{200b}",
    "&lt;b&gt; &amp;amp; &#60;",
    ".\r\n.\r\nQUIT\r\n",
];
