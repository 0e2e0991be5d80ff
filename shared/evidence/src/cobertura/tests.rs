use super::*;

fn of(files: &[&str]) -> Result<String, String> {
    let mut all = Cobertura::default();
    for file in files {
        all.read(file.as_bytes())
            .map_err(|error| error.to_string())?;
    }
    let coverage = all.coverage().map_err(|error| error.to_string())?;
    Ok(format!("{} {:?}", coverage.percent, coverage.lines))
}

const PYTHON: &str = r#"<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage version="7.4" timestamp="1" lines-valid="40" lines-covered="35" line-rate="0.875" branches-covered="0" branches-valid="0" branch-rate="0" complexity="0">
	<sources><source>/src</source></sources>
	<packages><package name="." line-rate="0.875"><classes><class name="a.py" filename="a.py" line-rate="0.875"><methods/><lines><line number="1" hits="1"/></lines></class></classes></package></packages>
</coverage>"#;

#[test]
fn the_roots_lines_are_the_coverage_and_files_are_added_up() {
    assert_eq!(of(&[PYTHON]), Ok("87.5 Some((35, 40))".to_owned()));
    let other = r#"<coverage lines-covered="5" lines-valid="60"/>"#;
    assert_eq!(of(&[PYTHON, other]), Ok("40 Some((40, 100))".to_owned()));
}

#[test]
fn a_rate_is_taken_when_no_lines_are_told_and_never_rounded_up() {
    let rate = |rate: &str| of(&[&format!("<coverage line-rate=\"{rate}\"/>")]);
    assert_eq!(rate("0.57"), Ok("57 None".to_owned()));
    assert_eq!(rate("0.79999"), Ok("79.99 None".to_owned()));
    assert_eq!(rate("1"), Ok("100 None".to_owned()));
    assert_eq!(rate("9.5E-4"), Ok("0.09 None".to_owned()));
    for hundredths in 0..=10_000_u32 {
        let written = f64::from(hundredths) / 10_000.0;
        let expected = Percent::parse(&format!("{}.{:02}", hundredths / 100, hundredths % 100));
        let expected = expected.expect("a percentage");
        assert_eq!(rate(&written.to_string()), Ok(format!("{expected} None")));
    }
    for nonsense in ["NaN", "-0.1", "87", "", "inf"] {
        assert!(rate(nonsense).is_err(), "{nonsense}");
    }
    assert!(of(&[PYTHON, "<coverage line-rate=\"1\"/>"]).is_err());
}

#[test]
fn what_is_no_report_or_measures_nothing_is_refused() {
    let why = |text: &str| of(&[text]).expect_err("refused");
    assert_eq!(
        why("<report/>"),
        "it is no Cobertura report: it begins with <report>"
    );
    assert_eq!(
        why("<coverage/>"),
        "it has neither lines-covered and lines-valid nor line-rate"
    );
    assert_eq!(
        why("<coverage lines-covered=\"0\" lines-valid=\"0\" line-rate=\"1\"/>"),
        "it measures no lines at all"
    );
    assert_eq!(
        why(PYTHON.split("<packages>").next().expect("a beginning")),
        "it ends in the middle of an element"
    );
}
