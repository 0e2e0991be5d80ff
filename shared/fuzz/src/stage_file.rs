//! Stage files: any bytes are a file that holds, or are refused with at least one problem in its
//! place; either way the same each time, and fit to be shown.

/// How the CLI draws problems.
#[path = "../../../cli/src/output/report.rs"]
mod report;
// Of the CLI's ways to write a text only those are needed that draw problems.
#[allow(dead_code, reason = "see above")]
#[path = "../../../cli/src/output/text.rs"]
mod text;

use greenroom_core::name::{Actor, RefName};
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage_file::{
    Diagnostics, FILE_BYTES_MAX, From, Severity, StageFile, check, is_stage_name,
};

use crate::terminal::assert_harmless;

/// # Panics
/// When a promise is broken.
pub fn run(data: &[u8]) {
    let (file, found) = check("greenroom.yaml", data);
    let (again, found_again) = check("greenroom.yaml", data);
    assert_eq!(found, found_again);
    assert_eq!(format!("{file:?}"), format!("{again:?}"));
    problems(&found);
    match &file {
        Some(file) => {
            assert!(data.len() <= FILE_BYTES_MAX);
            assert!(!found.has_errors());
            holds(file, data);
        }
        None => assert!(found.has_errors(), "refused without a reason"),
    }
    let parsed = StageFile::parse("greenroom.yaml", data);
    assert_eq!(parsed.is_ok(), file.is_some());
}

fn problems(found: &Diagnostics) {
    for one in &found.list {
        let span = one.span.clone();
        assert!(
            found.source.get(span).is_some(),
            "{one:?} is outside of the text"
        );
        assert!(!one.message.is_empty(), "{one:?}");
        let said = [&one.message, &one.label, &one.help];
        assert!(
            !said.iter().any(|text| text.chars().any(char::is_control)),
            "{one:?}"
        );
        assert!(
            one.severity == Severity::Warning || !one.help.is_empty(),
            "{one:?}"
        );
        let (line, column) = found.position(one.span.start);
        assert!(line >= 1 && column >= 1);
    }
    let shown = found.to_string();
    let more = usize::from(found.omitted > 0);
    assert_eq!(shown.lines().count(), found.list.len() + more, "{shown:?}");
    for columns in [0, 60, 200] {
        assert_harmless("report", &uncoloured(&report::draw(found, columns)));
    }
}

/// A report without the colours that whoever draws it puts in.
fn uncoloured(report: &str) -> String {
    let mut out = String::new();
    for (index, piece) in report.split("\u{1b}[").enumerate() {
        let text = piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match text.strip_prefix('m') {
            Some(rest) if index > 0 => out.push_str(rest),
            _ if index > 0 => out.push_str(&format!("\u{1b}[{piece}")),
            _ => out.push_str(piece),
        }
    }
    out
}

/// What a file that holds promises to all who use it.
fn holds(file: &StageFile, data: &[u8]) {
    assert_eq!(file.hash.as_str().len(), 16);
    drop(file.secrets());
    let mut longer = data.to_vec();
    longer.extend_from_slice(b"\n# nothing\n");
    if longer.len() <= FILE_BYTES_MAX && !ends_open(data) {
        let (same, found) = check("greenroom.yaml", &longer);
        let same = same.unwrap_or_else(|| panic!("a comment at the end is refused: {found}"));
        assert_ne!(same.hash, file.hash);
        let hashes = |file: &StageFile| {
            let rules = file.rules.iter();
            rules
                .map(|rule| (rule.recipe.clone(), rule.settings.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(hashes(&same), hashes(file));
    }
    for rule in &file.rules {
        assert!(file.rule(&rule.name).is_some());
    }
    for trigger in triggers(file) {
        let first = resolve(file, &trigger);
        assert_eq!(resolve(file, &trigger), first);
        if let Some(stage) = &first.stage {
            assert!(is_stage_name(stage.as_str()), "{stage:?}");
            let rule = first.rule.as_ref().and_then(|name| file.rule(name));
            let rule = rule.expect("a stage comes from a rule");
            // A secret is named by it, never looked up; anything else must be there.
            drop(file.variables_for(rule, &first.values));
        }
        assert!(first.tried.len() <= file.rules.len());
    }
}

/// Text after the end of a document, or at the end of a block of text, is no comment.
fn ends_open(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    text.contains("\n...") || text.contains("|+") || text.contains(">+") || text.contains('\r')
}

/// Something for every rule, and something for none.
fn triggers(file: &StageFile) -> Vec<Trigger> {
    let push = |reference: String, event: Event| Trigger {
        event,
        reference: RefName::new(reference),
        actor: Some(Actor::new("Ana-Ferri")),
        deleted: false,
    };
    let named = |pattern: &str| {
        let cut = pattern.split(['{', '}', ',']).next().unwrap_or_default();
        cut.replace("**", "a/B").replace('*', "ü")
    };
    let mut all = vec![push("refs/heads/master".to_owned(), Event::Push)];
    for rule in file.rules.iter().take(20) {
        match &rule.from {
            From::Branch { pattern, .. } | From::Select { pattern } => {
                let name = named(pattern.as_str());
                all.push(push(format!("refs/heads/{name}"), Event::Push));
            }
            From::Tag { pattern } => {
                let name = named(pattern.as_str());
                all.push(push(format!("refs/tags/{name}"), Event::Tag));
            }
            From::PullRequest {
                base,
                labels,
                forks,
            } => {
                let event = Event::PullRequest {
                    number: 7,
                    base: named(base.as_str()),
                    labels: labels.clone(),
                    fork: forks.is_some(),
                };
                all.push(push("refs/heads/x".to_owned(), event));
            }
            _ => {}
        }
        let event = Event::Schedule {
            rule: rule.name.clone(),
        };
        all.push(push("refs/heads/master".to_owned(), event));
    }
    all
}
