//! Patterns for the shell's tools, held against the globs they stand for.

use std::io::Write;
use std::process::{Command, Stdio};

use globset::GlobBuilder;
use proptest::prelude::*;

use super::pattern;

/// What `grep` finds of these paths, as `find` would.
fn found(pattern: &str, paths: &[String]) -> Vec<String> {
    let mut grep = Command::new("grep")
        .args(["-xE", "--", pattern])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("grep runs");
    let mut asked = grep.stdin.take().expect("a pipe");
    asked
        .write_all(format!("{}\n", paths.join("\n")).as_bytes())
        .expect("written");
    drop(asked);
    let told = grep.wait_with_output().expect("it ends");
    assert_ne!(told.status.code(), Some(2), "{pattern} is no pattern");
    let text = String::from_utf8(told.stdout).expect("text");
    text.lines().map(str::to_owned).collect()
}

fn matches(glob: &str, path: &str) -> bool {
    let glob = GlobBuilder::new(glob).literal_separator(true).build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

#[test]
fn a_pattern_reads_as_its_glob() {
    for (glob, yes, no) in [
        ("reports/*.xml", "reports/a.xml", "reports/a/b.xml"),
        ("./cover.info", "cover.info", "coverXinfo"),
        ("out/**/*.xml", "out/a/b/c.xml", "in/a.xml"),
        ("out/**/*.xml", "out/c.xml", "out/c.xmlx"),
        ("**/*.xml", "c.xml", "c.txt"),
        (
            "a+b (1)/$x^.{xml,txt}",
            "a+b (1)/$x^.txt",
            "aab (1)/$x^.txt",
        ),
        (r"a\*b", "a*b", "aab"),
        ("**/**/x", "x", "y"),
        ("out/**/", "out/x", "in/x"),
        ("{a,**/b}.xml", "c/b.xml", "c/a.xml"),
        ("r/[ab].xml", "r/a.xml", "r/.xml"),
    ] {
        let paths = [yes.to_owned(), no.to_owned()];
        assert_eq!(
            found(&pattern(glob), &paths),
            [yes],
            "{glob}: {}",
            pattern(glob)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_glob_matches_its_pattern_does(
        globs in prop::collection::vec("(a|b|\\.|/|\\*|\\*\\*/|\\?|\\[ab\\]|\\[!a\\]|\\{a,b\\*\\}|\\^|\\+|\\$){1,6}", 8),
        paths in prop::collection::vec("[ab.^+$]{1,3}(/[ab.]{1,2}){0,2}", 40),
    ) {
        for glob in globs {
            let valid = GlobBuilder::new(&glob).literal_separator(true).build().is_ok();
            if !valid || glob.starts_with('/') {
                continue;
            }
            let all = found(&pattern(&glob), &paths);
            for path in paths.iter().filter(|path| matches(&glob, path)) {
                prop_assert!(all.contains(path), "{glob} matches {path}, {} does not", pattern(&glob));
            }
        }
    }
}
