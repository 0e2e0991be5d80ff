//! Writes a tar that depends on nothing but names, contents, the executable bit and links.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use super::{ArtifactError, Sink};

/// Packs `root`/`path`. A folder begins with an entry for itself, so that a folder of one file
/// and that file alone are different artifacts.
pub(super) fn write_tar<W: Write>(
    root: &Path,
    path: &str,
    sink: Sink<W>,
) -> Result<Sink<W>, ArtifactError> {
    let (name, found) = locate(root, path)?;
    let mut tar = Tar {
        builder: tar::Builder::new(sink),
        path,
    };
    if found.is_dir() {
        tar.folder(Path::new("./"))?;
        let children = children_of(&found, Path::new(""), path)?;
        if children.is_empty() {
            return Err(ArtifactError::Empty {
                path: path.to_owned(),
            });
        }
        // A stack and not recursion: depth is the build's choice. Its top is the next in order.
        let mut stack: Vec<PathBuf> = children;
        while let Some(relative) = stack.pop() {
            if tar.entry(&found.join(&relative), &relative)? {
                stack.extend(children_of(&found, &relative, path)?);
            }
        }
    } else {
        tar.entry(&found, Path::new(&name))?;
    }
    tar.finish()
}

/// The artifact's own name and where it really is, which is inside `root`.
fn locate(root: &Path, path: &str) -> Result<(OsString, PathBuf), ArtifactError> {
    let outside = |why: &str| ArtifactError::Unsafe {
        path: path.to_owned(),
        why: why.to_owned(),
    };
    let relative = Path::new(path);
    let plain = |c| matches!(c, Component::Normal(_) | Component::CurDir);
    if path.is_empty() || !relative.components().all(plain) {
        return Err(outside("its path must stay inside the checkout"));
    }
    let io = |error| ArtifactError::io(format!("{path} cannot be read"), error);
    let root = root.canonicalize().map_err(io)?;
    let found = match root.join(relative).canonicalize() {
        Ok(found) => found,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Err(ArtifactError::Missing {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(io(error)),
    };
    if !found.starts_with(&root) {
        return Err(outside("it is a link that leaves the checkout"));
    }
    let name = relative.file_name().unwrap_or_default().to_owned();
    Ok((name, found))
}

/// Paths of a folder's entries relative to `top`, the last in order first.
fn children_of(top: &Path, folder: &Path, path: &str) -> Result<Vec<PathBuf>, ArtifactError> {
    let io = |error| ArtifactError::io(format!("{path} cannot be read"), error);
    let mut names: Vec<OsString> = std::fs::read_dir(top.join(folder))
        .map_err(io)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()
        .map_err(io)?;
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

struct Tar<'a, W: Write> {
    builder: tar::Builder<Sink<W>>,
    /// What is packed, for errors.
    path: &'a str,
}

impl<W: Write> Tar<'_, W> {
    /// Writes one entry; true when it is a folder, whose children are to follow.
    fn entry(&mut self, at: &Path, relative: &Path) -> Result<bool, ArtifactError> {
        let metadata = at
            .symlink_metadata()
            .map_err(|error| self.unreadable(relative, error))?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            self.folder(relative)?;
        } else if kind.is_symlink() {
            self.link(at, relative)?;
        } else if kind.is_file() {
            let executable = metadata.permissions().mode() & 0o100 != 0;
            self.file(at, relative, metadata.len(), executable)?;
        } else {
            return Err(unsafe_entry(
                relative,
                "it is a device, a socket or a named pipe",
            ));
        }
        Ok(kind.is_dir())
    }

    fn folder(&mut self, relative: &Path) -> Result<(), ArtifactError> {
        let mut header = header(tar::EntryType::Directory, 0o755, 0);
        self.builder
            .append_data(&mut header, relative, std::io::empty())
            .map_err(|error| self.unwritable(relative, error))
    }

    fn link(&mut self, at: &Path, relative: &Path) -> Result<(), ArtifactError> {
        let target = std::fs::read_link(at).map_err(|error| self.unreadable(relative, error))?;
        if !stays_inside(relative, &target) {
            return Err(unsafe_entry(
                relative,
                "it is a link that leaves the artifact",
            ));
        }
        let mut header = header(tar::EntryType::Symlink, 0o755, 0);
        self.builder
            .append_link(&mut header, relative, &target)
            .map_err(|error| self.unwritable(relative, error))
    }

    fn file(
        &mut self,
        at: &Path,
        relative: &Path,
        size: u64,
        executable: bool,
    ) -> Result<(), ArtifactError> {
        // Between looking and opening the build could put something else there.
        let file = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(
                (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32,
            )
            .open(at)
            .map_err(|error| self.unreadable(relative, error))?;
        let mut body = Counted {
            from: file.take(size),
            read: 0,
        };
        let mut header = header(
            tar::EntryType::Regular,
            if executable { 0o755 } else { 0o644 },
            size,
        );
        self.builder
            .append_data(&mut header, relative, &mut body)
            .map_err(|error| self.unwritable(relative, error))?;
        if body.read != size {
            return Err(unsafe_entry(relative, "it changed while it was packed"));
        }
        Ok(())
    }

    fn finish(self) -> Result<Sink<W>, ArtifactError> {
        let path = self.path;
        self.builder
            .into_inner()
            .map_err(|error| failed(path, Path::new(path), error, u64::MAX))
    }

    fn unwritable(&self, relative: &Path, error: std::io::Error) -> ArtifactError {
        failed(self.path, relative, error, self.builder.get_ref().limit)
    }

    fn unreadable(&self, relative: &Path, error: std::io::Error) -> ArtifactError {
        ArtifactError::io(format!("{} cannot be read", relative.display()), error)
    }
}

fn failed(path: &str, relative: &Path, error: std::io::Error, limit: u64) -> ArtifactError {
    if Sink::<()>::is_full(&error) {
        return ArtifactError::TooLarge {
            path: path.to_owned(),
            limit,
        };
    }
    ArtifactError::io(format!("{} cannot be packed", relative.display()), error)
}

fn unsafe_entry(relative: &Path, why: &str) -> ArtifactError {
    ArtifactError::Unsafe {
        path: relative.display().to_string(),
        why: why.to_owned(),
    }
}

fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}

/// True when a link at `link` pointing to `target` cannot lead out of the artifact.
///
/// `..` is taken only at the start of a target: there it climbs folders that are really folders.
/// After a name it could climb out of wherever another link of the artifact leads.
pub(super) fn stays_inside(link: &Path, target: &Path) -> bool {
    let mut depth = link.components().count().saturating_sub(1);
    let mut named = false;
    for component in target.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(_) => named = true,
            Component::ParentDir if !named && depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

struct Counted<R> {
    from: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.from.read(buffer)?;
        self.read += n as u64;
        Ok(n)
    }
}
