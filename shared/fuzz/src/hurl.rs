//! Hurl files: any text can be run as it stands, or is refused with every reason in its place.

use greenroom_suites::{ENTRIES_MAX, Problem, SuiteFile};

/// Tests that are refused for what they ask for.
const REFUSED: &[&str] = &[
    "GET http://a\nHTTP 200\n[Asserts]\nxpath \"//x\" exists\n",
    "GET http://a\n[Options]\noutput: x\nHTTP 200\n",
    "POST http://a\nfile,secret.txt;\nHTTP 200\n",
    "GET http://a/{{newUuid}}\nHTTP 200\n",
    "GET http://a\n[Options]\nproxy: evil.example:80\nHTTP 200\n",
];

/// # Panics
/// When a promise is broken.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let name = "smoke/\u{1b}a.hurl";
    match SuiteFile::parse(name, text) {
        Ok(file) => {
            assert_eq!(file.path(), name);
            assert!((1..=ENTRIES_MAX).contains(&file.entry_count()));
            // Whatever comes before it, what is refused stays refused.
            for refused in REFUSED {
                let both = format!("{text}\n{refused}");
                assert!(
                    SuiteFile::parse(name, &both).is_err(),
                    "{refused:?} is accepted"
                );
            }
        }
        Err(found) => {
            problems(name, text, &found);
            let again = SuiteFile::parse(name, text);
            assert_eq!(again.err(), Some(found));
        }
    }
}

fn problems(name: &str, text: &str, found: &[Problem]) {
    assert!(!found.is_empty(), "refused without a reason");
    let lines = text.lines().count();
    for one in found {
        assert_eq!(one.path, name);
        let line = usize::try_from(one.line).unwrap_or(usize::MAX);
        assert!((1..=lines + 1).contains(&line), "{one:?} of {lines} lines");
        assert!(one.column >= 1, "{one:?}");
        for said in [&one.what, &one.fix] {
            assert!(!said.is_empty() && said.len() < 2_000, "{one:?}");
        }
    }
    let places: Vec<_> = found.iter().map(|one| (one.line, one.column)).collect();
    assert!(places.is_sorted(), "{places:?}");
}
