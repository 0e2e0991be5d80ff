//! JUnit XML, in the dialects there are: suites inside each other or none around them, counts that
//! are missing, failures outside of a test. Outputs are passed over.
//!
//! Tests are counted one by one, and only one that is there has passed. Where an attribute of a
//! suite tells of more that failed or did not run than its tests show, the attribute is believed: a
//! summary without its tests hides nothing.

use greenroom_core::evidence::{NAMED_BYTES_MAX, NAMED_MAX, Tests};

use crate::xml::{Attributes, Tag, tags};
use crate::{ReadError, excerpt};

/// The tests of one file.
///
/// # Errors
/// It is no JUnit report, or one that was cut off.
pub fn read(bytes: &[u8]) -> Result<Tests, ReadError> {
    let mut reading = Reading::default();
    tags(bytes, |tag| match tag {
        Tag::Open { name, attributes } => reading.open(name, attributes),
        Tag::Close { name } => {
            reading.close(name);
            Ok(())
        }
    })?;
    Ok(reading.all)
}

/// The tests of both files.
pub fn add(all: &mut Tests, more: Tests) {
    all.total = all.total.saturating_add(more.total);
    all.failed = all.failed.saturating_add(more.failed);
    all.errored = all.errored.saturating_add(more.errored);
    all.skipped = all.skipped.saturating_add(more.skipped);
    let room = NAMED_MAX.saturating_sub(all.named.len());
    all.named.extend(more.named.into_iter().take(room));
}

#[derive(Default)]
struct Reading {
    /// The suites that are open, outermost first.
    suites: Vec<Suite>,
    case: Option<Case>,
    /// Elements inside the open test.
    inside: usize,
    begun: bool,
    all: Tests,
}

#[derive(Default)]
struct Suite {
    name: String,
    told: Tests,
    counted: Tests,
}

struct Case {
    name: String,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Passed,
    Skipped,
    Failed,
    Errored,
}

impl Reading {
    fn open(&mut self, name: &str, attributes: &Attributes<'_>) -> Result<(), ReadError> {
        let is_suite = matches!(name, "testsuites" | "testsuite");
        if !self.begun && !is_suite {
            let name = excerpt(name, 40);
            return Err(ReadError::malformed(format!(
                "it is no JUnit report: it begins with <{name}>"
            )));
        }
        self.begun = true;
        if let Some(case) = &mut self.case {
            self.inside += 1;
            if self.inside == 1 {
                case.end = case.end.max(ending(name).unwrap_or(End::Passed));
            }
            return Ok(());
        }
        match name {
            _ if is_suite => self.suites.push(Suite {
                name: named(attributes.text("name").as_deref(), None),
                told: told(attributes)?,
                counted: Tests::default(),
            }),
            "testcase" => {
                let class = attributes.text("classname");
                self.inside = 0;
                self.case = Some(Case {
                    name: named(attributes.text("name").as_deref(), class.as_deref()),
                    end: stated(attributes),
                });
            }
            _ => {
                // Outside of a test: what was set up for all of them went wrong.
                let bad = ending(name).filter(|end| *end > End::Skipped);
                if let (Some(end), Some(suite)) = (bad, self.suites.last_mut()) {
                    let name = suite.name.clone();
                    suite.counted.count(end, &name);
                }
            }
        }
        Ok(())
    }

    fn close(&mut self, name: &str) {
        if self.case.is_some() && self.inside > 0 {
            self.inside -= 1;
        } else if let Some(case) = self.case.take() {
            if let Some(suite) = self.suites.last_mut() {
                suite.counted.count(case.end, &case.name);
            }
        } else if matches!(name, "testsuites" | "testsuite")
            && let Some(suite) = self.suites.pop()
        {
            let (told, mut counted) = (suite.told, suite.counted);
            let untold = told.failed > counted.failed || told.errored > counted.errored;
            if untold && counted.named.is_empty() {
                counted.named.push(suite.name);
            }
            let before = counted.not_passed();
            counted.failed = counted.failed.max(told.failed);
            counted.errored = counted.errored.max(told.errored);
            counted.skipped = counted.skipped.max(told.skipped);
            // Those that are only told of are tests that did not pass, and no others.
            let only_told = counted.not_passed() - before;
            let all = told.total.min(counted.total.saturating_add(only_told));
            counted.total = counted.total.max(all).max(counted.not_passed());
            match self.suites.last_mut() {
                Some(outer) => add(&mut outer.counted, counted),
                None => add(&mut self.all, counted),
            }
        }
    }
}

/// Counting, for [`Tests`] in the making.
trait Count {
    fn count(&mut self, end: End, name: &str);
    fn not_passed(&self) -> u32;
}

impl Count for Tests {
    fn count(&mut self, end: End, name: &str) {
        self.total = self.total.saturating_add(1);
        let of = match end {
            End::Passed => return,
            End::Skipped => &mut self.skipped,
            End::Failed => &mut self.failed,
            End::Errored => &mut self.errored,
        };
        *of = of.saturating_add(1);
        if end > End::Skipped && self.named.len() < NAMED_MAX {
            self.named.push(name.to_owned());
        }
    }

    fn not_passed(&self) -> u32 {
        let all = [self.failed, self.errored, self.skipped];
        all.into_iter().fold(0, u32::saturating_add)
    }
}

/// What a child of a test says about it. A failure that a repetition made good is none.
fn ending(element: &str) -> Option<End> {
    match element {
        "skipped" | "disabled" => Some(End::Skipped),
        "failure" => Some(End::Failed),
        "error" => Some(End::Errored),
        _ => None,
    }
}

/// Some write it as an attribute of the test.
fn stated(attributes: &Attributes<'_>) -> End {
    let word = attributes
        .text("result")
        .or_else(|| attributes.text("status"));
    match word.map(|word| word.to_ascii_lowercase()).as_deref() {
        Some("failed" | "failure" | "fail") => End::Failed,
        Some("error" | "errored") => End::Errored,
        Some("skipped" | "suppressed" | "notrun" | "disabled" | "ignored") => End::Skipped,
        _ => End::Passed,
    }
}

fn told(attributes: &Attributes<'_>) -> Result<Tests, ReadError> {
    let count = |name| Ok(attributes.count::<u32>(name)?.unwrap_or(0));
    Ok(Tests {
        total: count("tests")?,
        failed: count("failures")?,
        errored: count("errors")?,
        skipped: count("skipped")?,
        named: Vec::new(),
    })
}

fn named(name: Option<&str>, class: Option<&str>) -> String {
    let name = match (class.map(str::trim), name.map(str::trim)) {
        (Some(class), Some(name)) if !class.is_empty() => format!("{class} {name}"),
        (Some(one), None) | (_, Some(one)) if !one.is_empty() => one.to_owned(),
        _ => "(no name)".to_owned(),
    };
    excerpt(&name, NAMED_BYTES_MAX)
}

#[cfg(test)]
mod tests;
