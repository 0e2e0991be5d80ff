//! Finding files in a checkout that anybody may have changed.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use greenroom_evidence::REPORT_BYTES_MAX;
use rustix::fs::OFlags;

/// Reports that one glob may match.
const FILES_MAX: usize = 1_000;
/// Names that are looked at for one glob; dependencies may have been put into the checkout.
const LOOKED_AT_MAX: usize = 200_000;
/// Folders inside each other.
const DEPTH_MAX: usize = 40;

/// Tells whether a file was written since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::pipeline) struct Stamp {
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self {
            inode: file.ino(),
            size: file.size(),
            changed: (file.mtime(), file.mtime_nsec()),
        }
    }
}

/// The files that `glob` matches, relative to `checkout`, by path.
///
/// # Errors
/// A sentence: there is too much to look at, or the disk cannot be read.
pub(super) fn matching(checkout: &Path, glob: &str) -> Result<BTreeMap<PathBuf, Stamp>, String> {
    let glob = glob.trim_start_matches("./");
    let matcher = globset::GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .map_err(|error| format!("it is no glob: {}", error.kind()))?
        .compile_matcher();
    let (root, deep) = begin(glob);
    let mut found = BTreeMap::new();
    let mut looked_at = 0;
    let mut folders = vec![(root, 0)];
    while let Some((folder, depth)) = folders.pop() {
        if !is_folder(checkout, &folder) {
            continue;
        }
        let entries = std::fs::read_dir(checkout.join(&folder))
            .map_err(|error| format!("{} cannot be listed: {error}", folder.display()))?;
        for entry in entries.flatten() {
            looked_at += 1;
            if looked_at > LOOKED_AT_MAX {
                return Err(format!(
                    "more than {LOOKED_AT_MAX} files would have to be looked at"
                ));
            }
            let path = folder.join(entry.file_name());
            // Neither follows a symbolic link.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && deep && depth < DEPTH_MAX && entry.file_name() != ".git" {
                folders.push((path, depth + 1));
            } else if kind.is_file() && matcher.is_match(&path) {
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                found.insert(path, Stamp::of(&metadata));
                if found.len() > FILES_MAX {
                    return Err(format!("it matches more than {FILES_MAX} files"));
                }
            }
        }
    }
    Ok(found)
}

/// The folder that all matches are in, and whether folders in it matter.
fn begin(glob: &str) -> (PathBuf, bool) {
    let special = glob.find(['*', '?', '[', '{', '\\']).unwrap_or(glob.len());
    let folder = glob[..special].rfind('/').map_or("", |at| &glob[..at]);
    let rest = &glob[folder.len()..];
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let deep = rest.contains('/') || rest.contains("**");
    (PathBuf::from(folder), deep)
}

/// Whether each part of the way is a folder and no link to one.
fn is_folder(checkout: &Path, folder: &Path) -> bool {
    let mut at = checkout.to_owned();
    folder.components().all(|part| {
        at.push(part);
        std::fs::symlink_metadata(&at).is_ok_and(|metadata| metadata.is_dir())
    })
}

/// The bytes of a file, at most as many as a report may have.
///
/// # Errors
/// A sentence.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no file".to_owned());
    }
    let limit = REPORT_BYTES_MAX as u64;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("it has more than {limit} bytes"));
    }
    Ok(bytes)
}
