//! Our verdicts are those of hurl, file by file and line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use greenroom_core::verdict::Verdict;
use greenroom_suites::{FileReport, Reach, Runner, SuiteFile, SuiteRun};
use tokio::net::TcpListener;

use crate::corpus::{self, Recorded, Recording, VARIABLES};
use crate::server;

fn recorded_of(report: &FileReport) -> Recorded {
    let last = report.entries.last();
    let lines = last
        .iter()
        .flat_map(|entry| &entry.troubles)
        .map(|trouble| trouble.line)
        .collect::<BTreeSet<_>>();
    Recorded {
        success: report.verdict == Verdict::Passed,
        lines,
    }
}

#[tokio::test]
async fn verdicts_and_failing_lines_are_those_recorded_from_hurl() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(server::serve(listener));

    let recording = std::fs::read_to_string(corpus::folder().join("verdicts.json")).unwrap();
    let recording: Recording = serde_json::from_str(&recording).unwrap();
    let mut files = Vec::new();
    for (name, path) in corpus::files() {
        let text = std::fs::read_to_string(path).unwrap();
        files.push(
            SuiteFile::parse(&name, &text).unwrap_or_else(|problems| panic!("{}", problems[0])),
        );
    }
    assert!(files.len() >= 60, "the corpus has {} files", files.len());

    let suite = SuiteRun {
        name: "corpus".to_owned(),
        files,
        base_url: Some(base_url),
        variables: VARIABLES
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        secrets: BTreeMap::new(),
        ready: Duration::from_secs(10),
        request_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(120),
        parallel: 8,
    };
    let reach = Reach::new(["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
    let outcome = Runner::new(reach).run(&suite).await;
    server.abort();

    let mut differences = Vec::new();
    let mut ours = BTreeSet::new();
    for report in &outcome.files {
        ours.insert(report.path.clone());
        let expected = recording.files.get(&report.path);
        let got = recorded_of(report);
        if expected != Some(&got) {
            let why: Vec<_> = report
                .entries
                .iter()
                .flat_map(|entry| &entry.troubles)
                .map(|t| format!("{}: {}", t.line, t.message))
                .collect();
            differences.push(format!(
                "{}: hurl {expected:?}, we {got:?}\n    {}",
                report.path,
                why.join("\n    ")
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        outcome.files.len(),
        differences.join("\n")
    );
    let theirs: BTreeSet<String> = recording.files.keys().cloned().collect();
    assert_eq!(ours, theirs, "files recorded and files there");
}
