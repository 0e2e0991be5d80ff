//! The token is in every address: it must be in no error and no log line, at any level (H13).

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_telegram::{Message, Telegram, Timeouts};
use greenroom_testkit::fake_telegram::{FakeTelegram, Fault};
use secrecy::SecretString;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_failure_shows_the_token_in_its_error_or_in_the_log() {
    let log = Captured::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .init();
    let timeouts = Timeouts {
        connect: Duration::from_secs(1),
        whole: Duration::from_secs(1),
    };
    let token = SecretString::from(FakeTelegram::TOKEN);
    let key = FakeTelegram::TOKEN.split_once(':').unwrap().1;
    let message = Message {
        chat: FakeTelegram::CHAT,
        topic: None,
        html: "x",
        text: "x",
    };
    let mut told = String::new();
    let fake = FakeTelegram::start().await;
    let faults = [
        Fault::TooManyRequests { retry_after: 1 },
        Fault::Forbidden("Forbidden: no"),
        Fault::MarkupRefused,
        Fault::ServerError,
        Fault::Answer(302, String::new()),
        Fault::TakeThenHang,
        Fault::TakeThenDrop,
        Fault::TakeThenBreakOff,
        // The last one: afterwards the chat is not known any more.
        Fault::Migrate { to: 5 },
    ];
    // The refused markup is sent again, so it takes two faults of one send.
    let count = faults.len() - 1;
    for fault in faults {
        fake.script(fault);
    }
    let telegram = Telegram::with_timeouts(fake.base(), timeouts).unwrap();
    told.push_str(&format!("{telegram:?}"));
    for _ in 0..count {
        let sent = telegram.send(&token, &message).await;
        told.push_str(&format!("{sent:?}"));
        if let Err(error) = sent {
            told.push_str(&error.to_string());
        }
    }
    for base in [
        "http://127.0.0.1:1",
        "https://127.0.0.1:1",
        "http://no.invalid",
    ] {
        let telegram = Telegram::with_timeouts(base, timeouts).unwrap();
        let error = telegram.send(&token, &message).await.unwrap_err();
        told.push_str(&format!("{error:?} {error}"));
    }
    for seen in [
        "Throttled",
        "Unreachable",
        "Moved",
        "no answer in time",
        "Refused",
    ] {
        assert!(told.contains(seen), "{seen} in {told}");
    }
    assert!(!told.contains(key), "{told}");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("does not understand our markup"));
    assert!(!log.contains(key), "{log}");
}
