//! Every file under `tests/broken/` is told apart by what is said about it.
//!
//! Beside each `NAME.yaml` lies `NAME.txt`: its diagnostics as they should be. `UPDATE=1`
//! rewrites them; the diff is then for a person to read.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use greenroom_core::stage_file::{Diagnostics, Severity, check};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken")
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("the corpus");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut file = fs::File::open(path).expect("the file");
    file.read_to_end(&mut bytes).expect("its bytes");
    bytes
}

fn told(all: &Diagnostics) -> String {
    let mut out = String::new();
    for one in &all.list {
        let (line, column) = all.position(one.span.start);
        let severity = match one.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let text = all
            .source
            .get(one.span.clone())
            .unwrap_or("?? span outside the text");
        let text: String = text.chars().take(40).collect();
        let _ = writeln!(
            out,
            "{line}:{column} {severity}[{}] {}",
            one.code, one.message
        );
        let _ = writeln!(out, "    at {text:?}: {}", one.label);
        let _ = writeln!(out, "    help: {}", one.help);
        if let Some(word) = &one.suggestion {
            let _ = writeln!(out, "    did you mean `{word}`?");
        }
    }
    out
}

#[test]
fn each_broken_file_is_told_what_is_wrong_with_it() {
    let mut different = Vec::new();
    for path in files() {
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let (_, all) = check(&format!("{name}.yaml"), &read(&path));
        let told = told(&all);
        let golden = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &told).expect("the golden file");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if told != expected {
            different.push(format!("--- {name}\n{told}--- expected\n{expected}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn no_file_of_the_corpus_comes_into_force_unremarked() {
    let files = files();
    assert!(files.len() >= 60, "the corpus has {} files", files.len());
    for path in files {
        let (_, all) = check("x.yaml", &read(&path));
        assert!(
            !all.list.is_empty(),
            "{} has nothing wrong with it",
            path.display()
        );
    }
}

#[test]
fn every_diagnostic_has_a_place_a_reason_and_a_way_out() {
    for path in files() {
        let (_, all) = check("x.yaml", &read(&path));
        for one in &all.list {
            let at = format!("{}: {one:?}", path.display());
            assert!(all.source.get(one.span.clone()).is_some(), "{at}");
            assert!(!one.message.is_empty() && !one.help.is_empty(), "{at}");
            assert!(
                !one.message.ends_with('.') && one.help.ends_with('.'),
                "{at}"
            );
            let all_text = [&one.message, &one.label, &one.help];
            assert!(
                !all_text.iter().any(|text| text.contains(char::is_control)),
                "{at}"
            );
            assert!(all_text.iter().all(|text| text.len() < 400), "{at}");
        }
    }
}

#[test]
fn the_corpus_has_a_file_for_every_code() {
    let mut seen = BTreeSet::new();
    for path in files() {
        let (_, all) = check("x.yaml", &read(&path));
        seen.extend(all.list.iter().map(|one| one.code));
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stage_file");
    let mut codes = BTreeSet::new();
    for folder in [sources.clone(), sources.join("validate")] {
        for entry in fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let text = fs::read_to_string(path).expect("a source");
                for call in ["Diagnostic::error(", "Diagnostic::warning("] {
                    let codes_in = text.split(call).skip(1).filter_map(|rest| {
                        let rest = rest.trim_start().strip_prefix('"')?;
                        Some(rest.split('"').next()?.to_owned())
                    });
                    codes.extend(codes_in);
                }
            }
        }
    }
    assert!(codes.len() > 40, "{codes:?}");
    // A file this large is not kept; see `limits.rs`.
    let missing: Vec<&String> = codes
        .iter()
        .filter(|code| !seen.contains(code.as_str()) && *code != "too-large")
        .collect();
    assert!(missing.is_empty(), "no file shows {missing:?}");
}
