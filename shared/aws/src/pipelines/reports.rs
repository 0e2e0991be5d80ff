//! The reports of a build: what it left in the bucket, read as on one machine.
//!
//! A build puts one archive there, by its content: what its steps declare (`reports.json`), and for each
//! kind of each step a folder `<step>-<kind>/` with the files, or `<step>-<kind>.why` if there is
//! something that keeps them from being a report. `<step>-suite-<n>/` are the tests' files as they were
//! before the first step. Steps made all of it, so it is as hostile as any input.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use globset::GlobBuilder;
use greenroom_app::ports::pipelines::PipelineError;
use greenroom_app::ports::source::SourceFile;
use greenroom_core::definition::NOTHING;
use greenroom_core::evidence::Evidence;
use greenroom_core::stage_file::Reports;
use greenroom_evidence::calls::{Call, SuiteCalls};
use greenroom_evidence::reports::{Bad, Files, Kind, Take, read};
use sha2::{Digest as _, Sha256};

use crate::bucket::{Bucket, BucketError};

/// Of the archive as it is kept.
const PACKED_MAX: usize = 34 * 1024 * 1024;
/// Of all its files; a build keeps 32 MiB, and what they are called.
const UNPACKED_MAX: u64 = 36 * 1024 * 1024;
const FILES_MAX: usize = 20_000;
const DECLARED: &str = "reports.json";

/// What a build's `GREENROOM_REPORTS` names; `None` if it names nothing, or nothing that is what it
/// says. Then gates that want reports stay closed.
///
/// # Errors
/// The bucket cannot be read now.
pub(super) async fn evidence(
    bucket: &Bucket,
    named: Option<&str>,
) -> Result<Option<Box<Evidence>>, PipelineError> {
    let Some(named) = named.filter(|named| *named != NOTHING) else {
        return Ok(None);
    };
    let hex = named.strip_prefix("sha256:").unwrap_or_default();
    let is_hex = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex {
        tracing::warn!(named, "a build names its reports by no digest");
        return Ok(None);
    }
    let bytes = match bucket
        .get(&format!("reports/{hex}.tar.gz"), PACKED_MAX)
        .await
    {
        Ok(bytes) => bytes,
        Err(BucketError::Unavailable { why }) => return Err(PipelineError::Unavailable { why }),
        Err(error) => {
            tracing::warn!(%error, "the reports of a build are not there");
            return Ok(None);
        }
    };
    if hex::encode(Sha256::digest(&bytes)) != hex {
        tracing::warn!(named, "the reports of a build are not what it left");
        return Ok(None);
    }
    match Archive::read(&bytes) {
        Ok(archive) => Ok(Some(Box::new(archive.evidence()))),
        Err(why) => {
            tracing::warn!(named, why, "the reports of a build cannot be read");
            Ok(None)
        }
    }
}

/// What a build left.
#[derive(Debug, Default)]
struct Archive {
    /// By the places of the steps.
    declared: BTreeMap<usize, Reports>,
    /// By `<step>-<kind>`, then by path.
    files: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    why: BTreeMap<String, String>,
}

impl Archive {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut archive = Self::default();
        let unpacked = GzDecoder::new(bytes).take(UNPACKED_MAX);
        let mut tar = tar::Archive::new(unpacked);
        let entries = tar.entries().map_err(|error| error.to_string())?;
        for (n, entry) in entries.enumerate() {
            let mut entry = entry.map_err(|error| error.to_string())?;
            if n >= FILES_MAX {
                return Err(format!("it has more than {FILES_MAX} files"));
            }
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut bytes = Vec::new();
            entry
                .read_to_end(&mut bytes)
                .map_err(|error| error.to_string())?;
            archive.take(&path, bytes)?;
        }
        Ok(archive)
    }

    fn take(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), String> {
        if path == DECLARED {
            self.declared = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        } else if let Some(place) = path.strip_suffix(".why").filter(|it| !it.contains('/')) {
            let why = String::from_utf8_lossy(&bytes).into_owned();
            self.why.insert(place.to_owned(), why);
        } else if let Some((place, path)) = path.split_once('/') {
            let files = self.files.entry(place.to_owned()).or_default();
            files.insert(path.to_owned(), bytes);
        }
        Ok(())
    }

    fn evidence(&self) -> Evidence {
        let mut evidence = Evidence::default();
        for (place, reports) in &self.declared {
            let suites: Vec<SuiteCalls> = reports
                .suites
                .iter()
                .enumerate()
                .map(|(n, glob)| self.suite(&format!("{place}-suite-{n}"), glob))
                .collect();
            let files = Step {
                archive: self,
                place: *place,
            };
            read(reports, &files, &suites, &mut evidence);
        }
        evidence
    }

    fn suite(&self, place: &str, glob: &str) -> SuiteCalls {
        let files = self.matching(place, glob).map(|found| {
            let file = |(path, bytes): (&String, &Vec<u8>)| SourceFile {
                path: path.clone(),
                bytes: bytes.clone(),
            };
            found.into_iter().map(file).collect::<Vec<_>>()
        });
        let calls = files.and_then(|files| greenroom_suites::requests(&files));
        let call = |(method, url)| Call { method, url };
        SuiteCalls {
            files: glob.to_owned(),
            calls: calls.map(|calls| calls.into_iter().map(call).collect()),
        }
    }

    /// The files of a place that `glob` matches; the build's own patterns may match more.
    fn matching(&self, place: &str, glob: &str) -> Result<Vec<(&String, &Vec<u8>)>, String> {
        if let Some(why) = self.why.get(place) {
            return Err(in_words(why));
        }
        let glob = glob.trim_start_matches("./");
        let matcher = GlobBuilder::new(glob)
            .literal_separator(true)
            .build()
            .map_err(|error| format!("it is no glob: {}", error.kind()))?
            .compile_matcher();
        let files = self.files.get(place).into_iter().flatten();
        Ok(files.filter(|(path, _)| matcher.is_match(path)).collect())
    }
}

/// What a build says in a word.
fn in_words(why: &str) -> String {
    match why {
        "stale" => "it came with the commit, no step wrote it",
        "unknown" => "nobody knows which files came with the commit: there are too many",
        "many" => "it matches more than 1000 files",
        "large" => "it has more than 8388608 bytes, or all reports have more than 33554432",
        _ => "it went while it was read",
    }
    .to_owned()
}

/// The reports of one step.
struct Step<'a> {
    archive: &'a Archive,
    place: usize,
}

impl Files for Step<'_> {
    fn each(&self, kind: Kind, glob: &str, take: Take<'_>) -> Result<(), Bad> {
        let place = format!("{}-{}", self.place, kind.key());
        let found = self.archive.matching(&place, glob);
        let found = found.map_err(|why| Bad::unreadable(glob, &why))?;
        if found.is_empty() {
            return Err(Bad::Missing {
                path: glob.to_owned(),
            });
        }
        for (path, bytes) in found {
            take(bytes).map_err(|error| Bad::unreadable(path, &error))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
