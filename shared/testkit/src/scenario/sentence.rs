//! All sentences there are. To add one, add its pattern and its meaning here; what is new to do
//! then gets an [`Act`] and a place in `perform`.

use super::act::{Act, Change, Git, Service};
use super::blank;
use super::pattern::Found;
use crate::sample_repo::{Author, OLGA};

/// A sentence and what it means.
#[derive(Debug)]
pub struct Sentence {
    /// Words, and blanks in braces; `a|b` is either word.
    pub pattern: &'static str,
    pub(super) means: fn(&Found) -> Act,
}

/// Every sentence of a scenario.
pub const SENTENCES: &[Sentence] = &[
    // How it begins.
    is(
        "on {day} at {time} there are the branches {branches}",
        |found| {
            // Both blanks have been read once; there is such an instant.
            let at = blank::beginning(&found.get("day"), &found.get("time")).unwrap_or_default();
            let list = found.get("branches").replace(',', " ");
            let branches = list.split_whitespace().filter(|word| *word != "and");
            Act::Begin {
                at,
                branches: branches.map(str::to_owned).collect(),
            }
        },
    ),
    // What developers do.
    is("{person} pushes {branch}", |found| {
        commit(found, Change::Harmless)
    }),
    is("{person} pushes {subject} to {branch}", |found| {
        commit(found, Change::Harmless)
    }),
    is("{person} pushes a bug to {branch}", |found| {
        commit(found, Change::Bug)
    }),
    is("{person} pushes the fix to {branch}", |found| {
        commit(found, Change::Fix)
    }),
    is(
        "{person} pushes something unbuildable to {branch}",
        |found| commit(found, Change::Unbuildable),
    ),
    is(
        "{person} creates {branch} from {from} and pushes it",
        |found| {
            git(
                found,
                Git::Branch {
                    branch: found.get("branch"),
                    from: found.get("from"),
                },
            )
        },
    ),
    is(
        "{person} merges {from} into {into} and pushes it",
        |found| {
            git(
                found,
                Git::Merge {
                    from: found.get("from"),
                    into: found.get("into"),
                },
            )
        },
    ),
    is(
        "{person} rebases {branch} onto {from} and pushes it",
        |found| {
            git(
                found,
                Git::Rebase {
                    branch: found.get("branch"),
                    onto: found.get("from"),
                },
            )
        },
    ),
    is("{person} tags {branch} as {tag}", |found| {
        git(
            found,
            Git::Tag {
                branch: found.get("branch"),
                tag: found.get("tag"),
            },
        )
    }),
    is("{person} deletes {branch}", |found| {
        git(
            found,
            Git::Delete {
                branch: found.get("branch"),
            },
        )
    }),
    is(
        "{person} opens a pull request from {from} to {into}",
        |found| {
            git(
                found,
                Git::OpenPull {
                    from: found.get("from"),
                    into: found.get("into"),
                },
            )
        },
    ),
    is("{person} closes the pull request from {from}", |found| {
        git(
            found,
            Git::ClosePull {
                from: found.get("from"),
            },
        )
    }),
    is(
        "a stranger opens a pull request from a fork to {into}",
        |found| {
            git(
                found,
                Git::ForkPull {
                    into: found.get("into"),
                },
            )
        },
    ),
    // What happens by itself.
    is("{length} pass|passes", |found| Act::Pass(length(found))),
    is("the service of {stage} begins to fail", |found| {
        Act::Service {
            stage: found.get("stage"),
            is: Service::Wrong,
        }
    }),
    is("the service of {stage} begins to fail at {page}", |found| {
        Act::Page {
            stage: found.get("stage"),
            page: found.get("page"),
        }
    }),
    is("the service of {stage} goes away", |found| Act::Service {
        stage: found.get("stage"),
        is: Service::Away,
    }),
    is("the service of {stage} works again", |found| Act::Service {
        stage: found.get("stage"),
        is: Service::Well,
    }),
    is("a file is left beside the service of {stage}", |found| {
        Act::Beside {
            stage: found.get("stage"),
            there: true,
        }
    }),
    is(
        "the file beside the service of {stage} is taken away",
        |found| Act::Beside {
            stage: found.get("stage"),
            there: false,
        },
    ),
    is("webhooks get lost", |_| Act::Webhooks { arrive: false }),
    is("webhooks arrive again", |_| Act::Webhooks { arrive: true }),
    // What people tell Greenroom.
    is("{person} approves {stage}", |found| {
        on_stage(found, "approve", &[])
    }),
    is("{person} approves {subject} for {stage}", |found| {
        Act::TypeOf {
            who: who(found),
            words: vec![
                "approve".to_owned(),
                found.get("stage"),
                "--revision".to_owned(),
            ],
            subject: found.get("subject"),
        }
    }),
    is("{person} rejects {stage} because {text}", |found| {
        on_stage(found, "reject", &["--reason", &found.get("text")])
    }),
    is("{person} promotes to {stage}", |found| {
        on_stage(found, "promote", &[])
    }),
    is("{person} refreshes {stage}", |found| {
        on_stage(found, "refresh", &[])
    }),
    is("{person} leads people to {stage}", |found| {
        on_stage(found, "toggle", &[])
    }),
    is("{person} settles {stage}", |found| {
        on_stage(found, "settle", &[])
    }),
    is("{person} retries {stage}", |found| {
        on_stage(found, "retry", &[])
    }),
    is("{person} rolls {stage} back because {text}", |found| {
        on_stage(found, "rollback", &["--reason", &found.get("text")])
    }),
    is(
        "{person} locks {stage} for {length} because {text}",
        |found| {
            let hours = format!("{}m", length(found).as_mins());
            on_stage(
                found,
                "lock",
                &["--until", &hours, "--reason", &found.get("text")],
            )
        },
    ),
    is("{person} locks {stage} because {text}", |found| {
        on_stage(found, "lock", &["--reason", &found.get("text")])
    }),
    is("{person} unlocks {stage}", |found| {
        on_stage(found, "unlock", &[])
    }),
    is(
        "{person} mutes {stage} for {length} because {text}",
        |found| {
            let until = format!("{}m", length(found).as_mins());
            let reason = found.get("text");
            on_stage(found, "mute", &["--for", &until, "--reason", &reason])
        },
    ),
    is("{person} unmutes {stage}", |found| {
        on_stage(found, "unmute", &[])
    }),
    is("{person} extends {stage}", |found| {
        on_stage(found, "extend", &[])
    }),
    is("{person} parks {stage} because {text}", |found| {
        on_stage(found, "park", &["--reason", &found.get("text")])
    }),
    is("{person} unparks {stage}", |found| {
        on_stage(found, "unpark", &[])
    }),
    is("{person} pins {stage} because {text}", |found| {
        on_stage(found, "pin", &["--reason", &found.get("text")])
    }),
    is("{person} unpins {stage}", |found| {
        on_stage(found, "unpin", &[])
    }),
    is("{person} destroys {stage} because {text}", |found| {
        on_stage(found, "destroy", &["--reason", &found.get("text"), "--yes"])
    }),
    is(
        "{person} acknowledges the break of {stage} and says {text}",
        |found| on_stage(found, "ack", &["--note", &found.get("text")]),
    ),
    // What people want to know.
    is("{person} asks why {stage} waits", |found| {
        on_stage(found, "why", &[])
    }),
    is("{person} asks where {subject} is", |found| Act::Where {
        who: who(found),
        subject: found.get("subject"),
    }),
    is("{person} looks at the board", |found| Act::Type {
        who: who(found),
        words: vec!["status".to_owned()],
    }),
    is("{person} asks who is on duty", |found| Act::Type {
        who: who(found),
        words: vec!["duty".to_owned()],
    }),
    is("{person} opens {stage} in the browser", |found| Act::Open {
        stage: found.get("stage"),
    }),
    is("{person} goes where people are led", |_| Act::Visit),
    // What people say of releases, and which of them goes where.
    is("{person} deploys {branch} to {stage}", |found| {
        of_branch(found, &["deploy", &found.get("stage")])
    }),
    is("{person} deploys {subject} to {stage}", |found| {
        of_commit(found, &["deploy", &found.get("stage")])
    }),
    is("{person} marks {branch} as {mark}", |found| {
        of_branch(found, &["mark", &found.get("mark")])
    }),
    is("{person} marks {subject} as {mark}", |found| {
        of_commit(found, &["mark", &found.get("mark")])
    }),
    is(
        "{person} marks {branch} as {mark} because {text}",
        |found| {
            let note = ["mark", &found.get("mark"), "--note", &found.get("text")];
            of_branch(found, &note)
        },
    ),
    is(
        "{person} marks {subject} as {mark} because {text}",
        |found| {
            let note = ["mark", &found.get("mark"), "--note", &found.get("text")];
            of_commit(found, &note)
        },
    ),
    is("{person} takes the mark {mark} from {branch}", |found| {
        of_branch(found, &["unmark", &found.get("mark")])
    }),
    is("{person} looks at the releases", |found| Act::Type {
        who: who(found),
        words: vec!["releases".to_owned()],
    }),
    is("{person} looks at the gates of {branch}", |found| {
        of_branch(found, &["gates"])
    }),
    is("{person} looks at the gates of {subject}", |found| {
        of_commit(found, &["gates"])
    }),
    is("{person} compares {stage} with {other}", |found| {
        on_stage(found, "diff", &[&found.get("other")])
    }),
    is("{person} reads the docs of {stage}", |found| Act::Docs {
        stage: found.get("stage"),
    }),
    is("the artifact of {subject} is damaged", |found| {
        Act::Artifact {
            subject: found.get("subject"),
            whole: false,
        }
    }),
    is("the artifact of {subject} is whole again", |found| {
        Act::Artifact {
            subject: found.get("subject"),
            whole: true,
        }
    }),
];

