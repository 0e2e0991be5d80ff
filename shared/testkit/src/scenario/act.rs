//! What a sentence means.

use jiff::{SignedDuration, Timestamp};

use crate::sample_repo::Author;

/// Something that is done in a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// The first one: when it is, and which branches there are, the default branch first.
    Begin {
        at: Timestamp,
        branches: Vec<String>,
    },
    /// Somebody does something with git, and GitHub tells it.
    Git { who: Author, what: Git },
    /// Time passes.
    Pass(SignedDuration),
    /// Somebody types a command: its words after `greenroom`.
    Type { who: Author, words: Vec<String> },
    /// Somebody wants to know where the commit with this subject went.
    Where { who: Author, subject: String },
    /// Somebody approves or deploys the commit with this subject: words, then the option and id.
    TypeOf {
        who: Author,
        words: Vec<String>,
        subject: String,
    },
    /// Somebody opens the service of a stage.
    Open { stage: String },
    /// Somebody goes where people are led, whatever stage that is.
    Visit,
    /// What runs on a stage is well or not, whatever its code.
    Service { stage: String, is: Service },
    /// Something lies beside what is deployed on a stage that no deployment put there, or is taken
    /// away again.
    Beside { stage: String, there: bool },
    /// GitHub's webhooks get lost, or arrive again.
    Webhooks { arrive: bool },
    /// Somebody reads the page of a stage's API.
    Docs { stage: String },
    /// The bytes that were built of the commit with this subject are others than they were, or
    /// those again.
    Artifact { subject: String, whole: bool },
    /// One page of what runs on a stage is wrong, until the stage is well again.
    Page { stage: String, page: String },
}

/// What is done with git.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Git {
    /// One more commit.
    Commit {
        branch: String,
        subject: Option<String>,
        change: Change,
    },
    /// A new branch where another stands.
    Branch {
        branch: String,
        from: String,
    },
    Merge {
        from: String,
        into: String,
    },
    Rebase {
        branch: String,
        onto: String,
    },
    Tag {
        branch: String,
        tag: String,
    },
    Delete {
        branch: String,
    },
    OpenPull {
        from: String,
        into: String,
    },
    /// From a fork, by somebody who is no member.
    ForkPull {
        into: String,
    },
    ClosePull {
        from: String,
    },
}

/// What a commit changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Something that matters to no test.
    Harmless,
    /// It builds, and its smoke tests fail.
    Bug,
    /// The bug is gone.
    Fix,
    /// It does not build.
    Unbuildable,
}

/// How what runs on a stage is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    Well,
    /// Its answers are wrong.
    Wrong,
    /// Nobody can tell: it answers that it cannot.
    Away,
}
