//! People who stop everything, and who say that something is bad or ready.

use greenroom_core::mark::{BAD, Saying};
use greenroom_core::pause::PauseCommand;
use greenroom_core::principal::Principal;

use super::{Output, SimApp, World};
use crate::act::Act;

/// What is asked for of an app and not of a stage.
#[derive(Clone, Debug)]
pub(super) enum Brake {
    Pause(PauseCommand),
    /// Of a branch, or of a commit or its beginning.
    Say {
        release: String,
        saying: Saying,
    },
}

impl Brake {
    /// What the words of a command line ask for; `None` if it is something else.
    pub(super) fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["greenroom", "resume", ..] => Some(Self::Pause(PauseCommand::Resume)),
            ["greenroom", "unmark", mark, "--release", release] => Some(Self::Say {
                release: (*release).to_owned(),
                saying: Saying::Unmark {
                    mark: (*mark).to_owned(),
                },
            }),
            ["greenroom", "mark", mark, "--release", release] if *mark != BAD => Some(Self::Say {
                release: (*release).to_owned(),
                saying: Saying::Mark {
                    mark: (*mark).to_owned(),
                    note: None,
                },
            }),
            _ => None,
        }
    }

    /// Asks for it.
    pub(super) async fn ask(&self, app: &SimApp, person: &str) {
        let id = app.ports.shared.lock().truth.app;
        let operator = Principal::Operator {
            name: person.to_owned(),
        };
        // Nobody knows what became of it; a person looks again.
        let (verb, answer) = match self {
            Self::Pause(command) => {
                let answer = app.pause(id, &operator, command).await;
                (command.verb(), answer.map(|answer| answer.map(drop)))
            }
            Self::Say { release, saying } => {
                let person = Principal::Person {
                    name: person.to_owned(),
                };
                let answer = app.mark(id, release, &person, saying).await;
                (saying.mark(), answer.map(|answer| answer.map(drop)))
            }
        };
        if let Ok(answer) = answer {
            app.ports.shared.lock().note(verb, || match answer {
                Ok(()) => format!("{person} may {self:?}"),
                Err(no) => format!("{person} may not {self:?}: {}", no.why),
            });
        }
    }
}

impl World {
    pub(super) fn brake(&mut self, act: Act) {
        let (person, brake) = match act {
            Act::Pause { person, command } => (person, Brake::Pause(command)),
            Act::Say {
                branch,
                steps,
                person,
                saying,
            } => {
                let reference = greenroom_app::apps::branch(&branch);
                let inner = self.shared.lock();
                let Some(revision) = inner.truth.repository.below(&reference, steps) else {
                    return;
                };
                let release = revision.to_string();
                (person, Brake::Say { release, saying })
            }
            _ => return,
        };
        let Some((process, app)) = self.process() else {
            return;
        };
        self.spawn(format!("{person}: {brake:?}"), process, async move {
            brake.ask(&app, &person).await;
            Output::Nothing
        });
    }
}
