//! Telegram and the console, through the port.

use std::io::Write;
use std::time::Duration;

use greenroom_app::ports::channels::{Channels, SendError};
use greenroom_core::name::SecretName;
use greenroom_core::stage_file::Channel;
use greenroom_testkit::fake_telegram::{FakeTelegram, Fault};

use crate::support::{HOSTILE, Screen, broke, channels, send, target, with_text};

fn chat(token: &str) -> Channel {
    Channel::Telegram {
        chat: FakeTelegram::CHAT.to_owned(),
        token: SecretName::from(token),
        topic: Some(FakeTelegram::TOPIC),
    }
}

async fn after(fault: Fault) -> SendError {
    let fake = FakeTelegram::start().await;
    fake.script(fault);
    let channels = channels(fake.base(), std::io::sink());
    let target = target(chat("telegram"));
    channels.send(&target, &broke(), "k").await.unwrap_err()
}

#[tokio::test]
async fn a_chat_reads_the_announcement_in_its_topic() {
    let fake = FakeTelegram::start().await;
    let channels = channels(fake.base(), std::io::sink());
    let target = target(chat("telegram"));
    let receipt = channels.send(&target, &broke(), "k").await.unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("-100123/1"));
    assert!(receipt.remarks.is_empty());
    let arrived = fake.arrived().remove(0);
    assert_eq!(arrived.topic, Some(FakeTelegram::TOPIC));
    let first = arrived.text.lines().next().unwrap_or("");
    assert_eq!(first, "🔴 preprod broke: 3 of 12 tests fail (#17)");
}

#[tokio::test]
async fn strangers_call_nobody_and_link_nowhere() {
    let fake = FakeTelegram::start().await;
    let channels = channels(fake.base(), std::io::sink());
    let target = target(chat("telegram"));
    let shape = |arrived: &greenroom_testkit::fake_telegram::Arrived| {
        let kinds: Vec<_> = arrived.entities.iter().map(|e| e.kind).collect();
        (kinds, arrived.text.lines().count())
    };
    channels.send(&target, &broke(), "k").await.unwrap();
    for text in HOSTILE {
        channels.send(&target, &with_text(text), "k").await.unwrap();
    }
    let huge = "😀<&".repeat(100_000);
    channels
        .send(&target, &with_text(&huge), "k")
        .await
        .unwrap();
    let arrived = fake.arrived();
    assert_eq!(arrived.len(), HOSTILE.len() + 2);
    for message in &arrived {
        assert_eq!(shape(message), shape(&arrived[0]), "{}", message.text);
        assert_eq!(message.active, [""; 0]);
        assert!(message.html && !message.link_previews);
    }
}

#[tokio::test]
async fn strangers_call_nobody_even_without_markup() {
    let fake = FakeTelegram::start().await;
    let channels = channels(fake.base(), std::io::sink());
    for text in HOSTILE {
        fake.script(Fault::MarkupRefused);
        let target = target(chat("telegram"));
        let receipt = channels.send(&target, &with_text(text), "k").await.unwrap();
        assert_eq!(receipt.remarks.len(), 1);
    }
    for message in fake.arrived() {
        assert!(!message.html);
        assert_eq!(message.active, [""; 0], "{}", message.text);
    }
}

#[tokio::test]
async fn every_failure_says_what_the_caller_must_do() {
    let throttled = after(Fault::TooManyRequests { retry_after: 9 }).await;
    assert_eq!(throttled.asked_to_wait(), Some(Duration::from_secs(9)));
    assert!(throttled.is_retryable());
    let kicked = after(Fault::Forbidden("Forbidden: bot was kicked")).await;
    assert!(matches!(&kicked, SendError::Refused { why } if why.contains("was kicked")));
    assert!(!kicked.is_retryable());
    let moved = after(Fault::Migrate { to: -100_777 }).await;
    let chat = "-100777".to_owned();
    assert_eq!(moved, SendError::Moved { chat });
    assert!(after(Fault::ServerError).await.may_have_arrived());
    assert!(after(Fault::TakeThenDrop).await.may_have_arrived());
    let unreachable = send(self::chat("telegram"), &broke(), "k").await;
    assert!(matches!(unreachable, Err(SendError::Unavailable { .. })));
}

#[tokio::test]
async fn a_group_that_moved_is_told_at_its_new_id() {
    let fake = FakeTelegram::start().await;
    fake.script(Fault::Migrate { to: -100_777 });
    let channels = channels(fake.base(), std::io::sink());
    let old = target(chat("telegram"));
    let Err(SendError::Moved { chat }) = channels.send(&old, &broke(), "k").await else {
        panic!("it did not move");
    };
    let new = old.moved_to(&chat);
    channels.send(&new, &broke(), "k").await.unwrap();
    assert_eq!(fake.arrived()[0].chat, "-100777");
}

#[tokio::test]
async fn a_missing_secret_says_how_to_provide_it_and_a_sealed_one_is_tried_again() {
    let missing = send(chat("nowhere"), &broke(), "k").await.unwrap_err();
    assert!(
        matches!(&missing, SendError::Refused { why } if why.contains("set GREENROOM_SECRET_X")),
        "{missing}"
    );
    let sealed = send(chat("vault"), &broke(), "k").await.unwrap_err();
    assert!(matches!(sealed, SendError::Unavailable { .. }), "{sealed}");
}

#[tokio::test]
async fn the_console_shows_announcements_whole_and_nothing_else() {
    let screen = Screen::default();
    let channels = channels("http://127.0.0.1:1", screen.clone());
    let target = target(Channel::Console);
    let mut expected = String::new();
    for text in HOSTILE {
        let told = with_text(text);
        channels.send(&target, &told, "k").await.unwrap();
        expected.push_str(&told.render_console(false));
    }
    assert_eq!(screen.text(), expected);
    assert!(!expected.contains('\u{1b}') && !expected.contains('\r'));
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_console_that_cannot_be_written_is_tried_again() {
    let channels = channels("http://127.0.0.1:1", Full);
    let target = target(Channel::Console);
    let error = channels.send(&target, &broke(), "k").await.unwrap_err();
    assert!(matches!(error, SendError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn sns_is_refused_with_the_way_out() {
    let channel = Channel::Sns {
        topic: "arn:aws:sns:eu-west-1:111111111111:orders".to_owned(),
    };
    let error = send(channel, &broke(), "k").await.unwrap_err();
    assert!(matches!(&error, SendError::Refused { why } if why.contains("on AWS")));
}
