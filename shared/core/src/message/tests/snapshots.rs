//! Every kind of announcement on every sink, as people read it.

use jiff::SignedDuration;

use super::samples::{all, broke};
use crate::message::words::{length, moment};
use crate::message::{Announcement, Kind};
use crate::name::RepoName;

#[test]
fn each_kind_reads_as_recorded_on_each_sink() {
    for (name, told) in all() {
        let mail = told.render_mail();
        assert_eq!(mail.text, told.render_text());
        let shown = format!(
            "=== subject\n{}\n=== text\n{}\n=== telegram\n{}\n=== telegram without markup\n{}\n=== mail, HTML\n{}\n=== console\n{}\n=== console, with colour\n{}",
            mail.subject,
            mail.text,
            told.render_telegram_html(),
            told.render_chat_text(),
            mail.html,
            told.render_console(false),
            told.render_console(true).replace('\u{1b}', "␛"),
        );
        insta::assert_snapshot!(name, shown.replace('\u{2060}', "⁀"));
    }
}

#[test]
fn an_announcement_survives_the_outbox() {
    for (_, told) in all() {
        let stored = serde_json::to_vec(&told).unwrap();
        let read: Announcement = serde_json::from_slice(&stored).unwrap();
        assert_eq!(read, told);
    }
}

#[test]
fn all_messages_of_an_episode_share_a_thread() {
    assert_eq!(broke().thread().as_deref(), Some("acme/orders/preprod/17"));
    let now = broke().now;
    let alone = Announcement::new(Kind::Unverified, RepoName::from("a/b"), now);
    assert_eq!(alone.thread(), None);
}

#[test]
fn durations_and_moments_read_as_people_say_them() {
    let of = |seconds| length(SignedDuration::from_secs(seconds));
    assert_eq!(of(-5), "0 s");
    assert_eq!(of(12), "12 s");
    assert_eq!(of(60), "1 min");
    assert_eq!(of(95), "1 min 35 s");
    assert_eq!(of(38 * 60 + 12), "38 min");
    assert_eq!(of(2 * 3600 + 300), "2 h 5 min");
    assert_eq!(of(3 * 86_400 + 4 * 3600 + 7), "3 d 4 h");
    let (yesterday, today) = ("2026-11-20T23:59:00Z", "2026-11-21T00:01:00Z");
    let now = today.parse().unwrap();
    assert_eq!(
        moment(yesterday.parse().unwrap(), now),
        "2026-11-20 23:59 UTC"
    );
    assert_eq!(moment(now, now), "00:01 UTC");
}
