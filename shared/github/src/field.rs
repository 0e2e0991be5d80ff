//! Fields of a payload, checked on their way into names. Whoever holds a name need not ask again.

use greenroom_core::name::{Actor, RefName, RepoName, RepositoryId, Revision};

use crate::BadPayload;
use crate::wire::{Object, Repository, Text};

/// Git itself allows no more for one segment; GitHub's own limit is near it.
const REFERENCE_BYTES: usize = 1200;
/// `owner/name`: 39 and 100 characters at GitHub today.
const REPOSITORY_BYTES: usize = 200;
/// 39 characters and suffixes such as `[bot]` at GitHub today.
const LOGIN_BYTES: usize = 100;
const SUBJECT_CHARS: usize = 200;
const SUBJECT_BYTES: usize = 400;

/// Where a field stands, for the sentence about it.
#[derive(Clone, Copy)]
pub struct Field {
    pub event: &'static str,
    pub path: &'static str,
}

impl Field {
    /// The value, or the sentence that it is absent.
    pub fn need<T>(self, value: Option<T>) -> Result<T, BadPayload> {
        value.ok_or(BadPayload::Missing {
            event: self.event,
            field: self.path,
        })
    }

    fn refuse<T>(self, why: impl Into<String>) -> Result<T, BadPayload> {
        Err(BadPayload::Unusable {
            event: self.event,
            field: self.path.to_owned(),
            why: why.into(),
        })
    }

    /// A commit or object id; `None` for the id of zeros, which stands for nothing.
    pub fn revision_or_zeros(
        self,
        value: Option<Text<'_>>,
    ) -> Result<Option<Revision>, BadPayload> {
        let Text(id) = self.need(value)?;
        let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if !matches!(id.len(), 40 | 64) || !id.bytes().all(digits) {
            return self.refuse("is not 40 or 64 lower-case hexadecimal digits");
        }
        if id.bytes().all(|byte| byte == b'0') {
            return Ok(None);
        }
        Ok(Some(Revision::new(id)))
    }

    /// A commit id that stands for a commit.
    pub fn revision(self, value: Option<Text<'_>>) -> Result<Revision, BadPayload> {
        match self.revision_or_zeros(value)? {
            Some(revision) => Ok(revision),
            None => self.refuse("is all zeros, which is no commit"),
        }
    }

    /// A full reference, `refs/...`.
    pub fn reference(self, value: Option<Text<'_>>) -> Result<RefName, BadPayload> {
        let Text(name) = self.need(value)?;
        if !name.starts_with("refs/") {
            return self.refuse("does not begin with `refs/`");
        }
        self.named(name.into_owned())
    }

    /// The full reference of a branch given by its short name.
    pub fn branch(self, value: Option<Text<'_>>) -> Result<RefName, BadPayload> {
        let Text(name) = self.need(value)?;
        if name.is_empty() {
            return self.refuse("is empty");
        }
        self.named(format!("refs/heads/{name}"))
    }

    fn named(self, name: String) -> Result<RefName, BadPayload> {
        if name.len() > REFERENCE_BYTES {
            return self.refuse(format!("is longer than {REFERENCE_BYTES} bytes"));
        }
        if name.ends_with('/') {
            return self.refuse("names nothing after its last `/`");
        }
        if name.chars().any(char::is_control) {
            return self.refuse("contains control characters, which git allows in no reference");
        }
        Ok(RefName::new(name))
    }

    /// A login; `None` when GitHub does not say who.
    pub fn login(self, value: Option<Text<'_>>) -> Result<Option<Actor>, BadPayload> {
        let Some(Text(login)) = value else {
            return Ok(None);
        };
        if login.len() > LOGIN_BYTES {
            return self.refuse(format!("is longer than {LOGIN_BYTES} bytes"));
        }
        if login.chars().any(char::is_control) {
            return self.refuse("contains control characters");
        }
        Ok((!login.trim().is_empty()).then(|| Actor::new(login)))
    }

    /// GitHub's ids are positive and fit 63 bits.
    pub fn id(self, value: Option<u64>) -> Result<u64, BadPayload> {
        let id = self.need(value)?;
        if id == 0 || i64::try_from(id).is_err() {
            return self.refuse("is not an id: GitHub's are between 1 and 2^63 - 1");
        }
        Ok(id)
    }

    fn repository_name(self, value: Option<Text<'_>>) -> Result<RepoName, BadPayload> {
        let Text(name) = self.need(value)?;
        let halves = |(owner, name): (&str, &str)| {
            !owner.is_empty() && !name.is_empty() && !name.contains('/')
        };
        if !name.split_once('/').is_some_and(halves) {
            return self.refuse("is not `owner/name`");
        }
        if name.len() > REPOSITORY_BYTES {
            return self.refuse(format!("is longer than {REPOSITORY_BYTES} bytes"));
        }
        if name
            .chars()
            .any(|letter| letter.is_control() || letter == ' ')
        {
            return self.refuse("contains spaces or control characters");
        }
        Ok(RepoName::new(name))
    }
}

/// `repository`, checked.
pub struct Identity {
    pub id: RepositoryId,
    pub name: RepoName,
    pub default_branch: RefName,
}

/// Reads `repository` of an event.
pub fn identity(
    event: &'static str,
    repository: Option<Object<Repository<'_>>>,
) -> Result<Identity, BadPayload> {
    let field = |path| Field { event, path };
    let Object(repository) = field("repository").need(repository)?;
    Ok(Identity {
        id: RepositoryId(field("repository.id").id(repository.id)?),
        name: field("repository.full_name").repository_name(repository.full_name)?,
        default_branch: field("repository.default_branch").branch(repository.default_branch)?,
    })
}

/// The first line of a text for people, bounded and without control characters; `None` when
/// nothing is left of it.
pub fn subject(text: &str) -> Option<String> {
    let line = text.trim_start().lines().next()?;
    let mut subject = String::new();
    for letter in line.chars().take(SUBJECT_CHARS) {
        let letter = if letter.is_control() { ' ' } else { letter };
        if subject.len() + letter.len_utf8() > SUBJECT_BYTES {
            break;
        }
        subject.push(letter);
    }
    subject.truncate(subject.trim_end().len());
    (!subject.is_empty()).then_some(subject)
}
