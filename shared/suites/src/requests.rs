//! What the files of a suite ask for, without running them.

use greenroom_app::ports::source::SourceFile;

use crate::SuiteFile;

/// The method and the address of each test of `files`, as written.
///
/// # Errors
/// A sentence: there is no file, or one of them cannot be read.
pub fn requests(files: &[SourceFile]) -> Result<Vec<(String, String)>, String> {
    if files.is_empty() {
        return Err("no file matches".to_owned());
    }
    let mut all = Vec::new();
    for file in files {
        let text =
            str::from_utf8(&file.bytes).map_err(|_| format!("{} is not UTF-8", file.path))?;
        let parsed = SuiteFile::parse(&file.path, text).map_err(|problems| {
            let first = problems.first().map(ToString::to_string);
            first.unwrap_or_else(|| format!("{} cannot be read", file.path))
        })?;
        all.extend(parsed.requests());
    }
    Ok(all)
}
