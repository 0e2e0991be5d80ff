//! Secrets of one machine: an environment variable of the server, else a file in its data folder.
//!
//! `orders/db` is looked for in `GREENROOM_SECRET_ORDERS_DB`, then in `<data>/secrets/orders/db`.
//! The environment is read once, at start, and given to us as a map; a file is read every time,
//! so that a changed secret is used by the next run. Values appear in no error and no log.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use greenroom_app::ports::secrets::{SecretError, Secrets};
use greenroom_core::name::SecretName;
use secrecy::SecretString;

/// What the name of an environment variable that holds a secret starts with.
pub const PREFIX: &str = "GREENROOM_SECRET_";

/// A secret is a password or a key; more than this is a mistake.
const SIZE_MAX: u64 = 64 * 1024;

/// Secrets from the server's environment and from files.
#[derive(Debug)]
pub struct LocalSecrets {
    environment: BTreeMap<String, SecretString>,
    folder: PathBuf,
}

impl LocalSecrets {
    /// Keeps the variables of `environment` that hold secrets; files are looked for under
    /// `folder` (`<data>/secrets`), which need not exist.
    pub fn new(
        environment: impl IntoIterator<Item = (String, String)>,
        folder: impl Into<PathBuf>,
    ) -> Self {
        let environment = environment
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| (name, SecretString::from(value)))
            .collect();
        Self {
            environment,
            folder: folder.into(),
        }
    }
}

impl Secrets for LocalSecrets {
    async fn get(&self, name: &SecretName) -> Result<SecretString, SecretError> {
        let variable = variable_for(name);
        if let Some(value) = self.environment.get(&variable) {
            return Ok(value.clone());
        }
        let (name, folder) = (name.clone(), self.folder.clone());
        let task = tokio::task::spawn_blocking({
            let name = name.clone();
            move || from_file(&folder, &name, &variable)
        });
        task.await.unwrap_or_else(|error| {
            Err(SecretError::Unavailable {
                name,
                why: error.to_string(),
            })
        })
    }
}

/// `GREENROOM_SECRET_ORDERS_DB` for `orders/db`. Names that differ only in punctuation or case
/// share a variable; files keep them apart.
pub fn variable_for(name: &SecretName) -> String {
    let upper = name.as_str().chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    });
    PREFIX.chars().chain(upper).collect()
}

fn from_file(
    folder: &Path,
    name: &SecretName,
    variable: &str,
) -> Result<SecretString, SecretError> {
    let missing = |how: String| SecretError::Missing {
        name: name.clone(),
        how,
    };
    if !is_plain(name.as_str()) {
        return Err(missing(
            "a secret's name is letters, digits, `.`, `_` and `-`, in parts between single `/`"
                .to_owned(),
        ));
    }
    let path = folder.join(name.as_str());
    let unavailable = |error: std::io::Error| SecretError::Unavailable {
        name: name.clone(),
        why: format!("{}: {error}", path.display()),
    };
    let not_there = || {
        missing(format!(
            "start the server with {variable}, or write the value to {} (mode 0600)",
            path.display()
        ))
    };
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if is_absence(&error) => return Err(not_there()),
        Err(error) => return Err(unavailable(error)),
    };
    let metadata = file.metadata().map_err(unavailable)?;
    if !metadata.is_file() {
        return Err(not_there());
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(missing(format!(
            "others may read {0}; run `chmod 600 {0}`",
            path.display()
        )));
    }
    let mut text = String::new();
    match file.take(SIZE_MAX + 1).read_to_string(&mut text) {
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            return Err(missing(format!("{} is not UTF-8", path.display())));
        }
        other => other.map_err(unavailable)?,
    };
    if text.len() as u64 > SIZE_MAX {
        return Err(missing(format!(
            "{} has more than {SIZE_MAX} bytes",
            path.display()
        )));
    }
    let value = text.strip_suffix('\n').unwrap_or(&text);
    let value = value.strip_suffix('\r').unwrap_or(value);
    Ok(SecretString::from(value.to_owned()))
}

fn is_absence(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

/// No part may be empty, `.` or `..`, or hold a character that means something to a shell or a
/// file system.
fn is_plain(name: &str) -> bool {
    let part_is_plain = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    name.split('/').all(part_is_plain)
}
