//! Whatever strangers write, the message keeps the structure we gave it (H12).
//!
//! Each property compares a hostile announcement with its twin, in which every stranger's text is
//! a harmless word: all that is not quoted must be the same, character by character.

use proptest::prelude::*;

use super::grammar::{Token, read, skeleton, visible};
use super::samples::{all, broke, failure, revision};
use crate::escape::tests::{hostile, is_harmful};
use crate::escape::utf16_units;
use crate::message::{
    Announcement, Cause, Kind, Look, LookAt, Suspect, TELEGRAM_BUDGET, TELEGRAM_ENTITIES_MAX,
    Unaffected,
};
use crate::name::{ChannelName, Digest, RepoName, Revision, StageName};
use crate::verdict::TestFailure;

/// Every text of an announcement replaced by the next of `texts`.
fn with_texts(mut told: Announcement, texts: &[String]) -> Announcement {
    let mut texts = texts.iter().cycle().cloned();
    let mut next = move || texts.next().unwrap_or_default();
    told.app = RepoName::new(next());
    told.stage = told.stage.map(|_| StageName::new(next()));
    told.revision = told.revision.map(|_| Revision::new(next()));
    told.artifact = told.artifact.map(|_| Digest::new(next()));
    match &mut told.kind {
        Kind::StageFileInvalid { problems, .. } => {
            problems.iter_mut().for_each(|problem| *problem = next());
        }
        Kind::Exhausted {
            channel,
            why,
            about,
            ..
        } => {
            *channel = ChannelName::new(next());
            (*why, *about) = (next(), next());
        }
        Kind::Refused { why } => *why = next(),
        Kind::Test { channel } => *channel = ChannelName::new(next()),
        Kind::Digest { held, .. } => held.iter_mut().for_each(|one| one.what = next()),
        _ => {}
    }
    match &mut told.cause {
        Some(Cause::Tests { failing, .. }) => {
            for failure in failing {
                (failure.test, failure.message, failure.file) = (next(), next(), next());
            }
        }
        Some(Cause::Step { step, excerpt }) => {
            *step = next();
            // The last line is there in the twin as well, or the twin would have no log at all.
            *excerpt = format!("{}\nend", next());
        }
        Some(Cause::Unknown { why }) => *why = next(),
        None => {}
    }
    for suspect in &mut told.suspects {
        suspect.revision = Revision::new(next());
        (suspect.author, suspect.subject) = (next(), next());
    }
    for other in &mut told.unaffected {
        other.stage = StageName::new(next());
        other.revision = other.revision.take().map(|_| Revision::new(next()));
    }
    if let Some(on_duty) = &mut told.on_duty {
        on_duty.person = next();
    }
    if let Some(green) = &mut told.last_green {
        green.revision = Revision::new(next());
    }
    for look in &mut told.look {
        // A link's label is in the link, so it is ours; its address is checked on its own.
        if let LookAt::Command(command) = &mut look.at {
            (look.label, *command) = (next(), next());
        }
    }
    told
}

