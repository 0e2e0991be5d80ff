use std::process::Command;

use proptest::prelude::*;

use super::*;

/// What a shell makes of the word.
fn said(word: &str, environment: &[(&str, &str)]) -> String {
    let output = Command::new("/bin/sh")
        .args(["-c", &format!("printf '%s' {word}")])
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .expect("a shell");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{word}: {output:?}"
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn what_shells_look_for_is_only_text() {
    for text in [
        "",
        "'",
        "''",
        "\\",
        "$HOME",
        "`id`",
        "$(id)",
        "a\nb\n",
        "!x",
        "*",
        "~",
        "\"",
        "#",
        "-n",
        "%s",
        "'; exit 3; '",
        "{{resolve:ssm:x}}",
        "\u{2028}é\t\r",
    ] {
        assert_eq!(said(&quote(text), &[]), text);
    }
}

#[test]
fn a_template_is_filled_from_the_starts_variables_and_never_read_twice() {
    let template =
        Template::parse("it's ${stage}-${pr}$(id) ${actor}/${branch.slug}").expect("legal");
    let values = [
        ("GREENROOM_STAGE", "$(touch x)"),
        ("GREENROOM_PR", "7"),
        ("GREENROOM_ACTOR", "a b*"),
        ("GREENROOM_BRANCH", "'\""),
    ];
    let word = word(&template).expect("no secret");
    assert_eq!(said(&word, &values), "it's $(touch x)-7$(id) a b*/'\"");
    let empty = Template::parse("").expect("legal");
    assert_eq!(super::word(&empty).as_deref(), Some("''"));
    let secret = Template::parse("${secret:a}").expect("legal");
    assert_eq!(super::word(&secret), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives_a_shell(text in "[^\0]{0,60}") {
        prop_assert_eq!(said(&quote(&text), &[]), text);
    }

    #[test]
    fn any_text_survives_two_shells(text in r#"['"$`\\(){};&|<>*?!#~\n a-c-]{0,40}"#) {
        let inner = format!("printf '%s' {}", quote(&text));
        let word = quote(&inner);
        prop_assert_eq!(said(&format!("\"$(/bin/sh -c {word}; printf x)\""), &[("PATH", "/usr/bin:/bin")]), text + "x");
    }
}
