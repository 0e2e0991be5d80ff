use greenroom_core::message::Kind;
use greenroom_core::name::RepoName;
use serde_json::Value;

use super::*;

fn about(stage: &str) -> Announcement {
    let now = "2026-11-21T14:41:30Z".parse().expect("it is a time");
    Announcement {
        stage: Some(StageName::from(stage)),
        episode: Some(17),
        ..Announcement::new(Kind::Broke, RepoName::from("acme/orders"), now)
    }
}

#[test]
fn a_subject_is_one_line_of_printable_ascii_that_sns_takes() {
    assert_eq!(subject(&about("preprod")), "[preprod] broke (#17)");
    let long = "long-".repeat(40);
    for stage in [
        "größe",
        "a\r\nBcc: x@evil.example",
        "\u{202e}gnp",
        "",
        &long,
    ] {
        let subject = subject(&about(stage));
        assert!(subject.len() <= SUBJECT_MAX, "{subject}");
        assert!(
            subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "{subject}"
        );
        assert!(subject.starts_with('['), "{subject}");
    }
}

#[test]
fn mail_gets_the_whole_text_and_everything_else_a_text_too() {
    let announcement = about("preprod");
    let message: Value = serde_json::from_str(&message(&announcement)).expect("it is JSON");
    assert_eq!(message["email"], announcement.render_text());
    assert_eq!(message["default"], announcement.render_chat_text());
}

#[test]
fn only_what_is_wrong_with_the_message_ends_its_tries() {
    let refused = |code: &str| {
        refusal(Failure::Refused {
            code: code.to_owned(),
            why: "no".to_owned(),
        })
    };
    assert!(matches!(refused("NotFound"), SendError::Refused { .. }));
    assert!(matches!(
        refused("InvalidParameter"),
        SendError::Refused { .. }
    ));
    assert!(matches!(
        refused("ExpiredToken"),
        SendError::Unavailable { .. }
    ));
    let throttled = refusal(Failure::Throttled { why: String::new() });
    assert!(matches!(throttled, SendError::Throttled { .. }));
}
