//! The real client against the strict fake: each row of what the Bot API can answer.

use std::time::Duration;

use greenroom_telegram::{Error, Message, Telegram, Timeouts};
use greenroom_testkit::fake_telegram::{FakeTelegram, Fault};
use secrecy::SecretString;

const HELLO: Message<'_> = Message {
    chat: FakeTelegram::CHAT,
    topic: None,
    html: "🔴 <code>preprod &lt;x&gt; @ana</code> <b>broke</b>",
    text: "🔴 preprod <x> broke",
};

/// Short enough for a test, long enough for a busy machine to answer on loopback.
const PATIENCE: Timeouts = Timeouts {
    connect: Duration::from_secs(1),
    whole: Duration::from_secs(3),
};

fn token() -> SecretString {
    SecretString::from(FakeTelegram::TOKEN)
}

fn client(fake: &FakeTelegram) -> Telegram {
    Telegram::with_timeouts(fake.base(), PATIENCE).unwrap()
}

/// What comes of one send with `faults` scripted.
async fn after(faults: &[Fault]) -> (FakeTelegram, Error) {
    let fake = FakeTelegram::start().await;
    for fault in faults {
        fake.script(fault.clone());
    }
    let error = client(&fake).send(&token(), &HELLO).await.unwrap_err();
    (fake, error)
}

fn refused(why: &str) -> Error {
    Error::Refused {
        why: why.to_owned(),
    }
}

#[tokio::test]
async fn a_message_arrives_as_html_without_previews() {
    let fake = FakeTelegram::start().await;
    let sent = client(&fake).send(&token(), &HELLO).await.unwrap();
    assert_eq!((sent.message, sent.markup_refused), (1, None));
    let arrived = fake.arrived().remove(0);
    assert_eq!(arrived.text, "🔴 preprod <x> @ana broke");
    assert_eq!(arrived.chat, FakeTelegram::CHAT);
    let kinds: Vec<_> = arrived.entities.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["code", "bold"]);
    assert!(arrived.html && !arrived.link_previews);
    assert!(arrived.active.is_empty());
}

#[tokio::test]
async fn a_public_chat_is_reached_by_name_and_a_forum_by_topic() {
    let fake = FakeTelegram::start().await;
    let client = client(&fake);
    let to = |chat, topic| Message {
        chat,
        topic,
        ..HELLO
    };
    client.send(&token(), &to("@orders", None)).await.unwrap();
    let topic = Some(FakeTelegram::TOPIC);
    client
        .send(&token(), &to(FakeTelegram::CHAT, topic))
        .await
        .unwrap();
    assert_eq!(fake.arrived()[0].chat, "@orders");
    assert_eq!(fake.arrived()[1].topic, topic);
    let lost = client
        .send(&token(), &to(FakeTelegram::CHAT, Some(7)))
        .await;
    assert_eq!(lost, Err(refused("Bad Request: message thread not found")));
}

