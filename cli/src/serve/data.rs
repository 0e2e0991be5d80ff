//! The data folder: everything `serve` keeps, and how the CLI finds the server and its token.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use greenroom_local::store::{EmbeddedStore, FILE, OpenError};
use secrecy::{ExposeSecret, SecretString};

use super::ServeError;

/// A data folder that exists and is ours alone.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// Opens the folder, or makes it (0700).
    pub fn open(path: &Path) -> Result<Self, ServeError> {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path);
        let path = made
            .and_then(|()| path.canonicalize())
            .map_err(|source| ServeError::Data {
                what: format!("the data folder {} cannot be made", path.display()),
                help: "give another with --data".to_owned(),
                source: Some(source.into()),
            })?;
        let open_to = fs::metadata(&path).map_or(0, |found| found.permissions().mode() & 0o077);
        if open_to != 0 {
            tracing::warn!(data = %path.display(), "other users of this machine can look into the data folder; `chmod 700` keeps them out");
        }
        Ok(Self { path })
    }

    /// Opens the store, which keeps every other server out of the folder.
    pub fn store(&self) -> Result<EmbeddedStore, ServeError> {
        EmbeddedStore::open(&self.path.join(FILE)).map_err(store_error)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The API's token: the one given, else the one kept, else a fresh one; kept in `token` (0600).
    pub fn token(&self, given: Option<SecretString>) -> Result<SecretString, ServeError> {
        let file = self.path.join("token");
        let token = match given {
            Some(given) => given,
            None => match fs::read_to_string(&file) {
                Ok(kept) if !kept.trim().is_empty() => {
                    let private = fs::Permissions::from_mode(0o600);
                    fs::set_permissions(&file, private).map_err(|error| unusable(&file, error))?;
                    return Ok(SecretString::from(kept.trim().to_owned()));
                }
                Ok(_) => fresh(),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => fresh(),
                Err(error) => return Err(unusable(&file, error)),
            },
        };
        write_private(&file, token.expose_secret()).map_err(|error| unusable(&file, error))?;
        Ok(token)
    }

    /// Where the CLI finds the server.
    pub fn write_address(&self, address: SocketAddr) -> Result<(), ServeError> {
        let file = self.path.join("address");
        write_private(&file, &format!("http://{address}")).map_err(|error| unusable(&file, error))
    }

    pub fn forget_address(&self) {
        // A left-over address only makes the CLI say that nobody answers there.
        drop(fs::remove_file(self.path.join("address")));
    }
}

fn fresh() -> SecretString {
    use std::fmt::Write as _;
    let mut bytes = [0_u8; 32];
    if let Err(error) = getrandom::fill(&mut bytes) {
        panic!("the operating system gives no random numbers: {error}");
    }
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    SecretString::from(hex)
}

/// Readers see the old text or the new, and nobody else sees either.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let temporary = file.with_extension("new");
    let mut out = fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o600))?;
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.sync_all()?;
    fs::rename(&temporary, file)
}

fn unusable(file: &Path, source: std::io::Error) -> ServeError {
    ServeError::Data {
        what: format!("{} cannot be used", file.display()),
        help: "check its permissions and the free space".to_owned(),
        source: Some(source.into()),
    }
}

/// What the store says when it cannot be opened, with the way out.
fn store_error(error: OpenError) -> ServeError {
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    ServeError::Data {
        what: error.to_string(),
        help: error.help().to_owned(),
        source: cause.map(Into::into),
    }
}
