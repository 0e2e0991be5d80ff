//! Reads a tar of ours, and trusts it no more than a stranger's.
//!
//! Links are made last, when nothing more is written through any of them, and every file is
//! made new. So no entry can write outside the folder, in whatever order entries come.

use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use super::ArtifactError;
use super::pack::stays_inside;

/// Unpacks into `into`, which must not exist, and says where what was packed is now.
pub(super) fn read_tar(from: impl Read, into: &Path) -> Result<PathBuf, ArtifactError> {
    let cannot_make = |error| ArtifactError::io("the artifact cannot be unpacked", error);
    std::fs::create_dir(into).map_err(cannot_make)?;
    let mut is_folder = false;
    let mut only = None;
    let mut links = Vec::new();
    let mut archive = tar::Archive::new(from);
    for entry in archive.entries().map_err(cannot_make)? {
        let mut entry = entry.map_err(cannot_make)?;
        let path = entry.path().map_err(cannot_make)?.into_owned();
        let refuse = |why: &str| ArtifactError::Unsafe {
            path: path.display().to_string(),
            why: why.to_owned(),
        };
        let kind = entry.header().entry_type();
        if path.components().all(|c| c == Component::CurDir) && kind.is_dir() {
            is_folder = true;
            continue;
        }
        if !path.components().all(|c| matches!(c, Component::Normal(_))) {
            return Err(refuse("its path is not a plain relative one"));
        }
        let at = into.join(&path);
        if kind.is_dir() {
            std::fs::create_dir(&at).map_err(cannot_make)?;
            set_mode(&at, 0o755).map_err(cannot_make)?;
        } else if kind.is_file() {
            let executable = entry.header().mode().map_err(cannot_make)? & 0o100 != 0;
            write_file(&mut entry, &at, executable).map_err(cannot_make)?;
            only = Some(at);
        } else if kind.is_symlink() {
            let target = entry
                .link_name()
                .map_err(cannot_make)?
                .ok_or_else(|| refuse("it is a link to nothing"))?;
            if !stays_inside(&path, &target) {
                return Err(refuse("it is a link that leaves the artifact"));
            }
            links.push((at, target.into_owned()));
        } else {
            return Err(refuse("it is neither a file, a folder nor a link"));
        }
    }
    for (at, target) in links {
        std::os::unix::fs::symlink(target, at).map_err(cannot_make)?;
    }
    Ok(match only {
        Some(file) if !is_folder => file,
        _ => into.to_owned(),
    })
}

fn write_file(from: &mut impl Read, at: &Path, executable: bool) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(at)?;
    std::io::copy(from, &mut file)?;
    drop(file);
    // Said once more, because the umask has had its say in `mode` above.
    set_mode(at, if executable { 0o755 } else { 0o644 })
}

fn set_mode(at: &Path, mode: u32) -> std::io::Result<()> {
    std::fs::set_permissions(at, std::fs::Permissions::from_mode(mode))
}
