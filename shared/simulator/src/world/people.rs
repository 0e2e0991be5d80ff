//! People at their desks: they ask for something, or look at the board and do what it asks of them.

use greenroom_app::query::StageCard;
use greenroom_core::command::Command;
use greenroom_core::name::{Revision, StageId};
use greenroom_core::principal::Principal;

use super::brakes::Brake;
use super::{Output, SimApp, World};
use crate::act::Act;
use crate::random::{Random, key, mix};
use crate::truth::Happened;

impl World {
    pub(super) fn person(&mut self, number: u64, act: Act) {
        match act {
            Act::Command {
                stage,
                principal,
                command,
            } => self.asks(&stage, principal, command),
            Act::Stale {
                stage,
                person,
                back,
            } => {
                let saw = self.shared.lock().truth.people.saw(&stage, back).cloned();
                if let Some(revision) = saw {
                    let revision = Some(revision);
                    let principal = Principal::Person { name: person };
                    self.asks(&stage, principal, Command::Approve { revision });
                }
            }
            Act::Undo {
                stage,
                branch,
                steps,
                person,
            } => {
                let reference = greenroom_app::apps::branch(&branch);
                let repository = &self.shared.lock().truth.repository.clone();
                let Some(revision) = repository.below(&reference, steps).cloned() else {
                    return;
                };
                let reason = "as it was before".to_owned();
                let to = Some(revision);
                let principal = Principal::Operator { name: person };
                self.asks(&stage, principal, Command::Rollback { to, reason });
            }
            Act::Look { person, care } => self.looks(number, person, care),
            _ => {}
        }
    }

    pub(super) fn asks(&mut self, stage: &str, principal: Principal, command: Command) {
        let id = self.stage_id(stage);
        let Some((process, app)) = self.process() else {
            return;
        };
        let label = format!("{} {stage}", command.verb());
        self.spawn(label, process, async move {
            wish(&app, &id, &principal, &command).await;
            Output::Nothing
        });
    }

    fn looks(&mut self, number: u64, person: String, care: u32) {
        let Some((process, app)) = self.process() else {
            return;
        };
        self.spawn(format!("{person} looks"), process, async move {
            look(&app, number, &person, care).await;
            Output::Nothing
        });
    }
}

/// Asks on somebody's behalf, and shows the checks what was asked and what was answered.
async fn wish(app: &SimApp, id: &StageId, principal: &Principal, command: &Command) {
    {
        let mut inner = app.ports.shared.lock();
        inner.happened(&Happened::Wished {
            stage: id,
            principal,
            command,
        });
    }
    // Nobody knows what became of it; a person looks again.
    let Ok(answer) = app.command(id, principal, command).await else {
        return;
    };
    let inner = &mut *app.ports.shared.lock();
    let verb = command.verb();
    inner.note(verb, || match &answer {
        Ok(_) => format!("{} may {verb} {id}", principal.name()),
        Err(no) => format!("{} may not {verb} {id}: {}", principal.name(), no.why),
    });
    let granted = answer.is_ok();
    inner.happened(&Happened::Commanded {
        stage: id,
        principal,
        command,
        granted,
    });
}

/// Reads the board and does what it says, `care` times in a thousand.
async fn look(app: &SimApp, number: u64, person: &str, care: u32) {
    let Ok(board) = app.board(None).await else {
        return;
    };
    let seed = app.ports.shared.lock().truth.setup.seed;
    for card in board.apps.into_iter().flat_map(|app| app.stages) {
        let mut random = Random::of(seed, mix(number ^ key(card.stage.as_str())));
        let id = StageId {
            app: card.app,
            stage: card.stage.clone(),
        };
        if let Some(candidate) = &card.candidate {
            let inner = &mut *app.ports.shared.lock();
            inner
                .truth
                .people
                .see(card.stage.as_str(), &candidate.revision);
        }
        let cares = random.chance(care);
        let wanted = wanted(&card, person, &mut random);
        match wanted.filter(|_| cares) {
            Some(Wanted::Command(principal, command)) => {
                wish(app, &id, &principal, &command).await;
            }
            Some(Wanted::Brake(brake)) => brake.ask(app, person).await,
            None => {}
        }
    }
}

/// What somebody does about a card.
enum Wanted {
    Command(Principal, Command),
    Brake(Brake),
}

/// What the board asks this person for.
fn wanted(card: &StageCard, person: &str, random: &mut Random) -> Option<Wanted> {
    let by = |command| {
        let name = person.to_owned();
        Some(Wanted::Command(Principal::Operator { name }, command))
    };
    if card.deployed.is_none() && card.run.is_none() && random.chance(200) {
        return by(Command::Refresh);
    }
    let Some(first) = card.waiting_on.iter().find(|wait| wait.command.is_some()) else {
        let silent = card
            .brk
            .as_ref()
            .is_some_and(|brk| brk.acknowledged.is_none());
        let ack = Command::Acknowledge { note: None };
        return (silent && random.chance(300)).then(|| by(ack)).flatten();
    };
    let typed = first.command.as_deref().unwrap_or_default();
    if let Some(brake) = Brake::read(typed) {
        return random.chance(500).then_some(Wanted::Brake(brake));
    }
    let mut words = typed.split_whitespace().skip(1);
    let verb = words.next()?;
    let revision = words.skip_while(|word| *word != "--revision").nth(1);
    let revision = revision.map(Revision::new);
    match verb {
        "approve" => {
            let name = person.to_owned();
            let revision = revision.filter(|_| random.chance(800));
            let yes = Command::Approve { revision };
            Some(Wanted::Command(Principal::Person { name }, yes))
        }
        // Red is red: another try helps now and then only.
        "retry" => random.chance(400).then(|| by(Command::Retry)).flatten(),
        "unlock" => random.chance(500).then(|| by(Command::Unlock)).flatten(),
        "override" => {
            let reason = "it cannot wait".to_owned();
            let through = Command::Override { reason, revision };
            random.chance(150).then(|| by(through)).flatten()
        }
        "promote" => by(Command::Promote),
        "refresh" => by(Command::Refresh),
        _ => None,
    }
}
