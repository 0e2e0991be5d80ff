//! Changes to the sample's files.

use std::fs;
use std::io;
use std::path::Path;

/// One change; paths are relative to the repository's root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit {
    /// The whole file; a script (`*.sh`) is made executable.
    Write {
        path: String,
        text: String,
    },
    /// The only place where `from` stands.
    Replace {
        path: String,
        from: String,
        to: String,
    },
    Remove {
        path: String,
    },
}

const PRICING: &str = "src/pricing.rs";
const RIGHT: &str = "(subtotal * percent + 99) / 100";
const WRONG: &str = "(subtotal / 1000) * percent";

/// Makes coupons take off a tenth of what they promise. It still builds and passes its unit
/// tests; only the smoke tests against a stage see it.
pub fn break_discount() -> Vec<Edit> {
    vec![Edit::replace(PRICING, RIGHT, WRONG)]
}

/// Takes [`break_discount`] back.
pub fn fix_discount() -> Vec<Edit> {
    vec![Edit::replace(PRICING, WRONG, RIGHT)]
}

impl Edit {
    /// The whole file.
    pub fn write(path: &str, text: &str) -> Self {
        Self::Write {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The only place where `from` stands.
    pub fn replace(path: &str, from: &str, to: &str) -> Self {
        Self::Replace {
            path: path.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    pub(super) fn apply(&self, root: &Path) -> io::Result<()> {
        match self {
            Self::Write { path, text } => {
                let file = root.join(path);
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(&file, text)?;
                if path.ends_with(".sh") {
                    make_executable(&file)?;
                }
                Ok(())
            }
            Self::Replace { path, from, to } => {
                let file = root.join(path);
                let text = fs::read_to_string(&file)?;
                if text.matches(from.as_str()).count() != 1 {
                    return Err(io::Error::other(format!(
                        "{path} does not have {from:?} exactly once"
                    )));
                }
                fs::write(file, text.replacen(from, to, 1))
            }
            Self::Remove { path } => fs::remove_file(root.join(path)),
        }
    }
}

fn make_executable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}
