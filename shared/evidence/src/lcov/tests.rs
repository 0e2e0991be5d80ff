use super::*;

fn of(files: &[&str]) -> Result<String, String> {
    let mut lcov = Lcov::default();
    for file in files {
        lcov.read(file.as_bytes())
            .map_err(|error| error.to_string())?;
    }
    let coverage = lcov.coverage().map_err(|error| error.to_string())?;
    Ok(format!("{} {:?}", coverage.percent, coverage.lines))
}

const UNIT: &str = "TN:\nSF:src/a.rs\nFN:1,main\nFNDA:1,main\nFNF:1\nFNH:1\nDA:1,1\nDA:2,0\nDA:3,4,checksum\nLF:3\nLH:2\nend_of_record\n";

#[test]
fn lines_are_counted_over_all_records() {
    assert_eq!(of(&[UNIT]), Ok("66.66 Some((2, 3))".to_owned()));
    let two = format!("{UNIT}SF:src/b.rs\r\nDA:1,1\r\nend_of_record\r\n");
    assert_eq!(of(&[&two]), Ok("75 Some((3, 4))".to_owned()));
}

#[test]
fn files_are_merged_line_by_line() {
    let other = "SF:src/a.rs\nDA:2,7\nDA:3,0\nend_of_record\n";
    assert_eq!(of(&[UNIT, other]), Ok("100 Some((3, 3))".to_owned()));
    assert_eq!(of(&[UNIT, UNIT]), of(&[UNIT]));
}

#[test]
fn sums_count_where_no_lines_are_told() {
    let sums = "SF:a\nLF:200\nLH:161\nend_of_record\nSF:empty\nLF:0\nLH:0\nend_of_record\n";
    assert_eq!(of(&[sums]), Ok("80.5 Some((161, 200))".to_owned()));
}

#[test]
fn what_is_no_tracefile_or_only_a_part_of_one_is_refused() {
    let why = |text: &str| of(&[text]).expect_err("refused");
    assert_eq!(why(""), "it is no tracefile: it has no record");
    assert_eq!(why("SF:a\nDA:1,1\n"), "it ends in the middle of a record");
    assert_eq!(
        why("SF:a\nSF:b\nend_of_record\n"),
        "line 2: a record begins inside another"
    );
    assert_eq!(
        why("end_of_record\n"),
        "line 1: a record ends that never began"
    );
    assert_eq!(
        why("SF:a\nDA:x,1\nend_of_record\n"),
        "line 2: its numbers cannot be read"
    );
    assert_eq!(why("SF:a\nend_of_record\n"), "it measures no lines at all");
    assert_eq!(
        why("SF:a\nLF:1\nLH:2\nend_of_record\n"),
        "2 of 1 lines would have run"
    );
}

#[test]
fn a_name_in_another_encoding_is_passed_over() {
    let mut lcov = Lcov::default();
    let read = lcov.read(b"SF:\xff.c\nFN:1,\xfe\nDA:1,1\nend_of_record\n");
    assert_eq!(read, Ok(()));
    assert_eq!(lcov.coverage().map(|it| it.lines), Ok(Some((1, 1))));
}

proptest::proptest! {
    #[test]
    fn no_lines_make_it_panic(lines in proptest::collection::vec("(SF:.{0,3}|DA:-?[0-9]{0,22},-?[0-9]{0,22}|L[FH]:[0-9]{0,22}|end_of_record|.{0,5})", 0..40)) {
        let mut lcov = Lcov::default();
        let _ = lcov.read(lines.join("\n").as_bytes());
        let _ = lcov.coverage();
    }
}
