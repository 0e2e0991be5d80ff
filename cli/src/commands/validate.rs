//! `greenroom validate`: every problem of every file and of the tests it names, at once. Warnings
//! are shown and do not fail.

mod suites;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use greenroom_core::stage_file::{Diagnostics, StageFile, check};
use serde_json::{Value, json};

use crate::args::ValidateArgs;
use crate::exit::{Exit, Failure, Stop};
use crate::output::style::Mark;
use crate::output::text::clean;
use crate::output::{Output, report};

/// No more of a file is read. Far above what a stage file may have, so that its size can be told.
const READ_MAX: u64 = 64 * 1024 * 1024;

pub fn run(args: &ValidateArgs, output: &mut Output) -> Result<Exit, Stop> {
    let mut valid = true;
    let mut answers = Vec::new();
    for path in &args.files {
        let bytes = read(path)?;
        let (file, mut found) = check(&name(path), &bytes);
        let tests = match &file {
            // What lies beside a file from stdin nobody knows.
            Some(file) if path != Path::new("-") => suites::check(path, file, &mut found),
            _ => Vec::new(),
        };
        valid &= file.is_some() && tests.is_empty();
        if output.is_json() {
            answers.push(answer(file.is_some(), &found));
            answers.extend(tests.iter().map(|found| answer(false, found)));
            continue;
        }
        tell(file.as_ref(), &found, output)?;
        for found in &tests {
            tell(None, found, output)?;
        }
    }
    if output.is_json() {
        output.json(&json!({ "schema": "validate/v1", "valid": valid, "files": answers }))?;
    }
    if valid {
        output.next(&[
            "greenroom resolve --ref refs/heads/BRANCH --actor LOGIN",
            "greenroom serve",
        ]);
        Ok(Exit::Ok)
    } else {
        Ok(Exit::Usage)
    }
}

fn tell(file: Option<&StageFile>, found: &Diagnostics, output: &mut Output) -> Result<(), Stop> {
    if !found.list.is_empty() {
        let drawn = report::draw(found, output.width());
        output.line(drawn.trim_end())?;
        output.line("")?;
    }
    let errors = found.errors().count();
    let warnings = found.list.len() - errors;
    let name = clean(&found.name);
    match file {
        Some(file) => {
            let stages = counted(file.rules.len(), "stage");
            let warned = match warnings {
                0 => String::new(),
                _ => format!(", {}", counted(warnings, "warning")),
            };
            let app = clean(file.app.as_str());
            output.line(format!(
                "{} {name} is valid: {app}, {stages}{warned}",
                Mark::Check.shown()
            ))
        }
        None => {
            let also = match warnings {
                0 => String::new(),
                _ => format!(" and {}", counted(warnings, "warning")),
            };
            let errors = counted(errors + found.omitted, "error");
            output.line(format!(
                "{} {name} is not valid: {errors}{also}",
                Mark::Bad.shown()
            ))
        }
    }
}

/// `1 error`, `2 errors`.
fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}

fn answer(valid: bool, found: &Diagnostics) -> Value {
    let problems: Vec<Value> = found
        .list
        .iter()
        .map(|problem| {
            let (line, column) = found.position(problem.span.start);
            json!({
                "code": problem.code,
                "severity": problem.severity,
                "message": problem.message,
                "line": line,
                "column": column,
                "span": { "start": problem.span.start, "end": problem.span.end },
                "label": problem.label,
                "help": problem.help,
                "suggestion": problem.suggestion,
            })
        })
        .collect();
    json!({
        "file": found.name,
        "valid": valid,
        "problems": problems,
        "omitted": found.omitted,
    })
}

/// How a file is called in what is said about it.
pub fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    }
}

/// A stage file's bytes; one beyond any reason is cut, which leaves enough to refuse it.
pub fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::new();
    let result = if path == Path::new("-") {
        io::stdin().lock().take(READ_MAX).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(READ_MAX).read_to_end(&mut bytes))
    };
    result.map_err(|error| {
        let failure = Failure::usage("the stage file cannot be read")
            .at(name(path))
            .why(error.to_string());
        match error.kind() {
            io::ErrorKind::NotFound => {
                failure.help("`greenroom init` writes one; -f FILE names one elsewhere")
            }
            _ => failure,
        }
    })?;
    Ok(bytes)
}

/// A stage file that holds; otherwise its problems go to stderr.
pub fn valid(path: &Path, output: &mut Output) -> Result<StageFile, Stop> {
    Ok(read_valid(path, output)?.0)
}

/// The same, with its text.
pub fn read_valid(path: &Path, output: &mut Output) -> Result<(StageFile, Vec<u8>), Stop> {
    let bytes = read(path)?;
    let parsed = StageFile::parse(&name(path), &bytes).map_err(|found| {
        if !output.is_json() {
            let drawn = report::draw(&found, output.width());
            output.say(drawn.trim_end());
        }
        let first = found.errors().next().map(|problem| clean(&problem.message));
        let mut failure = Failure::new(Exit::Usage, "stage_file", "the stage file is not valid")
            .at(name(path))
            .help(format!(
                "`greenroom validate -f {}` shows every problem",
                name(path)
            ));
        failure.why = first;
        Stop::from(failure)
    })?;
    Ok((parsed, bytes))
}
