//! What builds made, kept by content: `<data>/artifacts/sha256/<ab>/<64 hex digits>`.
//!
//! An artifact is a plain tar. Not compressed: the digest then depends on the files alone, never
//! on a compressor's version or level, packing runs at the speed of SHA-256, and a disk is cheaper
//! than a stage that waits. Whatever differs between two builds of the same files (times, owners,
//! umask, the order a folder lists its files in) is normalised away before the digest is taken.
//! Nothing is unpacked before the digest of the stored bytes was found to be the one asked for.

mod pack;
#[cfg(test)]
mod tests;
mod unpack;

use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use greenroom_core::name::Digest;
use greenroom_core::release::Artifact;
use sha2::{Digest as _, Sha256};

/// Largest packed artifact unless the operator says otherwise: 2 GiB.
pub const SIZE_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// Why an artifact could not be packed or unpacked, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The build does not make what the stage file says it makes.
    #[error("there is no {path}")]
    Missing { path: String },
    /// The build made a folder with nothing in it.
    #[error("{path} is empty")]
    Empty { path: String },
    /// The build must make less, or the operator allow more.
    #[error("{path} packs to more than {limit} bytes")]
    TooLarge { path: String, limit: u64 },
    /// Something that cannot, or must not, be carried to another place.
    #[error("{path} cannot be part of an artifact: {why}")]
    Unsafe { path: String, why: String },
    /// Nothing with this digest was ever packed here, or somebody deleted it.
    #[error("the artifact {digest} is not in the store")]
    NotStored { digest: Digest },
    /// The stored bytes are not those that were packed. Nothing was unpacked.
    #[error("the artifact {expected} is not what was built: its bytes have the digest {found}")]
    Mismatch { expected: Digest, found: Digest },
    /// Disk full, no permission: try later or mend the disk.
    #[error("{what}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
}

impl ArtifactError {
    fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io {
            what: what.into(),
            source,
        }
    }
}

/// The store of artifacts. Its calls block: disk and SHA-256.
#[derive(Clone, Debug)]
pub struct ArtifactStore {
    folder: PathBuf,
    limit: u64,
}

impl ArtifactStore {
    /// A store in `folder` (`<data>/artifacts`), made when first needed, for artifacts of at
    /// most `limit` packed bytes.
    pub fn new(folder: impl Into<PathBuf>, limit: u64) -> Self {
        Self {
            folder: folder.into(),
            limit,
        }
    }

    /// Where the bytes of a digest are or would be; `None` when it is no SHA-256 digest.
    pub fn path_of(&self, digest: &Digest) -> Option<PathBuf> {
        let hex = digest.as_str().strip_prefix("sha256:")?;
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if hex.len() != 64 || !hex.bytes().all(is_hex) {
            return None;
        }
        Some(self.folder.join("sha256").join(&hex[..2]).join(hex))
    }

    /// Packs the file or folder `path` (relative) of the folder `root` and keeps it. The same
    /// files give the same digest, whoever packs them and whenever.
    ///
    /// # Errors
    /// All but `NotStored` and `Mismatch`.
    pub fn pack(&self, root: &Path, path: &str) -> Result<Artifact, ArtifactError> {
        let incoming = self.folder.join("incoming");
        let cannot = |error| ArtifactError::io("the artifact store cannot be written", error);
        std::fs::create_dir_all(&incoming).map_err(cannot)?;
        let temporary = tempfile::NamedTempFile::new_in(&incoming).map_err(cannot)?;
        let sink = Sink {
            to: BufWriter::with_capacity(256 * 1024, temporary.as_file()),
            hash: Sha256::new(),
            size: 0,
            limit: self.limit,
        };
        let Sink { to, hash, size, .. } = pack::write_tar(root, path, sink)?;
        let digest = digest_of(hash);
        to.into_inner()
            .map_err(|error| cannot(error.into_error()))?
            .sync_all()
            .map_err(cannot)?;
        self.keep(temporary, &digest).map_err(cannot)?;
        Ok(Artifact { digest, size })
    }

    /// Replaces what may be there: it has the same bytes, or was damaged.
    fn keep(&self, temporary: tempfile::NamedTempFile, digest: &Digest) -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let path = self
            .path_of(digest)
            .expect("a digest we made has the form of a digest");
        let folder = path.parent().expect("it is inside the store");
        std::fs::create_dir_all(folder)?;
        let read_only = std::fs::Permissions::from_mode(0o444);
        temporary.as_file().set_permissions(read_only)?;
        temporary.persist(&path).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()
    }

    /// Checks the stored bytes against `digest`, then unpacks them into the folder `into`,
    /// which must not exist. Gives the path of what was packed: `into` itself for a folder,
    /// the file inside it for a file.
    ///
    /// # Errors
    /// `NotStored`, `Mismatch`, `Unsafe` (not packed by us), `Io`.
    pub fn unpack(&self, digest: &Digest, into: &Path) -> Result<PathBuf, ArtifactError> {
        let not_stored = || ArtifactError::NotStored {
            digest: digest.clone(),
        };
        let path = self.path_of(digest).ok_or_else(not_stored)?;
        let unreadable = |error| ArtifactError::io("the stored artifact cannot be read", error);
        let mut file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(not_stored()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match file.read(&mut buffer).map_err(unreadable)? {
                0 => break,
                n => hash.update(&buffer[..n]),
            }
        }
        let found = digest_of(hash);
        if found != *digest {
            return Err(ArtifactError::Mismatch {
                expected: digest.clone(),
                found,
            });
        }
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        unpack::read_tar(BufReader::with_capacity(256 * 1024, file), into)
    }
}

fn digest_of(hash: Sha256) -> Digest {
    Digest::new(format!("sha256:{}", hex::encode(hash.finalize())))
}

/// Counts and hashes what is written, and stops at the limit.
#[derive(Debug)]
struct Sink<W> {
    to: W,
    hash: Sha256,
    size: u64,
    limit: u64,
}

/// What [`Sink`] says at its limit; found again by [`Sink::is_full`].
#[derive(Debug, thiserror::Error)]
#[error("the artifact is too large")]
struct Full;

impl<W> Sink<W> {
    fn is_full(error: &std::io::Error) -> bool {
        matches!(error.get_ref(), Some(inner) if inner.is::<Full>())
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.size + bytes.len() as u64 > self.limit {
            return Err(std::io::Error::other(Full));
        }
        let n = self.to.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.size += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}
