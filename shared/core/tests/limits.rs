//! What hostile input costs, and that none of it is a panic.

use greenroom_core::schedule::Schedule;
use greenroom_core::stage_file::{FILE_BYTES_MAX, Pattern, StageFile, Template, check, slug};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const VALID: [&str; 2] = [
    include_str!("valid/design.yaml"),
    include_str!("valid/everything.yaml"),
];

/// A file that is refused; what would never end is ended by the test runner.
fn code(text: &[u8]) -> &'static str {
    let (file, all) = check("x.yaml", text);
    assert!(file.is_none());
    all.errors().next().expect("an error").code
}

#[test]
fn a_file_over_the_limit_is_refused_unread() {
    let ten_megabytes = vec![b'x'; 10 * 1024 * 1024];
    assert_eq!(code(&ten_megabytes), "too-large");
    assert_eq!(code(&vec![b' '; FILE_BYTES_MAX + 1]), "too-large");
    assert_eq!(code(&vec![b' '; FILE_BYTES_MAX]), "empty-file");
}

#[test]
fn aliases_that_multiply_are_stopped_by_the_budget() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (inner, outer) in "abcdefghijklmnop".chars().zip("bcdefghijklmnopq".chars()) {
        let uses = vec![format!("*{inner}"); 9].join(", ");
        text.push_str(&format!("{outer}: &{outer} [{uses}]\n"));
    }
    assert_eq!(code(text.as_bytes()), "over-budget");
}

#[test]
fn too_many_values_and_too_deep_nesting_are_stopped_by_the_budget() {
    let wide = format!("a: [{}]", "x, ".repeat(50_000));
    assert_eq!(code(wide.as_bytes()), "over-budget");
    let keys: String = (0..15_000).map(|n| format!("k{n}: 1\n")).collect();
    assert_eq!(code(keys.as_bytes()), "over-budget");
    let flow = format!("a: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(code(flow.as_bytes()), "over-budget");
    let block: String = (0..400).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert_eq!(code(block.as_bytes()), "over-budget");
}

#[test]
fn thousands_of_problems_are_counted_and_a_hundred_listed() {
    let keys: String = (0..5_000).map(|n| format!("stage{n}: 1\n")).collect();
    let (_, all) = check("x.yaml", keys.as_bytes());
    assert_eq!(all.list.len(), 100);
    // Three required keys are missing as well.
    assert_eq!(all.omitted, 5_003 - 100);
}

#[test]
fn a_file_whose_checks_would_take_long_is_refused_early() {
    let stages = |count: usize, pattern: &str| -> String {
        let head =
            "version: 1\napp: a/b\npipelines: { p: { steps: [{ name: d, run: d }] } }\nstages:\n";
        let stage =
            |n| format!("  s{n}: {{ from: {{ branch: \"{pattern}{n}\" }}, pipeline: p }}\n");
        head.to_owned() + &(0..count).map(stage).collect::<String>()
    };
    assert_eq!(code(stages(1_000, "").as_bytes()), "too-many");
    assert_eq!(
        code(stages(2_000, "{a,b}{c,d}{e,f}{g,h}{i,j}{k,l}*").as_bytes()),
        "too-many"
    );
    assert!(
        check("x.yaml", stages(200, "{a,b,c}/*").as_bytes())
            .0
            .is_some()
    );
}

#[test]
fn patterns_full_of_stars_are_compared_without_trying_every_way() {
    let ours = "**/a/".repeat(39);
    let theirs = "a/".repeat(99) + "a";
    for (end, warned) in [("b", false), ("a", true)] {
        let text = format!(
            "version: 1\napp: a/b\npipelines: {{ p: {{ steps: [{{ name: d, run: d }}] }} }}\nstages:\n  \
             one: {{ from: {{ branch: \"{ours}{end}\" }}, pipeline: p }}\n  \
             two: {{ from: {{ branch: \"{theirs}\" }}, pipeline: p }}\n"
        );
        let (file, all) = check("x.yaml", text.as_bytes());
        assert!(file.is_some(), "{all}");
        let hidden = all.list.iter().any(|one| one.code == "unreachable");
        assert_eq!(hidden, warned);
    }
}

/// Runs `property` on the same cases every time; no file remembers failures.
fn holds<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner
        .run(strategy, property)
        .unwrap_or_else(|error| panic!("{error}"));
}

