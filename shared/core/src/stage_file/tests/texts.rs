//! Patterns, templates, names and lengths of time by example.

use super::*;
use crate::stage_file::slug::suffixed;

#[test]
fn a_pattern_matches_the_whole_name_by_segments() {
    let cases = [
        ("develop", "develop", true),
        ("develop", "develop2", false),
        ("develop", "Develop", false),
        ("*", "main", true),
        ("*", "a/b", false),
        ("feature/*", "feature/x", true),
        ("feature/*", "feature/x/y", false),
        ("feature/**", "feature/x/y", true),
        ("feature/**", "feature", false),
        ("**", "a/b/c", true),
        ("**/x", "x", true),
        ("**/x", "a/b/x", true),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b", true),
        ("{feature,fix}/*", "fix/1", true),
        ("{feature,fix}/*", "bug/1", false),
        ("v{1,2{,.*}}", "v2.7", true),
        ("v{1,2{,.*}}", "v2", true),
        ("v*-rc*", "v1.0-rc.2", true),
        ("release/*", "release/🙂", true),
        ("a.c", "abc", false),
        ("a+(b)$", "a+(b)$", true),
    ];
    for (pattern, name, expected) in cases {
        let pattern = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        assert_eq!(pattern.matches(name), expected, "{pattern} {name}");
    }
}

#[test]
fn covering_is_claimed_only_where_every_name_is_taken() {
    let cases = [
        ("**", "feature/*", true),
        ("*", "main", true),
        ("feature/**", "feature/a/*", true),
        ("{a,b}/*", "a/x", true),
        ("feature/*", "feature/**", false),
        ("feature/**", "feature", false),
        ("a*", "ab", true),
        ("a*", "b", false),
        ("*", "**", false),
        ("**/x", "x", true),
        ("**/x", "**/x", true),
        ("**/x", "**/y", false),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/**/c/b", true),
        ("a/**/b", "a/b/c", false),
        ("a/**/b", "b/a/b", false),
        ("**/a/**", "x/a/y", true),
        ("**/a/**", "x/a", false),
        ("a", "a/b", false),
        ("a/b", "a", false),
        ("a*c*e", "abcde", true),
        ("a*c*e", "abcdef", false),
        ("a*", "a*", true),
        ("*a", "b*", false),
    ];
    for (ours, theirs, expected) in cases {
        let (one, two) = (Pattern::parse(ours), Pattern::parse(theirs));
        let (one, two) = (one.expect("a pattern"), two.expect("a pattern"));
        assert_eq!(one.covers(&two), expected, "{ours} {theirs}");
    }
}

#[test]
fn a_pattern_of_many_stars_is_compared_without_trying_every_length_of_each() {
    // Every `**` could stand for any of a hundred segments; none of it fits the last one.
    let stars = Pattern::parse(&format!("{}x", "**/a/".repeat(39))).unwrap();
    let plain = Pattern::parse(&format!("{}a", "a/".repeat(99))).unwrap();
    assert!(!stars.covers(&plain));
    let ends = Pattern::parse(&format!("{}x", "a/".repeat(99))).unwrap();
    assert!(stars.covers(&ends));
}

#[test]
fn a_name_that_lost_anything_ends_in_a_hash() {
    assert_eq!(slug("feature-x").as_str(), "feature-x");
    for text in [
        "Feature-x",
        "feature_x",
        "feature/x",
        "feature--x",
        "-feature-x",
        "feature-x-",
        "feature-🙂x",
    ] {
        let name = slug(text);
        assert_ne!(name.as_str(), "feature-x", "{text}");
        assert!(name.as_str().starts_with("feature-x-"), "{text} -> {name}");
        assert!(is_stage_name(name.as_str()), "{name}");
    }
    let long = slug("a-name-of-more-than-24-characters");
    assert_eq!(long.as_str().len(), STAGE_NAME_MAX);
    assert_ne!(long, slug("a-name-of-more-than-24-characterz"));
    assert_eq!(slug("").as_str().len(), 6);
    assert_eq!(slug("🙂🙂").as_str().len(), 6);
    assert_ne!(suffixed("a", "x"), suffixed("a", "y"));
}

#[test]
fn two_references_in_a_name_cannot_run_into_each_other() {
    let template = Template::parse("${actor}-${branch.slug}").expect("a template");
    let name = |actor: &str, branch: &str| {
        let values = Values {
            actor: Some(actor.into()),
            branch: Some(branch.to_owned()),
            ..Values::default()
        };
        template.stage_name(&values).expect("both are known")
    };
    assert_ne!(name("a-b", "c"), name("a", "b-c"));
}

#[test]
fn logins_that_differ_in_case_only_are_one_person() {
    let template = Template::parse("${actor}").expect("a template");
    let name = |actor: &str| {
        let values = Values {
            actor: Some(actor.into()),
            ..Values::default()
        };
        template.stage_name(&values).expect("the actor is known")
    };
    assert_eq!(name("Alice"), name("alice"));
    assert_eq!(name("Alice").as_str(), "alice");
}

#[test]
fn a_dollar_without_a_brace_is_itself() {
    let template = Template::parse("$5 and $HOME and $$ and }").expect("a template");
    assert_eq!(template.as_literal(), Some("$5 and $HOME and $$ and }"));
}

#[test]
fn references_are_filled_in() {
    let template = Template::parse("https://${stage}.x/${outputs.PATH}?b=${branch.slug}&pr=${pr}");
    let values = Values {
        stage: Some("dev".into()),
        branch: Some("feature/x".to_owned()),
        pr: Some(12),
        outputs: [("PATH".to_owned(), "api".to_owned())].into(),
        actor: None,
    };
    let expected = format!("https://dev.x/api?b={}&pr=12", slug("feature/x"));
    let got = template.expect("a template").render(&values);
    assert_eq!(got, Ok(Rendered::Text(expected)));
}

#[test]
fn lengths_of_time_read_and_write_alike() {
    for (text, seconds) in [
        ("30s", 30),
        ("15m", 900),
        ("24h", 86_400),
        ("7d", 604_800),
        ("1h30m", 5_400),
        ("1d1s", 86_401),
    ] {
        assert_eq!(
            parse_duration(text),
            Ok(SignedDuration::from_secs(seconds)),
            "{text}"
        );
    }
    assert_eq!(format_duration(SignedDuration::from_secs(5_400)), "1h30m");
    assert_eq!(format_duration(SignedDuration::from_hours(24)), "1d");
    assert_eq!(format_duration(SignedDuration::ZERO), "0s");
    for text in [
        "",
        "5",
        "5x",
        "m",
        "1m1h",
        "1h1h",
        "-1h",
        "1.5h",
        "1 h",
        "0s",
        "367d",
        "9999999999999999999s",
        "５s",
    ] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
}
