//! Archives as builds leave them, and as they should not.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use greenroom_core::evidence::Finding;

use super::*;

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(text.len()).expect("small"));
        header.set_mode(0o644);
        tar.append_data(&mut header, path, text.as_bytes())
            .expect("written");
    }
    let mut gz = tar.into_inner().expect("written");
    gz.flush().expect("written");
    gz.finish().expect("written")
}

fn evidence(files: &[(&str, &str)]) -> Evidence {
    let archive = Archive::read(&archive(files));
    archive.expect("it can be read").evidence()
}

const SUITE: &str = "<testsuite><testcase name=\"a\"/></testsuite>";

#[test]
fn only_what_the_glob_matches_counts() {
    let files = [
        ("reports.json", r#"{"0":{"junit":"out/[ab].xml"}}"#),
        ("0-junit/out/a.xml", SUITE),
        ("0-junit/out/c.xml", SUITE),
        ("1-junit/out/b.xml", SUITE),
    ];
    let tests = evidence(&files).tests;
    assert!(
        matches!(&tests, Some(Finding::Read(tests)) if tests.total == 1),
        "{tests:?}"
    );
}

#[test]
fn what_keeps_files_from_being_a_report_is_said() {
    for (why, said) in [
        ("stale", "came with the commit"),
        ("many", "1000 files"),
        ("large", "bytes"),
        ("unknown", "nobody knows"),
        ("something else", "went"),
    ] {
        let files = [
            ("reports.json", r#"{"0":{"lcov":"x"}}"#),
            ("0-lcov.why", why),
            ("0-lcov/x", "SF:a\nend_of_record\n"),
        ];
        let coverage = evidence(&files).coverage;
        assert!(
            matches!(&coverage, Some(Finding::Unreadable { why, .. }) if why.contains(said)),
            "{coverage:?}"
        );
    }
}

#[test]
fn what_is_no_archive_or_declares_nothing_is_refused_or_empty() {
    assert!(Archive::read(b"no archive").is_err());
    assert!(Archive::read(&archive(&[("reports.json", "{")])).is_err());
    let undeclared = evidence(&[("0-junit/x.xml", SUITE)]);
    assert_eq!(undeclared, Evidence::default());
    let cut = archive(&[
        ("reports.json", r#"{"0":{"junit":"x"}}"#),
        ("0-junit/x", SUITE),
    ]);
    assert!(Archive::read(&cut[..cut.len() / 2]).is_err());
}

#[test]
fn an_archive_that_unpacks_to_more_than_a_build_keeps_is_refused() {
    let large = "x".repeat(usize::try_from(UNPACKED_MAX).expect("small"));
    let packed = archive(&[("reports.json", "{}"), ("0-junit/x", &large)]);
    assert!(packed.len() < 1_000_000, "it is small as it is kept");
    assert!(Archive::read(&packed).is_err());
}