fn sane(bytes: &[u8]) -> Result<(), TestCaseError> {
    let (file, all) = check("x.yaml", bytes);
    prop_assert_eq!(file.is_none(), all.has_errors());
    for one in &all.list {
        prop_assert!(all.source.get(one.span.clone()).is_some(), "{:?}", one);
        let _ = all.position(one.span.start);
    }
    Ok(())
}

#[test]
fn a_mutated_valid_file_is_never_a_panic() {
    let edit = (any::<prop::sample::Index>(), 0_usize..12, "[\\PC\n\t]{0,6}");
    let edits = (0_usize..2, prop::collection::vec(edit, 1..6));
    holds(&edits, |(which, edits)| {
        let mut text = VALID[which].to_owned();
        for (at, delete, insert) in edits {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((start + delete).min(text.len()));
            text.replace_range(start..end.max(start), &insert);
        }
        sane(text.as_bytes())
    });
}

#[test]
fn lines_in_another_order_are_never_a_panic() {
    let swaps = (
        0_usize..2,
        prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..8),
    );
    holds(&swaps, |(which, swaps)| {
        let mut lines: Vec<&str> = VALID[which].lines().collect();
        for (one, other) in swaps {
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            lines.swap(one, other);
        }
        sane(lines.join("\n").as_bytes())
    });
}

#[test]
fn any_bytes_are_never_a_panic() {
    holds(&prop::collection::vec(any::<u8>(), 0..300), |bytes| {
        sane(&bytes)
    });
    holds(&"[-:{}\\[\\],&*#?|>'\"%@`! \n\ta-c0-9~<$]{0,80}", |text| {
        sane(text.as_bytes())
    });
}

#[test]
fn any_text_makes_a_legal_stage_name() {
    holds(&"\\PC{0,60}", |text| {
        let name = slug(&text);
        prop_assert!(
            greenroom_core::stage_file::is_stage_name(name.as_str()),
            "{:?} -> {}",
            text,
            name
        );
        prop_assert_eq!(slug(name.as_str()), name);
        Ok(())
    });
}

#[test]
fn any_text_is_a_pattern_and_a_template_or_an_error() {
    holds(&"[*{},/a-c$.:]{0,40}|\\PC{0,40}", |text| {
        if let Ok(pattern) = Pattern::parse(&text) {
            let _ = pattern.matches(&text);
            prop_assert!(pattern.covers(&pattern), "{:?}", pattern);
        }
        if let Ok(template) = Template::parse(&text) {
            prop_assert_eq!(template.as_str(), text);
        }
        Ok(())
    });
}

#[test]
fn any_text_is_a_schedule_or_an_error() {
    let cron = "([0-9*/,-]{1,6}|[0-9]{1,7}-[0-9]{1,7}|\\*/[0-9]{1,6}|MON#[0-9]|L|[0-9]W|[A-Z]{3}){1,2}( ([0-9*/,L#W?+-]{1,6}|\\*)){3,6}";
    let moment: Timestamp = "2026-03-28T12:00:00Z".parse().expect("a moment");
    holds(&(cron, 0_usize..3), |(cron, zone)| {
        let zone = ["UTC", "Europe/Rome", "Pacific/Apia"][zone];
        if let Ok(schedule) = Schedule::parse(&cron, zone) {
            let next = schedule.next_after(moment).expect("it fires");
            prop_assert!(next > moment, "{}", cron);
            prop_assert_eq!(schedule.last_until(next), Some(next), "{}", cron);
        }
        Ok(())
    });
    holds(&"\\PC{0,30}", |text| {
        let _ = Schedule::parse(&text, &text);
        Ok(())
    });
}

#[test]
fn the_valid_files_hold() {
    for text in VALID {
        let file =
            StageFile::parse("x.yaml", text.as_bytes()).unwrap_or_else(|all| panic!("{all}"));
        assert!(!file.rules.is_empty());
    }
}
