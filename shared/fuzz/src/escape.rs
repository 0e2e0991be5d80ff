//! Messages: what strangers write changes nothing but the words between our quotes.
//!
//! An announcement is made twice with one shape, once with the input's texts and once with a
//! harmless word for each. Both are rendered for every sink and read back by that sink's grammar,
//! and must be the same but for what is quoted. An input is `shape: ` and some letters, an empty
//! line, and texts with a line `--` between them.

mod made;

#[path = "../../core/src/message/tests/grammar.rs"]
mod grammar;

use greenroom_core::escape::utf16_units;
use greenroom_core::message::{Announcement, TELEGRAM_BUDGET, TELEGRAM_ENTITIES_MAX};
use greenroom_local::mail::letter;
use greenroom_testkit::fake_smtp::ReceivedMail;
use greenroom_testkit::fake_telegram::{active_words, read_html};

use crate::sections::Sections;
use crate::terminal::{assert_harmless, is_harmful};
use grammar::{Token, read, skeleton, visible};
use made::{Shape, Texts};

/// # Panics
/// When a promise is broken.
pub fn run(data: &[u8]) {
    let sections = Sections::of(data);
    let shape = Shape::of(sections.bytes("shape").unwrap_or_default());
    let body = String::from_utf8_lossy(sections.body);
    let texts: Vec<&str> = body.split("\n--\n").collect();
    let told = shape.announcement(&Texts::of(&texts));
    let twin = shape.announcement(&Texts::harmless(&texts));
    compare(&told, &twin);

    let kept = serde_json::to_vec(&told).expect("an announcement is JSON");
    let again: Announcement = serde_json::from_slice(&kept).expect("it is read again");
    assert_eq!(again, told);
    let bounded = told.bounded();
    assert_eq!(bounded.clone().bounded(), bounded);
    compare(&bounded, &twin.bounded());
}

fn compare(told: &Announcement, twin: &Announcement) {
    telegram(told, twin);
    mail(told, twin);
    texts("mail's text", &told.render_text(), &twin.render_text());
    texts(
        "chat's text",
        &told.render_chat_text(),
        &twin.render_chat_text(),
    );
    console(told, twin);
}

fn tokens(html: &str) -> Vec<Token> {
    read(html).unwrap_or_else(|why| panic!("{why} in {html:?}"))
}

fn telegram(told: &Announcement, twin: &Announcement) {
    let (html, twin) = (told.render_telegram_html(), twin.render_telegram_html());
    let ours = tokens(&html);
    assert_eq!(skeleton(&ours), skeleton(&tokens(&twin)));
    let shown = visible(&ours);
    assert_harmless("message", &shown);
    assert!(utf16_units(&shown) <= TELEGRAM_BUDGET);

    // And as the Bot API reads it.
    let (text, entities) = read_html(&html).unwrap_or_else(|why| panic!("{why} in {html:?}"));
    let (twin_text, twin_entities) = read_html(&twin).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(text, shown);
    assert!(entities.len() <= TELEGRAM_ENTITIES_MAX);
    let kinds = |entities: &[greenroom_testkit::fake_telegram::Entity]| {
        let all = entities.iter();
        all.map(|one| (one.kind, one.url.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&entities), kinds(&twin_entities));
    assert_eq!(
        active_words(&text, &entities),
        active_words(&twin_text, &twin_entities),
        "in {text:?}"
    );
}

fn mail(told: &Announcement, twin: &Announcement) {
    let mail = told.render_mail();
    let (ours, theirs) = (tokens(&mail.html), tokens(&twin.render_mail().html));
    assert_eq!(skeleton(&ours), skeleton(&theirs));
    assert_harmless("page", &visible(&ours));
    assert!(!mail.subject.chars().any(is_harmful), "{:?}", mail.subject);
    assert!(utf16_units(&mail.subject) <= 200);

    // And as a mail program gets it.
    let received = posted(told);
    assert_eq!(received.first_problem(), None);
    assert_eq!(received.subject(), mail.subject);
    let text = received.part("text/plain").expect("a text part");
    assert_eq!(text, mail.text.trim_end());
    let html = received.part("text/html").expect("an HTML part");
    assert_eq!(html, mail.html.trim_end());
    assert_eq!(header_names(&received.raw), header_names(&posted(twin).raw));
}

fn posted(told: &Announcement) -> ReceivedMail {
    let from = "Greenroom <alerts@acme.example>";
    let to = ["team@acme.example".to_owned()];
    let letter = letter::write(from, &to, told, "key").expect("the letter is written");
    let raw = String::from_utf8(letter.bytes).expect("a mail of ours is text");
    ReceivedMail::new(letter.from.to_string(), to.to_vec(), raw)
}

/// Names of the headers of a mail, in order; folded lines belong to the one before.
fn header_names(raw: &str) -> Vec<&str> {
    let head = raw.split_once("\r\n\r\n").map_or(raw, |(head, _)| head);
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').map_or(line, |(name, _)| name))
        .collect()
}

/// A log may have more lines than its twin; everything else has exactly as many.
fn lines(text: &str) -> usize {
    let of_a_log = |line: &&str| line.trim_start().starts_with("| ");
    text.lines().count() - text.lines().filter(of_a_log).count()
}

fn texts(what: &str, text: &str, twin: &str) {
    assert_harmless(what, text);
    assert_eq!(lines(text), lines(twin), "{text:?}");
    assert_eq!(
        active_words(text, &[]),
        active_words(twin, &[]),
        "in {text:?}"
    );
}

fn console(told: &Announcement, twin: &Announcement) {
    let plain = told.render_console(false);
    assert_harmless("log", &plain);
    assert_eq!(
        lines(&plain),
        lines(&twin.render_console(false)),
        "{plain:?}"
    );
    let mut painted = told.render_console(true);
    for ours in ["[0m", "[1m", "[1;31m", "[1;32m", "[1;33m", "[1;36m"] {
        painted = painted.replace(&format!("\u{1b}{ours}"), "");
    }
    assert_eq!(painted, plain);
}