#[tokio::test]
async fn an_unknown_chat_is_refused() {
    let fake = FakeTelegram::start().await;
    let message = Message {
        chat: "-100999",
        ..HELLO
    };
    let sent = client(&fake).send(&token(), &message).await;
    assert_eq!(sent, Err(refused("Bad Request: chat not found")));
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused() {
    let fake = FakeTelegram::start().await;
    let long = "😀".repeat(2049);
    let message = Message {
        html: &long,
        ..HELLO
    };
    let sent = client(&fake).send(&token(), &message).await;
    assert_eq!(sent, Err(refused("Bad Request: message is too long")));
}

#[tokio::test]
async fn a_wait_is_told_with_its_length() {
    let (fake, error) = after(&[Fault::TooManyRequests { retry_after: 17 }]).await;
    let retry_after = Duration::from_secs(17);
    assert_eq!(error, Error::Throttled { retry_after });
    assert!(fake.arrived().is_empty());
}

#[tokio::test]
async fn a_bot_that_was_kicked_is_refused() {
    for why in [
        "Forbidden: bot was kicked from the supergroup chat",
        "Forbidden: bot was blocked by the user",
        "Forbidden: user is deactivated",
        "Forbidden: bot is not a member of the channel chat",
    ] {
        let (_, error) = after(&[Fault::Forbidden(why)]).await;
        let expected = refused(&format!("the bot may not write to this chat ({why})"));
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn a_chat_that_moved_is_told_with_its_new_id() {
    let (fake, error) = after(&[Fault::Migrate { to: -100_777 }]).await;
    assert_eq!(error, Error::Moved { chat: -100_777 });
    let there = Message {
        chat: "-100777",
        ..HELLO
    };
    client(&fake).send(&token(), &there).await.unwrap();
    assert_eq!(fake.arrived()[0].chat, "-100777");
}

#[tokio::test]
async fn markup_that_is_not_understood_goes_out_once_as_plain_text() {
    let fake = FakeTelegram::start().await;
    fake.script(Fault::MarkupRefused);
    let sent = client(&fake).send(&token(), &HELLO).await.unwrap();
    assert!(
        sent.markup_refused
            .unwrap()
            .contains("can't parse entities")
    );
    assert_eq!(fake.requests(), 2);
    let arrived = fake.arrived();
    assert_eq!(arrived.len(), 1);
    assert_eq!(
        (arrived[0].html, arrived[0].text.as_str()),
        (false, HELLO.text)
    );

    let broken = Message {
        html: "<b>x",
        ..HELLO
    };
    let sent = client(&fake).send(&token(), &broken).await.unwrap();
    assert_eq!(
        sent.markup_refused.as_deref(),
        Some(
            "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""
        )
    );
}

#[tokio::test]
async fn what_may_have_arrived_is_ambiguous() {
    for fault in [
        Fault::TakeThenHang,
        Fault::TakeThenDrop,
        Fault::TakeThenBreakOff,
    ] {
        let (fake, error) = after(std::slice::from_ref(&fault)).await;
        assert!(
            matches!(error, Error::Ambiguous { .. }),
            "{fault:?}: {error}"
        );
        assert_eq!(fake.arrived().len(), 1, "{fault:?}");
    }
    for fault in [
        Fault::ServerError,
        Fault::Answer(502, "<html>bad gateway</html>".to_owned()),
        Fault::Answer(200, "<html>a captive portal</html>".to_owned()),
        Fault::Answer(200, " ".repeat(100_000)),
    ] {
        let (_, error) = after(std::slice::from_ref(&fault)).await;
        assert!(
            matches!(error, Error::Ambiguous { .. }),
            "{fault:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_certainly_took_nothing() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let telegram = Telegram::with_timeouts(&base, PATIENCE).unwrap();
    let error = telegram.send(&token(), &HELLO).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");

    // There is a connection but nobody who speaks TLS: the handshake does not end.
    let plain = FakeTelegram::start().await;
    let base = plain.base().replace("http://", "https://");
    let telegram = Telegram::with_timeouts(&base, PATIENCE).unwrap();
    let error = telegram.send(&token(), &HELLO).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let (fake, error) = after(&[Fault::Answer(302, String::new())]).await;
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert_eq!(fake.requests(), 1);
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_a_mangled_one_is_not_even_sent() {
    let fake = FakeTelegram::start().await;
    let wrong = SecretString::from("123:wrong");
    let error = client(&fake).send(&wrong, &HELLO).await.unwrap_err();
    assert_eq!(
        error,
        refused("the bot's token is not valid (Unauthorized)")
    );
    assert_eq!(fake.requests(), 1);
    for mangled in [
        "",
        "abc",
        "1:",
        "1:a/../../x",
        "1:a?b",
        "1:a b",
        ":x",
        "x:y",
    ] {
        let mangled = SecretString::from(mangled);
        let error = client(&fake).send(&mangled, &HELLO).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
    }
    assert_eq!(fake.requests(), 1);
    let with_newline = SecretString::from(format!("{}\n", FakeTelegram::TOKEN));
    client(&fake).send(&with_newline, &HELLO).await.unwrap();
}

#[tokio::test]
async fn a_base_address_is_checked_and_may_have_a_path() {
    for bad in [
        "api.telegram.org",
        "ftp://x.example",
        "https://u:secret@x.example",
        "https://x.example/?a",
        "",
    ] {
        let error = Telegram::new(bad).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
    let fake = FakeTelegram::start().await;
    for base in [format!("{}/", fake.base()), fake.base().to_owned()] {
        let telegram = Telegram::new(&base).unwrap();
        telegram.send(&token(), &HELLO).await.unwrap();
    }
    let proxied = Telegram::new(&format!("{}/telegram/", fake.base())).unwrap();
    let error = proxied.send(&token(), &HELLO).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}
