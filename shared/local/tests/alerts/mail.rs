//! Mail, over a real SMTP conversation.

use greenroom_app::ports::channels::SendError;
use greenroom_core::name::SecretName;
use greenroom_core::stage_file::{Channel, MailTls};
use greenroom_testkit::fake_smtp::{FakeSmtp, SmtpFault, SmtpOffer, SmtpStep};

use crate::support::{HOSTILE, PASSWORD, broke, send, with_text};

fn to(server: &str) -> Channel {
    Channel::Mail {
        to: vec!["team@acme.example".to_owned()],
        from: "Greenroom <alerts@acme.example>".to_owned(),
        server: server.to_owned(),
        user: None,
        password: None,
        tls: MailTls::None,
    }
}

fn to_both(server: &str) -> Channel {
    match to(server) {
        Channel::Mail {
            from, server, tls, ..
        } => Channel::Mail {
            to: vec![
                "gone@acme.example".to_owned(),
                "Ana <ana@acme.example>".to_owned(),
            ],
            from,
            server,
            user: None,
            password: None,
            tls,
        },
        other => other,
    }
}

fn with_login(server: &str, secret: &str, tls: MailTls) -> Channel {
    Channel::Mail {
        to: vec!["team@acme.example".to_owned()],
        from: "alerts@acme.example".to_owned(),
        server: server.to_owned(),
        user: Some("alerts".to_owned()),
        password: Some(SecretName::from(secret)),
        tls,
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_rendered_in_both_forms() {
    let server = FakeSmtp::start().await;
    let receipt = send(to(server.address()), &broke(), "k").await.unwrap();
    assert!(receipt.remarks.is_empty());
    assert_eq!(server.complaints(), [""; 0]);
    let mail = server.received().remove(0);
    assert_eq!(mail.from, "alerts@acme.example");
    assert_eq!(mail.to, ["team@acme.example"]);
    assert_eq!(mail.subject(), "[preprod] broke: 3 tests (#17)");
    assert_eq!(mail.header("Date"), "Sat, 21 Nov 2026 14:41:30 +0000");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(receipt.reference, Some(mail.header("Message-ID")));
    let rendered = broke().render_mail();
    assert_eq!(mail.part("text/plain").unwrap(), rendered.text.trim_end());
    assert_eq!(mail.part("text/html").unwrap(), rendered.html.trim_end());
}

#[tokio::test]
async fn a_copy_has_the_same_id_and_an_episode_one_thread() {
    let server = FakeSmtp::start().await;
    for key in ["first", "first", "second"] {
        send(to(server.address()), &broke(), key).await.unwrap();
    }
    let mut other = broke();
    other.episode = Some(18);
    send(to(server.address()), &other, "third").await.unwrap();
    let mails = server.received();
    let ids: Vec<_> = mails.iter().map(|m| m.header("Message-ID")).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    assert!(ids[0].ends_with("@acme.example>"), "{}", ids[0]);
    let threads: Vec<_> = mails.iter().map(|m| m.header("References")).collect();
    assert_eq!(threads[0], threads[2]);
    assert_ne!(threads[0], threads[3]);
    assert_eq!(threads[0], mails[0].header("In-Reply-To"));
}

#[tokio::test]
async fn strangers_add_no_header_and_end_no_message() {
    let server = FakeSmtp::start().await;
    for text in HOSTILE {
        let told = with_text(text);
        send(to(server.address()), &told, text).await.unwrap();
    }
    assert_eq!(server.complaints(), [""; 0]);
    let mails = server.received();
    assert_eq!(mails.len(), HOSTILE.len());
    for (mail, text) in mails.iter().zip(HOSTILE) {
        assert_eq!(mail.to, ["team@acme.example"]);
        assert!(mail.headers("Bcc").is_empty());
        let rendered = with_text(text).render_mail();
        assert_eq!(mail.part("text/plain").unwrap(), rendered.text.trim_end());
        assert_eq!(mail.part("text/html").unwrap(), rendered.html.trim_end());
    }
}

#[tokio::test]
async fn before_the_message_a_refusal_is_believed_and_all_else_was_not_sent() {
    let steps = [
        SmtpStep::Connect,
        SmtpStep::Ehlo,
        SmtpStep::MailFrom,
        SmtpStep::RcptTo,
        SmtpStep::Data,
    ];
    for step in steps {
        let server = FakeSmtp::start().await;
        let fails_with = async |fault| {
            server.script(step, fault);
            send(to(server.address()), &broke(), "k").await.unwrap_err()
        };
        let refused = fails_with(SmtpFault::Reply(550, "5.7.1 not here")).await;
        assert!(
            matches!(&refused, SendError::Refused { why } if why.contains("5.7.1 not here")),
            "{step:?}: {refused}"
        );
        let later = fails_with(SmtpFault::Reply(451, "4.3.0 later")).await;
        assert!(
            matches!(&later, SendError::Unavailable { why } if why.contains("451 4.3.0 later")),
            "{step:?}: {later}"
        );
        let dropped = fails_with(SmtpFault::Drop).await;
        assert!(
            matches!(dropped, SendError::Unavailable { .. }),
            "{step:?}: {dropped}"
        );
        assert!(server.received().is_empty(), "{step:?}");
        send(to(server.address()), &broke(), "k").await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_hangs_before_the_message_was_sent_nothing() {
    for step in [SmtpStep::Connect, SmtpStep::Data] {
        let server = FakeSmtp::start().await;
        server.script(step, SmtpFault::Hang);
        let error = send(to(server.address()), &broke(), "k").await.unwrap_err();
        assert!(matches!(error, SendError::Unavailable { .. }), "{error}");
    }
}

#[tokio::test]
async fn after_the_message_only_a_refusal_for_good_is_believed() {
    let server = FakeSmtp::start().await;
    let fails_with = async |fault| {
        server.script(SmtpStep::Message, fault);
        send(to(server.address()), &broke(), "k").await.unwrap_err()
    };
    let refused = fails_with(SmtpFault::Reply(554, "5.7.1 spam")).await;
    assert_eq!(
        refused,
        SendError::Refused {
            why: "554 5.7.1 spam".to_owned()
        }
    );
    let later = fails_with(SmtpFault::Reply(451, "4.3.0 later")).await;
    assert!(later.may_have_arrived(), "{later}");
    assert!(server.received().is_empty());
    for fault in [SmtpFault::TakeThenDrop, SmtpFault::TakeThenHang] {
        let error = fails_with(fault).await;
        assert!(error.may_have_arrived(), "{fault:?}: {error}");
    }
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn one_wrong_recipient_does_not_silence_the_others() {
    let server = FakeSmtp::start().await;
    server.script(
        SmtpStep::RcptTo,
        SmtpFault::Reply(550, "5.1.1 no such user"),
    );
    let receipt = send(to_both(server.address()), &broke(), "k")
        .await
        .unwrap();
    assert_eq!(
        receipt.remarks,
        ["gone@acme.example was refused: 550 5.1.1 no such user"]
    );
    assert_eq!(server.received()[0].to, ["ana@acme.example"]);

    server.script(SmtpStep::RcptTo, SmtpFault::Reply(450, "4.2.0 greylisted"));
    let error = send(to_both(server.address()), &broke(), "k")
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::Unavailable { .. }), "{error}");
    assert_eq!(server.received().len(), 1);
    assert_eq!(server.complaints(), [""; 0]);
}

#[tokio::test]
async fn with_tls_required_nothing_leaves_in_the_open() {
    let plain = FakeSmtp::offering(SmtpOffer {
        starttls: false,
        login: Some(("alerts".to_owned(), PASSWORD.to_owned())),
    })
    .await;
    let channel = with_login(plain.address(), "smtp", MailTls::Required);
    let error = send(channel, &broke(), "k").await.unwrap_err();
    assert!(
        matches!(&error, SendError::Refused { why } if why.contains("offers no STARTTLS")),
        "{error}"
    );
    assert!(plain.received().is_empty());

    let broken = FakeSmtp::offering(SmtpOffer {
        starttls: true,
        login: None,
    })
    .await;
    let channel = with_login(broken.address(), "smtp", MailTls::Required);
    let error = send(channel, &broke(), "k").await.unwrap_err();
    assert!(matches!(error, SendError::Unavailable { .. }), "{error}");
    assert!(broken.received().is_empty());
}

#[tokio::test]
async fn without_tls_only_this_machine_is_spoken_to() {
    let error = send(to("192.0.2.1:25"), &broke(), "k").await.unwrap_err();
    assert!(
        matches!(&error, SendError::Refused { why } if why.contains("this machine only")),
        "{error}"
    );
}

#[tokio::test]
async fn a_login_is_used_and_its_password_never_shown() {
    let server = FakeSmtp::offering(SmtpOffer {
        starttls: false,
        login: Some(("alerts".to_owned(), PASSWORD.to_owned())),
    })
    .await;
    let channel = |secret| with_login(server.address(), secret, MailTls::None);
    send(channel("smtp"), &broke(), "k").await.unwrap();
    assert_eq!(server.received().len(), 1);
    let error = send(channel("wrong"), &broke(), "k").await.unwrap_err();
    assert!(matches!(error, SendError::Refused { .. }), "{error}");
    assert!(!format!("{error:?}").contains("horse"));
    server.script(SmtpStep::Auth, SmtpFault::Reply(454, "4.7.0 not now"));
    let error = send(channel("smtp"), &broke(), "k").await.unwrap_err();
    assert!(matches!(error, SendError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn what_can_never_work_is_refused_without_a_connection() {
    let server = FakeSmtp::start().await;
    let Channel::Mail { from, tls, .. } = to("") else {
        panic!("not a mail channel");
    };
    let with = |to: &str, from: &str, server: &str, user: Option<&str>| Channel::Mail {
        to: vec![to.to_owned()],
        from: from.to_owned(),
        server: server.to_owned(),
        user: user.map(str::to_owned),
        password: None,
        tls,
    };
    let address = server.address();
    for broken in [
        with("not an address", &from, address, None),
        with("a@b.example\r\nBcc: c@d.example", &from, address, None),
        with("ä@b.example", &from, address, None),
        with("a@b.example", "nobody", address, None),
        with("a@b.example", &from, "mail.example", None),
        with("a@b.example", &from, ":25", None),
        with("a@b.example", &from, "mail.example:smtp", None),
        with("a@b.example", &from, address, Some("user without password")),
    ] {
        let error = send(broken.clone(), &broke(), "k").await.unwrap_err();
        assert!(
            matches!(error, SendError::Refused { .. }),
            "{broken:?}: {error}"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_can_be_tried_again() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap().to_string();
    drop(gone);
    let error = send(to(&address), &broke(), "k").await.unwrap_err();
    assert!(matches!(error, SendError::Unavailable { .. }), "{error}");
}
