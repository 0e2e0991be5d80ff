//! Waits that are about the release itself: what people say of it, and where it has to pass first.

use crate::name::{Revision, StageName};

use super::Explained;

/// What keeps one release from every stage, or from this one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReleaseWait {
    /// Somebody said that it is bad.
    Bad {
        revision: Revision,
        by: String,
        reason: String,
    },
    /// The stage demands a mark that nobody has given; `by`: the roles that may, empty for anybody.
    Unmarked {
        revision: Revision,
        mark: String,
        by: Vec<String>,
    },
    /// It has to be verified on another stage first, with all that stage's checks.
    Through {
        stage: StageName,
        revision: Revision,
        passing: Passing,
    },
    /// It is of a fork, and nobody who may has said that exactly this commit may come here.
    Fork {
        revision: Revision,
        /// The mark that says so; none where the stage file takes no forks any more.
        mark: Option<String>,
        /// The roles that may give it.
        by: Vec<String>,
        /// Whose pull request it is, if they gave it themselves.
        own: Option<String>,
    },
}

/// How it is with a release on the stage it has to pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Passing {
    /// It comes there next, or is there.
    Asked,
    /// Something else waits there.
    Busy { with: Revision },
    /// It did not succeed there, or a person does not want it there.
    Broken,
    /// Others took that stage over each time.
    TakenOver { asked: u32 },
}

impl ReleaseWait {
    /// The wait's code, one of [`super::Wait::CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bad { .. } => "marked_bad",
            Self::Unmarked { .. } => "mark_missing",
            Self::Through { .. } => "through",
            Self::Fork { .. } => "fork_unapproved",
        }
    }

    /// False only for what goes its way by itself.
    pub(super) fn blocks(&self) -> bool {
        !matches!(
            self,
            Self::Through {
                passing: Passing::Asked | Passing::Busy { .. },
                ..
            }
        )
    }

    /// The wait in words, for the stage `own`.
    pub(super) fn explain(&self, own: &StageName) -> Explained {
        let (sentence, who, command) = match self {
            Self::Bad {
                revision,
                by,
                reason,
            } => (
                format!("{by} marked {} bad: {reason}", revision.short()),
                format!("{by}, or a developer with a new commit"),
                format!("greenroom unmark bad --release {}", revision.short()),
            ),
            Self::Unmarked { revision, mark, by } => (
                format!("{} is not marked {mark}", revision.short()),
                if by.is_empty() {
                    "anybody who may act here".to_owned()
                } else {
                    by.join(", ")
                },
                format!("greenroom mark {mark} --release {}", revision.short()),
            ),
            Self::Through {
                stage,
                revision,
                passing,
            } => through(own, stage, revision.short(), passing),
            Self::Fork {
                revision,
                mark,
                by,
                own: theirs,
            } => fork(own, revision, mark.as_deref(), by, theirs.as_deref()),
        };
        Explained {
            code: self.code(),
            sentence,
            who,
            command: Some(command),
            until: None,
        }
    }
}

/// All digits of the commit: what a name or a few digits stand for, strangers can change.
fn fork(
    own: &StageName,
    revision: &Revision,
    mark: Option<&str>,
    by: &[String],
    theirs: Option<&str>,
) -> (String, String, String) {
    let short = revision.short();
    let Some(mark) = mark else {
        return (
            format!("{short} is of a fork, and the stage file in force takes none for {own}"),
            "whoever maintains the stage file".to_owned(),
            "greenroom validate".to_owned(),
        );
    };
    let roles = by.join(", ");
    match theirs {
        None => (
            format!("{short} is of a fork: nothing of it runs until it is marked {mark}"),
            format!("{roles}, having read it"),
            format!("greenroom mark {mark} --release {revision}"),
        ),
        Some(author) => (
            format!("{author} marked {short} {mark}, and it is their own pull request"),
            format!("{roles}, somebody else: take the mark back and give it anew"),
            format!("greenroom unmark {mark} --release {revision}"),
        ),
    }
}

fn through(
    own: &StageName,
    stage: &StageName,
    short: &str,
    passing: &Passing,
) -> (String, String, String) {
    let why = format!("greenroom why {stage}");
    match passing {
        Passing::Asked => (
            format!("{short} has to be verified on {stage} first, with all its checks"),
            stage.to_string(),
            why,
        ),
        Passing::Busy { with } => (
            format!(
                "{short} has to be verified on {stage} first, where {} waits",
                with.short()
            ),
            format!("whoever looks after {stage}"),
            why,
        ),
        Passing::Broken => (
            format!("{short} did not pass {stage}, which it has to before it comes here"),
            "a developer, with a new commit, or an operator".to_owned(),
            format!("greenroom retry {stage}"),
        ),
        Passing::TakenOver { asked } => (
            format!("{stage} was asked {asked} times for {short}, and others took it over"),
            "an operator".to_owned(),
            format!("greenroom retry {own}"),
        ),
    }
}
