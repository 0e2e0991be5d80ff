use std::path::Path;

use super::act::{Act, Change, Git};
use super::*;
use crate::sample_repo::ALICE;

const BEGIN: &str = "on Monday at 09:00 there are the branches master and develop\n";

fn problems(line: &str) -> Vec<Problem> {
    let parsed = Script::parse(&format!("{BEGIN}{line}\n"));
    parsed.expect_err("it is no sentence")
}

#[test]
fn text_is_kept_and_sentences_are_read() {
    let text = format!("# A day\n\n{BEGIN}alice pushes \"Add coupons\" to feature/cs/VW-525_x.\n");
    let script = Script::parse(&text).unwrap();
    assert_eq!(script.lines[0], Line::Text("# A day".to_owned()));
    let Line::Act { act, .. } = &script.lines[3] else {
        panic!("{:?}", script.lines);
    };
    let commit = Git::Commit {
        branch: "feature/cs/VW-525_x".to_owned(),
        subject: Some("Add coupons".to_owned()),
        change: Change::Harmless,
    };
    assert_eq!(
        *act,
        Act::Git {
            who: ALICE,
            what: commit
        }
    );
}

#[test]
fn what_is_no_sentence_is_told_with_its_line_and_the_nearest() {
    let [problem] = &problems("alice pushs develop")[..] else {
        panic!("one line is wrong");
    };
    assert_eq!(problem.line, 2);
    assert_eq!(problem.nearest, "{person} pushes {branch}");
    let text = problem.to_string();
    assert!(text.contains("expected `pushes` after `alice`"), "{text}");

    let [problem] = &problems("alise pushes develop")[..] else {
        panic!("one line is wrong");
    };
    assert!(problem.expected.contains("alice, bob"), "{problem}");
    let [problem] = &problems("three dayz pass")[..] else {
        panic!("one line is wrong");
    };
    assert!(problem.nearest.starts_with("{length}"), "{problem}");
}

#[test]
fn every_wrong_line_is_told_at_once() {
    let all = problems("nobody does anything\neve approves\n");
    assert_eq!(all.iter().map(|one| one.line).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_scenario_says_first_when_it_begins_and_says_it_once() {
    assert_eq!(Script::parse("eve approves prod\n").unwrap_err()[0].line, 1);
    assert_eq!(problems(BEGIN.trim())[0].line, 2);
}

#[test]
fn each_sentence_can_be_said_and_means_one_thing_only() {
    for sentence in SENTENCES {
        let said = sentence.pattern.split(' ').map(|part| match part {
            "{person}" => "alice".to_owned(),
            "{branch}" | "{from}" | "{into}" => "release/1.2".to_owned(),
            "{stage}" | "{other}" => "prod".to_owned(),
            "{mark}" => "accepted".to_owned(),
            "{tag}" => "v1".to_owned(),
            "{subject}" => "\"A subject\"".to_owned(),
            "{day}" => "Monday".to_owned(),
            "{time}" => "09:00".to_owned(),
            "{length}" => "three days".to_owned(),
            "{branches}" => "master and develop".to_owned(),
            "{page}" => "version".to_owned(),
            "{text}" => "it is late".to_owned(),
            word => word.split('|').next().unwrap_or_default().to_owned(),
        });
        let said = said.collect::<Vec<_>>().join(" ");
        let fitting: Vec<_> = SENTENCES
            .iter()
            .filter(|known| pattern::fit(known.pattern, &said).is_ok())
            .map(|known| known.pattern)
            .collect();
        assert_eq!(fitting, [sentence.pattern], "{said}");
    }
}

#[test]
fn every_example_is_made_of_sentences() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for example in Example::all(&examples).unwrap() {
        let text = std::fs::read_to_string(example.folder.join("scenario.txt")).unwrap();
        if let Err(problems) = Script::parse(&text) {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            panic!("{}: {}", example.name, problems.join("\n"));
        }
    }
}

#[test]
fn whatever_an_example_changes_is_pushed_by_a_commit_of_that_name() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for example in Example::all(&examples).unwrap() {
        let Ok(changes) = std::fs::read_dir(example.folder.join(world::CHANGES)) else {
            continue;
        };
        let text = std::fs::read_to_string(example.folder.join("scenario.txt")).unwrap();
        let quoted: Vec<_> = text.split('"').map(world::slug).collect();
        for change in changes {
            let name = change.unwrap().file_name().into_string().unwrap();
            assert!(quoted.contains(&name), "{}: {name}", example.name);
        }
    }
}

#[test]
fn lengths_and_instants_are_told_so_that_a_few_seconds_make_no_difference() {
    for (told, same) in [
        ("0 s", "1 min 12 s"),
        ("5 h 59 min", "6 h 2 min"),
        ("23 h 59 min", "1 d"),
        ("1 d 5 h", "1 d 6 h"),
        ("2 d 23 h", "3 d"),
    ] {
        assert_eq!(prose::said(told), prose::said(same), "{told}, {same}");
    }
    assert_eq!(prose::said("6 h 2 min"), "6 h");
    assert_eq!(prose::brief("for 59s"), prose::brief("for 2m"));
    assert_eq!(prose::brief("in 23h"), "in 23h");
    let at = |text: &str| prose::day(text.parse().unwrap());
    assert_eq!(at("2026-11-23T09:03:10Z"), "Monday 23 November, 09:00");
    assert_eq!(at("2026-11-23T08:59:58Z"), "Monday 23 November, 09:00");
}
