//! JUnit XML: a `testsuite` a file, a `testcase` an entry. `failure` is the stage's fault, `error`
//! means that it could not be told.

use std::time::Duration;

use greenroom_core::verdict::Verdict;
use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use crate::report::{EntryReport, FileReport};

/// The document for a suite called `name` that started at `started`.
pub(crate) fn write(
    name: &str,
    files: &[FileReport],
    started: Timestamp,
    duration: Duration,
) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
    let written = suites(&mut xml, name, files, started, duration);
    // A vector does not fail, and the text was made from strings.
    assert!(written.is_ok(), "writing to memory failed: {written:?}");
    let text = String::from_utf8_lossy(&xml.into_inner()).into_owned();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}\n")
}

type Xml = Writer<Vec<u8>>;

fn suites(
    xml: &mut Xml,
    name: &str,
    files: &[FileReport],
    started: Timestamp,
    duration: Duration,
) -> std::io::Result<()> {
    let mut start = BytesStart::new("testsuites");
    start.push_attribute(("name", legal(name).as_str()));
    counts(&mut start, &files.iter().collect::<Vec<_>>(), duration);
    start.push_attribute((
        "timestamp",
        started.strftime("%Y-%m-%dT%H:%M:%S").to_string().as_str(),
    ));
    xml.write_event(Event::Start(start))?;
    for file in files {
        let mut start = BytesStart::new("testsuite");
        start.push_attribute(("name", legal(&file.path).as_str()));
        counts(&mut start, &[file], file.duration);
        start.push_attribute(("file", legal(&file.path).as_str()));
        xml.write_event(Event::Start(start))?;
        for entry in &file.entries {
            case(xml, name, file, entry)?;
        }
        if let Some(error) = &file.error {
            whole_file(xml, name, file, error)?;
        }
        xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))
}

/// A file that never got to an entry is one test that errored; it would look green otherwise.
fn whole_file(xml: &mut Xml, suite: &str, file: &FileReport, error: &str) -> std::io::Result<()> {
    let mut start = BytesStart::new("testcase");
    start.push_attribute(("name", legal(&file.path).as_str()));
    start.push_attribute(("classname", legal(suite).as_str()));
    start.push_attribute(("time", seconds(file.duration).as_str()));
    start.push_attribute(("file", legal(&file.path).as_str()));
    xml.write_event(Event::Start(start))?;
    let mut inner = BytesStart::new("error");
    inner.push_attribute(("message", legal(error).as_str()));
    inner.push_attribute(("type", "errored"));
    xml.write_event(Event::Empty(inner))?;
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn counts(start: &mut BytesStart<'_>, files: &[&FileReport], duration: Duration) {
    let entries = || files.iter().flat_map(|file| &file.entries);
    let of = |verdict: Verdict| entries().filter(|entry| entry.verdict == verdict).count();
    let whole = files.iter().filter(|file| file.error.is_some()).count();
    start.push_attribute(("tests", (entries().count() + whole).to_string().as_str()));
    start.push_attribute(("failures", of(Verdict::Failed).to_string().as_str()));
    start.push_attribute((
        "errors",
        (of(Verdict::Errored) + whole).to_string().as_str(),
    ));
    start.push_attribute(("time", seconds(duration).as_str()));
}

fn case(xml: &mut Xml, suite: &str, file: &FileReport, entry: &EntryReport) -> std::io::Result<()> {
    let mut start = BytesStart::new("testcase");
    start.push_attribute(("name", legal(&entry.test).as_str()));
    start.push_attribute(("classname", legal(suite).as_str()));
    start.push_attribute(("time", seconds(entry.duration).as_str()));
    start.push_attribute(("file", legal(&file.path).as_str()));
    start.push_attribute(("line", entry.line.to_string().as_str()));
    let Some(first) = entry
        .troubles
        .iter()
        .find(|trouble| trouble.wrong)
        .or_else(|| entry.troubles.first())
    else {
        return xml.write_event(Event::Empty(start));
    };
    xml.write_event(Event::Start(start))?;
    let (tag, kind) = if entry.verdict == Verdict::Failed {
        ("failure", "failed")
    } else {
        ("error", "errored")
    };
    let mut inner = BytesStart::new(tag);
    inner.push_attribute(("message", legal(&first.message).as_str()));
    inner.push_attribute(("type", kind));
    xml.write_event(Event::Start(inner))?;
    let lines: Vec<String> = entry
        .troubles
        .iter()
        .map(|trouble| format!("{}:{}: {}", file.path, trouble.line, trouble.message))
        .collect();
    xml.write_event(Event::Text(BytesText::new(&legal(&lines.join("\n")))))?;
    xml.write_event(Event::End(BytesEnd::new(tag)))?;
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// Without the characters XML cannot hold, not even escaped.
fn legal(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Unmet;

    #[test]
    fn the_document_is_legal_xml_whatever_the_texts_hold() {
        let nasty = "a<b>&\"'\u{0}\u{8}\u{1b}\u{fffe}]]>";
        let unmet = Unmet {
            line: 3,
            message: nasty.to_owned(),
            wrong: true,
        };
        let entry = EntryReport {
            test: nasty.to_owned(),
            line: 1,
            verdict: Verdict::Failed,
            troubles: vec![unmet],
            attempts: 1,
            duration: Duration::from_millis(1500),
        };
        let file = FileReport {
            path: nasty.to_owned(),
            verdict: Verdict::Failed,
            entries: vec![entry],
            error: None,
            entry_count: 1,
            duration: Duration::from_secs(2),
        };
        let text = write(
            nasty,
            &[file],
            Timestamp::UNIX_EPOCH,
            Duration::from_secs(2),
        );
        assert!(!text.contains(['\u{0}', '\u{8}', '\u{1b}', '\u{fffe}']));
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut failures = 0;
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                Event::Start(start) if start.name().as_ref() == "failure" => failures += 1,
                _ => {}
            }
        }
        assert_eq!(failures, 1);
        assert!(
            text.contains("tests=\"1\" failures=\"1\" errors=\"0\" time=\"2.000\""),
            "{text}"
        );
    }
}
