//! Identifiers. Each is a newtype, so that a branch can never be passed where a stage is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a text as it is; whoever reads it from outside has checked it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id! {
    /// The legal name of a stage: lower-case letters, digits and `-`, at most 24 characters.
    StageName
}
text_id! {
    /// The key under `stages:` in the stage file (`personal`, `preprod`).
    RuleName
}
text_id! {
    /// A commit SHA, 40 (or 64) lower-case hexadecimal digits.
    Revision
}
text_id! {
    /// A full git reference, `refs/heads/...` or `refs/tags/...`.
    RefName
}
text_id! {
    /// Hash of a pipeline's steps and of the suites a stage verifies with.
    RecipeHash
}
text_id! {
    /// Hash of everything else a stage's entry says, its variables included.
    SettingsHash
}
text_id! {
    /// Hash of a whole stage file.
    ConfigHash
}
text_id! {
    /// SHA-256 of an artifact's bytes, as `sha256:<64 hex digits>`.
    Digest
}
text_id! {
    /// The pipeline's own name for a run of ours.
    ExecutionId
}
text_id! {
    /// The random part of a claim; a start that does not know it is not ours.
    Nonce
}
text_id! {
    /// One webhook, by GitHub's `X-GitHub-Delivery`, or a poll's own name for what it found.
    DeliveryId
}
text_id! {
    /// A person's GitHub login, as GitHub spells it.
    Actor
}
text_id! {
    /// The key under `pipelines:` in the stage file.
    PipelineName
}
text_id! {
    /// The key under `suites:` in the stage file.
    SuiteName
}
text_id! {
    /// The key under `channels:` in the stage file.
    ChannelName
}
text_id! {
    /// What a secret is called; never its value.
    SecretName
}
text_id! {
    /// `owner/name`, for people; the numeric id is what records are keyed by.
    RepoName
}

impl Revision {
    /// The first eight digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl RefName {
    /// Without what git puts in front: `feature/x`, `v1`, and anything else as it is.
    pub fn people(&self) -> &str {
        self.branch().or_else(|| self.tag()).unwrap_or(&self.0)
    }
    /// `feature/x` of `refs/heads/feature/x`; `None` for tags and anything else.
    pub fn branch(&self) -> Option<&str> {
        self.0.strip_prefix("refs/heads/")
    }
    /// Where GitHub keeps the head of a pull request, that of a fork as well: in the repository it
    /// is to be merged into.
    pub fn of_pull_request(number: u64) -> Self {
        Self(format!("refs/pull/{number}/head"))
    }
    /// `v1` of `refs/tags/v1`; `None` for branches and anything else.
    pub fn tag(&self) -> Option<&str> {
        self.0.strip_prefix("refs/tags/")
    }
}

impl Digest {
    /// The first twelve hexadecimal digits, for people.
    pub fn short(&self) -> &str {
        let hex = self.0.strip_prefix("sha256:").unwrap_or(&self.0);
        hex.get(..12).unwrap_or(hex)
    }
}

/// An app's numeric id. One repository may hold several apps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppId(pub u64);

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// GitHub's numeric repository id; it survives a rename.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepositoryId(pub u64);

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A stage of an app.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct StageId {
    pub app: AppId,
    pub stage: StageName,
}

impl fmt::Display for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.stage)
    }
}

/// A run: one attempt to put one release on one stage.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RunId {
    pub stage: StageId,
    /// The stage's generation when the run was claimed; starts at 1.
    pub generation: u64,
}

impl fmt::Display for RunId {
    /// `<app>/<stage>/<generation>`, which is also the token of its start.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stage, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_as_keys_and_tokens_are_made_of_them() {
        let stage = StageId {
            app: AppId(7),
            stage: StageName::new("dev"),
        };
        assert_eq!(RepositoryId(42).to_string(), "42");
        assert_eq!(stage.app.to_string(), "7");
        assert_eq!(stage.to_string(), "7/dev");
        let generation = 3;
        assert_eq!(RunId { stage, generation }.to_string(), "7/dev/3");
    }

    #[test]
    fn a_short_name_is_its_beginning() {
        let digits = "0123456789abcdef".repeat(4);
        assert_eq!(Revision::new(digits.as_str()).short(), "01234567");
        let digest = Digest::new(format!("sha256:{digits}"));
        assert_eq!(digest.short(), "0123456789ab");
    }
}
