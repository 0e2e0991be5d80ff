//! What git's complaints mean to us.
//!
//! git has one exit status for everything, so its words are read. Wrong guesses cost little as
//! long as `NotFound` is said only when it is certain: a refusal is shown to a person together
//! with git's own words, anything not recognised is tried again later.

use greenroom_app::ports::source::{Repository, SourceError};

use super::command::Failure;

/// Longest piece of git's words that is shown, in characters.
const WORDS_MAX: usize = 400;

/// Words of git, ssh and servers that mean "a person must mend the credential or the address".
const REFUSALS: [&str; 17] = [
    "authentication failed",
    "could not read username",
    "could not read password",
    "permission denied",
    "terminal prompts disabled",
    "host key verification failed",
    "the requested url returned error: 401",
    "the requested url returned error: 403",
    "the requested url returned error: 404",
    "repository not found",
    "' not found",
    "does not appear to be a git repository",
    "unable to find remote helper",
    "not allowed",
    "dubious ownership",
    "no path specified",
    "strange hostname",
];

/// The error for what git said about this repository.
pub(super) fn explain(repository: &Repository, failure: Failure) -> SourceError {
    let name = repository.name.to_string();
    let why = match failure {
        Failure::Broken(error) => format!("git cannot be run: {error}"),
        Failure::TimedOut(after) => format!("git gave no answer within {after:?}"),
        Failure::TooMuch { limit } => format!("git's answer has more than {limit} bytes"),
        Failure::Said { said } => {
            let address = repository.git.as_deref().unwrap_or_default();
            let why = presentable(&said, address);
            if is_certainly_absent(address) {
                // It may be a disk that is not mounted: mended, the same address is good.
                return SourceError::Refused {
                    repository: name,
                    why: format!("there is no repository at {address}"),
                };
            }
            let lower = said.to_lowercase();
            if REFUSALS.iter().any(|words| lower.contains(words)) {
                return SourceError::Refused {
                    repository: name,
                    why,
                };
            }
            why
        }
    };
    SourceError::Unavailable {
        repository: name,
        why,
    }
}

/// A path on this machine whose folder is there and does not have it. A server's "not found" is
/// never certain: it says the same to those who may not see.
fn is_certainly_absent(address: &str) -> bool {
    let path = address.strip_prefix("file://").unwrap_or(address);
    let path = std::path::Path::new(path);
    let absent = |path: &std::path::Path| {
        path.symlink_metadata()
            .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    path.is_absolute() && absent(path) && path.parent().is_some_and(|above| !absent(above))
}

/// git's words without credentials, terminal sequences and noise.
fn presentable(said: &str, address: &str) -> String {
    let mut text = crate::pipeline::plain_text(said);
    if let Some(credential) = credential_of(address) {
        text = text.replace(&credential, "***");
    }
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.strip_prefix("fatal: ").unwrap_or(line).trim())
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" / ").chars().take(WORDS_MAX).collect()
}

/// `user:password` of `https://user:password@host/path`.
fn credential_of(address: &str) -> Option<String> {
    let rest = address.split_once("://")?.1;
    let authority = rest.split('/').next()?;
    let (credential, _) = authority.rsplit_once('@')?;
    (!credential.is_empty()).then(|| credential.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(address: &str) -> Repository {
        Repository {
            id: greenroom_core::name::RepositoryId(1),
            name: "acme/orders".into(),
            git: Some(address.to_owned()),
        }
    }

    fn said(words: &str) -> Failure {
        Failure::Said {
            said: words.to_owned(),
        }
    }

    #[test]
    fn a_credential_in_the_address_is_never_repeated() {
        let error = explain(
            &repository("https://bot:ghp_secret@example.com/a.git"),
            said("fatal: unable to access 'https://bot:ghp_secret@example.com/a.git/': no route"),
        );
        assert!(!error.to_string().contains("ghp_secret"), "{error}");
        assert!(matches!(error, SourceError::Unavailable { .. }));
    }

    #[test]
    fn a_servers_not_found_is_a_refusal_because_it_may_mean_hidden() {
        let error = explain(
            &repository("https://example.com/a.git"),
            said("remote: Not Found\nfatal: repository 'https://example.com/a.git/' not found"),
        );
        assert!(matches!(error, SourceError::Refused { .. }), "{error:?}");
    }

    #[test]
    fn anything_unknown_is_tried_again() {
        let error = explain(
            &repository("ssh://git@example.com/a.git"),
            said("ssh: connect to host example.com port 22: Connection timed out"),
        );
        assert!(
            matches!(error, SourceError::Unavailable { .. }),
            "{error:?}"
        );
    }
}