fn check(told: &Announcement, twin: &Announcement) -> Result<(), TestCaseError> {
    let fail = |why: String| TestCaseError::fail(why);
    let telegram = told.render_telegram_html();
    let tokens = read(&telegram).map_err(fail)?;
    let twin_tokens = read(&twin.render_telegram_html()).map_err(fail)?;
    prop_assert_eq!(skeleton(&tokens), skeleton(&twin_tokens));
    let shown = visible(&tokens);
    prop_assert!(!shown.chars().any(|c| c != '\n' && is_harmful(c)));
    prop_assert!(utf16_units(&shown) <= TELEGRAM_BUDGET);
    let entities = tokens
        .iter()
        .filter(|t| matches!(t, Token::Open(_)))
        .count();
    prop_assert!(entities <= TELEGRAM_ENTITIES_MAX);

    let (mail, twin_mail) = (told.render_mail(), twin.render_mail());
    let tokens = read(&mail.html).map_err(fail)?;
    let twin_tokens = read(&twin_mail.html).map_err(fail)?;
    prop_assert_eq!(skeleton(&tokens), skeleton(&twin_tokens));
    prop_assert!(!visible(&tokens).chars().any(|c| c != '\n' && is_harmful(c)));
    prop_assert!(!mail.subject.chars().any(is_harmful));
    prop_assert!(utf16_units(&mail.subject) <= 200);

    // A log may have more lines than its twin; everything else has exactly as many. A log is known
    // by its margin, and no text of strangers gets to where one is.
    let lines = |text: &str, margin: &str| {
        text.lines()
            .filter(|line| !line.starts_with(margin))
            .count()
    };
    let (mail_log, console_log) = ("  | ", "    | ");
    prop_assert_eq!(
        lines(&mail.text, mail_log),
        lines(&twin_mail.text, mail_log)
    );
    prop_assert!(!mail.text.chars().any(|c| c != '\n' && is_harmful(c)));
    let console = told.render_console(false);
    let twin_console = twin.render_console(false);
    prop_assert_eq!(
        lines(&console, console_log),
        lines(&twin_console, console_log)
    );
    prop_assert!(!console.chars().any(|c| c != '\n' && is_harmful(c)));
    let mut painted = told.render_console(true);
    for ours in ["[0m", "[1m", "[1;31m", "[1;32m", "[1;33m", "[1;36m"] {
        painted = painted.replace(&format!("\u{1b}{ours}"), "");
    }
    prop_assert_eq!(painted, console);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn strangers_change_no_structure_on_any_sink(texts in prop::collection::vec(hostile(), 1..12)) {
        for (_, told) in all() {
            let twin = with_texts(told.clone(), &["x".to_owned()]);
            // Blame depends on whether two revisions are equal; the twin's must agree.
            let same = |a: &Announcement| {
                a.last_green.as_ref().map(|g| Some(&g.revision) == a.revision.as_ref())
            };
            let mut hostile = with_texts(told, &texts);
            if let (Some(green), true) = (&mut hostile.last_green, same(&twin) == Some(true)) {
                green.revision = hostile.revision.clone().unwrap_or_else(|| revision('0'));
            }
            check(&hostile, &twin)?;
            check(&hostile.bounded(), &twin)?;
        }
    }
}

/// Everything as long as it can be, in the characters that weigh most.
fn enormous(text: &str) -> Announcement {
    let mut told = with_texts(broke(), &[text.to_owned()]);
    told.cause = Some(Cause::Tests {
        failing: vec![
            TestFailure {
                test: text.to_owned(),
                message: text.to_owned(),
                ..failure(1)
            };
            20
        ],
        failed: u32::MAX,
        total: u32::MAX,
    });
    told.suspects = vec![
        Suspect {
            revision: Revision::new(text),
            author: text.to_owned(),
            subject: text.to_owned()
        };
        20
    ];
    told.unaffected = vec![
        Unaffected {
            stage: StageName::new(text),
            revision: Some(Revision::new(text)),
            held: true
        };
        20
    ];
    told.look = vec![
        Look {
            label: text.to_owned(),
            at: LookAt::Command(text.to_owned())
        };
        20
    ];
    told.possibly_repeated = true;
    told
}

#[test]
fn the_largest_message_is_within_telegrams_limits_and_loses_no_paragraph() {
    for text in [
        "😀".repeat(250),
        "<".repeat(1 << 18),
        "&\"'>".repeat(100),
        "w".repeat(5000),
    ] {
        let mut log = enormous(&text);
        log.cause = Some(Cause::Step {
            step: text.clone(),
            excerpt: format!("{text}\n").repeat(20),
        });
        for told in [enormous(&text), log] {
            let html = told.render_telegram_html();
            let tokens = read(&html).unwrap();
            let units = utf16_units(&visible(&tokens));
            assert!(units <= TELEGRAM_BUDGET, "{units}");
            for title in ["Suspects", "Not affected:", "Look:", "Next: "] {
                assert!(html.contains(title), "{title} is lost at {units} units");
            }
        }
    }
}

#[test]
fn a_bounded_announcement_fits_its_place_in_the_outbox_and_counts_what_it_cut() {
    // Identifiers are short by construction; everything a stranger writes is as long as can be.
    let mut told = enormous(&"😀".repeat(1 << 11));
    told.app = RepoName::from("acme/orders");
    told.stage = Some(StageName::from("preprod"));
    told.revision = Some(revision('9'));
    told.artifact = None;
    told.last_green = None;
    for suspect in &mut told.suspects {
        suspect.revision = revision('9');
    }
    for other in &mut told.unaffected {
        other.stage = StageName::from("prod");
        other.revision = Some(revision('4'));
    }
    let told = told.bounded();
    let size = serde_json::to_vec(&told).unwrap().len();
    assert!(size <= 128 * 1024, "{size} bytes");
    assert_eq!(told.suspects.len() + told.suspects_more as usize, 20 + 2);
    let again = told.clone().bounded();
    assert_eq!(again, told);
}
