//! Integration tests of a stage: Hurl files, parsed by `hurl_core`, executed by us.
//!
//! What a file says is judged as hurl 8 judges it, or refused before it runs; see `docs/suites.md`.
//! A run ends in one of three verdicts: passed, failed (the stage answered wrongly), errored (it
//! could not be told). No C dependencies: the crate is linked into a Lambda as well.

mod answer;
mod attempts;
mod budget;
mod charset;
mod check;
mod cookies;
mod date;
mod exchange;
mod file_run;
mod filter;
mod hint;
mod jsonpath;
mod junit;
mod md5;
mod parse;
mod percent;
mod predicate;
mod problem;
mod query;
mod reach;
mod ready;
mod redact;
mod refuse;
mod report;
mod request;
mod requests;
mod runner;
mod spelling;
mod template;
mod trouble;
mod value;

pub use attempts::Attempts;
pub use budget::FILE_BYTES_MAX;
pub use parse::{ENTRIES_MAX, SuiteFile};
pub use problem::Problem;
pub use reach::{Reach, Refused};
pub use report::{EntryReport, FileReport, SuiteOutcome, Unmet};
pub use requests::requests;
pub use runner::{ClientError, Runner, SuiteRun};
