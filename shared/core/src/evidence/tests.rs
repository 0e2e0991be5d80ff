use super::*;

#[test]
fn a_percentage_has_two_decimals_at_most_and_is_shown_as_written() {
    for text in ["0", "80", "87.5", "87.25", "99.99", "100", "0.05"] {
        let percent = Percent::parse(text).expect("a percentage");
        assert_eq!(percent.to_string(), text);
    }
    assert_eq!(Percent::parse("80.500"), Percent::parse("80.5"));
    for text in [
        "", ".", "80.", ".5", "-1", "+5", "8e1", "80%", "87.123", "x", "٣",
    ] {
        assert_eq!(
            Percent::parse(text),
            Err(PercentError::NotANumber),
            "{text}"
        );
    }
    for text in ["800", "100.01", "99999999999"] {
        assert_eq!(
            Percent::parse(text),
            Err(PercentError::OutOfRange),
            "{text}"
        );
    }
}

#[test]
fn what_was_measured_is_cut_and_never_rounded_up() {
    let measured = |text| Percent::measured(text).map(|percent| percent.to_string());
    assert_eq!(measured("79.9999"), Ok("79.99".to_owned()));
    assert_eq!(measured(" 87.5% "), Ok("87.5".to_owned()));
    assert_eq!(measured("100.000"), Ok("100".to_owned()));
    assert_eq!(measured("100.001"), Err(PercentError::OutOfRange));
    assert_eq!(measured("NaN"), Err(PercentError::NotANumber));
}

#[test]
fn a_share_of_lines_is_never_rounded_up_and_no_lines_are_no_share() {
    let of = |part, whole| Percent::of(part, whole).map(|percent| percent.to_string());
    assert_eq!(of(2, 3), Some("66.66".to_owned()));
    assert_eq!(of(79_999, 100_000), Some("79.99".to_owned()));
    assert_eq!(of(u64::MAX, u64::MAX), Some("100".to_owned()));
    assert_eq!(of(0, 5), Some("0".to_owned()));
    assert_eq!(of(0, 0), None);
    assert_eq!(of(6, 5), None);
}

#[test]
fn evidence_of_any_size_is_kept_small() {
    let names = vec!["\u{0}".repeat(10_000); 100];
    let group = |suite| Group {
        suites: (suite..10_000).collect(),
        count: 3,
        named: names.clone(),
    };
    let suite = SuiteRead {
        files: "f".repeat(8_000),
        problem: Some("p".repeat(8_000)),
    };
    let evidence = Evidence {
        tests: Some(Finding::Read(Tests {
            named: names.clone(),
            ..Tests::default()
        })),
        coverage: Some(Finding::Unreadable {
            path: "p".repeat(100_000),
            why: "w".repeat(100_000),
        }),
        api: Some(Finding::Read(Api {
            suites: vec![suite; 10_000],
            groups: (0..100).map(group).collect(),
            named: names.clone(),
            ..Api::default()
        })),
    };
    let kept = evidence.bounded();
    let json = serde_json::to_string(&kept).expect("it is JSON");
    assert!(json.len() < 120_000, "{} bytes", json.len());
    let Some(Finding::Read(api)) = &kept.api else {
        panic!("it was read: {kept:?}");
    };
    let counted: u32 = api.groups.iter().map(|group| group.count).sum();
    assert_eq!(counted, 300, "what is cut is still counted");
    let last = api
        .groups
        .iter()
        .flat_map(|group| group.suites.last())
        .max();
    assert!(last < Some(&api.suites.len()), "{last:?}");
    let nobody: Vec<_> = api
        .groups
        .iter()
        .filter(|group| group.suites.is_empty())
        .collect();
    assert_eq!(nobody.len(), 1);
    assert_eq!(
        nobody[0].count,
        3 * (100 - u32::try_from(GROUPS_MAX).expect("small"))
    );
    assert_eq!(kept.clone().bounded(), kept, "once is enough");
}
