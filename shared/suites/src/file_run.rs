//! One file, entry after entry, until one does not pass.

use std::time::{Duration, Instant};

use greenroom_core::verdict::Verdict;
use hurl_core::ast::{Entry, EntryOption, Retry, TemplateElement, VariableValue};
use reqwest::Client;

use crate::check;
use crate::cookies::Jar;
use crate::exchange::{self, Manner};
use crate::parse::SuiteFile;
use crate::reach::Reach;
use crate::redact::Redactor;
use crate::report::{EntryReport, FileReport, MESSAGE_CHARS_MAX, TEST_CHARS_MAX, Unmet};
use crate::request;
use crate::template::{Variables, render};
use crate::trouble::{Kind, Trouble, line_of};
use crate::value::Value;

/// As Hurl's.
const REDIRECTS_MAX: usize = 50;
/// As Hurl's.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// What all files of a run share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub client: Client,
    pub reach: Reach,
    pub variables: Variables,
    pub redactor: Redactor,
    pub request_timeout: Duration,
    /// When the whole suite must be over, and how long that was at its start.
    pub deadline: tokio::time::Instant,
    pub suite_timeout: Duration,
}

/// Runs `file` to its end or the deadline.
pub(crate) async fn run(shared: Shared, file: &SuiteFile) -> FileReport {
    let started = Instant::now();
    let mut run = FileRun {
        shared,
        jar: Jar::default(),
    };
    let mut entries: Vec<EntryReport> = Vec::new();
    for (index, entry) in file.entries().iter().enumerate() {
        let report = run.entry(file, index, entry).await;
        let passed = report.verdict == Verdict::Passed;
        entries.push(report);
        if !passed {
            break;
        }
    }
    let verdict = entries
        .last()
        .map_or(Verdict::Passed, |entry| entry.verdict);
    FileReport {
        path: file.path().to_owned(),
        verdict,
        entries,
        error: None,
        entry_count: file.entry_count(),
        duration: started.elapsed(),
    }
}

struct FileRun {
    shared: Shared,
    jar: Jar,
}

/// An entry's options, evaluated.
struct Options {
    manner: Manner,
    retries: usize,
    retry_interval: Duration,
}

impl FileRun {
    async fn entry(&mut self, file: &SuiteFile, index: usize, entry: &Entry) -> EntryReport {
        let started = Instant::now();
        let line = line_of(&entry.request.url.source_info);
        let mut attempts = 0;
        let deadline = self.shared.deadline;
        let troubles =
            match tokio::time::timeout_at(deadline, self.attempts(entry, &mut attempts)).await {
                Ok(troubles) => troubles,
                Err(_) => vec![Trouble::unknown(
                    line,
                    format!(
                        "the suite was not over within {:?}",
                        self.shared.suite_timeout
                    ),
                )],
            };
        let verdict = match troubles.iter().any(|trouble| trouble.kind == Kind::Wrong) {
            true => Verdict::Failed,
            false if troubles.is_empty() => Verdict::Passed,
            false => Verdict::Errored,
        };
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let redactor = &self.shared.redactor;
        let unmet = |trouble: Trouble| Unmet {
            line: count(trouble.line),
            message: redactor.short(&trouble.message, MESSAGE_CHARS_MAX),
            wrong: trouble.kind == Kind::Wrong,
        };
        EntryReport {
            test: redactor.short(&test_name(file.path(), index, entry), TEST_CHARS_MAX),
            line: count(line),
            verdict,
            troubles: troubles.into_iter().map(unmet).collect(),
            attempts,
            duration: started.elapsed(),
        }
    }

    async fn attempts(&mut self, entry: &Entry, attempts: &mut u32) -> Vec<Trouble> {
        let options = match self.options(entry) {
            Ok(options) => options,
            Err(trouble) => return vec![trouble],
        };
        let mut retries = 0;
        loop {
            *attempts += 1;
            let troubles = self.attempt(entry, options.manner).await;
            if troubles.is_empty() || retries >= options.retries {
                return troubles;
            }
            retries += 1;
            tokio::time::sleep(options.retry_interval).await;
        }
    }

    async fn attempt(&mut self, entry: &Entry, manner: Manner) -> Vec<Trouble> {
        let request = match request::build(&entry.request, &self.shared.variables) {
            Ok(request) => request,
            Err(trouble) => return vec![trouble],
        };
        if let Some(credentials) = &request.credentials {
            self.shared.redactor.learn(credentials);
        }
        let line = line_of(&entry.request.url.source_info);
        match exchange::send(
            &self.shared.client,
            &self.shared.reach,
            &mut self.jar,
            &request,
            manner,
        )
        .await
        {
            Err(none) => vec![Trouble {
                line,
                kind: none.kind(),
                message: none.message,
            }],
            Ok(answer) => match &entry.response {
                None => Vec::new(),
                Some(expected) => check::check(expected, &answer, &mut self.shared.variables),
            },
        }
    }

    fn options(&mut self, entry: &Entry) -> Result<Options, Trouble> {
        let manner = Manner {
            follow: false,
            redirects_max: REDIRECTS_MAX,
            compressed: false,
            timeout: self.shared.request_timeout,
        };
        let mut options = Options {
            manner,
            retries: 0,
            retry_interval: RETRY_INTERVAL,
        };
        for option in entry.request.options() {
            match option {
                EntryOption::FollowLocation(follow) => options.manner.follow = follow.value,
                EntryOption::MaxRedirect(max) => options.manner.redirects_max = max.value,
                EntryOption::Compressed(compressed) => options.manner.compressed = compressed.value,
                EntryOption::RetryInterval(interval) => {
                    options.retry_interval = Duration::from_millis(interval.value);
                }
                EntryOption::Retry(retry) => {
                    options.retries = match retry.value {
                        Retry::Finite(count) => count,
                        Retry::None | Retry::Infinite => 0,
                    }
                }
                EntryOption::Variable(variable) => {
                    let value = match &variable.value.value {
                        VariableValue::Null {} => Value::Null,
                        VariableValue::Bool(value) => Value::Bool(*value),
                        VariableValue::Integer(value) => Value::Integer(*value),
                        VariableValue::Float(value) => Value::Float(value.value),
                        VariableValue::String(template) => {
                            Value::String(render(template, &self.shared.variables)?)
                        }
                    };
                    self.shared
                        .variables
                        .insert(variable.value.name.clone(), value);
                }
                // Refused when the file was parsed, or without effect when given as false.
                _ => {}
            }
        }
        Ok(options)
    }
}

/// Made of the source alone, so that it is the same in every run: `<file>:<number> <METHOD> <path>`.
fn test_name(path: &str, index: usize, entry: &Entry) -> String {
    let mut url = String::new();
    for element in &entry.request.url.elements {
        match element {
            TemplateElement::String { value, .. } => url.push_str(value),
            TemplateElement::Expression(expr) if expr.variable.name == "base_url" => {}
            TemplateElement::Expression(expr) => {
                url.push_str(&format!("{{{{{}}}}}", expr.variable.name));
            }
        }
    }
    let without_host = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]).to_owned(),
        None => url,
    };
    let shown = without_host.split(['?', '#']).next().unwrap_or_default();
    let shown = if shown.is_empty() { "/" } else { shown };
    format!("{path}:{} {} {shown}", index + 1, entry.request.method.0)
}