const fn is(pattern: &'static str, means: fn(&Found) -> Act) -> Sentence {
    Sentence { pattern, means }
}

/// Only people of the cast fit the blank.
fn who(found: &Found) -> Author {
    blank::person(&found.get("person")).unwrap_or(OLGA)
}

fn git(found: &Found, what: Git) -> Act {
    Act::Git {
        who: who(found),
        what,
    }
}

fn commit(found: &Found, change: Change) -> Act {
    let subject = Some(found.get("subject")).filter(|subject| !subject.is_empty());
    git(
        found,
        Git::Commit {
            branch: found.get("branch"),
            subject,
            change,
        },
    )
}

fn length(found: &Found) -> jiff::SignedDuration {
    let text = found.get("length");
    let words = text.split_once(' ');
    words
        .and_then(|(count, unit)| blank::length(count, unit))
        .unwrap_or_default()
}

/// `greenroom WORDS --release BRANCH`
fn of_branch(found: &Found, words: &[&str]) -> Act {
    let mut words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
    words.extend(["--release".to_owned(), found.get("branch")]);
    Act::Type {
        who: who(found),
        words,
    }
}

/// `greenroom WORDS --release COMMIT`
fn of_commit(found: &Found, words: &[&str]) -> Act {
    let words = words.iter().chain(&["--release"]);
    Act::TypeOf {
        who: who(found),
        words: words.map(|&word| word.to_owned()).collect(),
        subject: found.get("subject"),
    }
}

/// `greenroom VERB STAGE OPTIONS`
fn on_stage(found: &Found, verb: &str, options: &[&str]) -> Act {
    let mut words = vec![verb.to_owned(), found.get("stage")];
    words.extend(options.iter().map(|&word| word.to_owned()));
    Act::Type {
        who: who(found),
        words,
    }
}
