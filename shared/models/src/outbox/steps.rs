//! What each action does to the outbox.

use greenroom_core::effect::Effect;

use super::{Action, Attempt, Entry, Flaw, Letter, Outbox, Reply, State, Worker};
use crate::decide::{self, Read};
use crate::setup::{End, Setup};
use crate::state::{Input, Start};

/// How long a claim keeps others away.
const LEASE: u8 = 1;

const ALERTED: &str = r#"
version: 1
app: acme/orders
pipelines:
  plain: { steps: [ { name: deploy, run: make deploy } ] }
suites:
  smoke: { files: "t/*.hurl", base_url: "http://127.0.0.1:1" }
channels:
  team: { console: {} }
stages:
  dev: { from: { branch: develop }, pipeline: plain, verify: [smoke], alert: [team] }
"#;

/// A break and its recovery, as the core tells them.
pub(super) fn announcements() -> Vec<Effect> {
    let setup = Setup::new("announcements", ALERTED, Vec::new);
    let now = setup.clock(0, 0);
    let mut stage = decide::blank(setup.rule, now);
    let mut told = Vec::new();
    for (head, passes) in [(1, false), (2, true)] {
        let start = Start {
            generation: u64::from(head),
            nonce: 0,
            head,
        };
        for input in [
            Input::Head(head),
            Input::Started(start, head),
            Input::Ask(start, head),
            Input::Look(Some(End::Succeeded)),
            Input::Tested(passes),
        ] {
            let read = Read {
                stage: &stage,
                upstream: None,
                file: 0,
                now,
                nonce: 0,
            };
            let planned = decide::decide(&setup, &read, input);
            let planned = planned.expect("the core takes a smooth run");
            let effects = planned.effects.into_iter();
            told.extend(effects.filter(|effect| matches!(effect, Effect::Announce { .. })));
            stage = planned.next;
        }
    }
    assert_eq!(told.len(), 2, "a break and a recovery: {told:?}");
    told
}

impl Outbox {
    /// `None`: it changes nothing.
    pub(super) fn happens(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Tick => state.tick += 1,
            Action::Reads(n, letter) => return self.reads(state, n, letter),
            Action::Claims(n) => self.claims(state, n),
            Action::Sends(n, reply) => self.sends(state, n, reply),
            Action::Records(n, wait) => return self.records(state, n, wait),
            Action::Dies(n) if self.bounds.alone => {
                (state.process < self.bounds.restarts).then_some(())?;
                state.process += 1;
                state.workers.fill(Worker::Idle);
                debug_assert!(n < state.workers.len());
            }
            Action::Dies(n) => state.workers[n] = Worker::Idle,
        }
        Some(())
    }

    /// Which process a worker is of.
    fn instance(&self, state: &State, n: usize) -> u8 {
        if self.bounds.alone {
            state.process
        } else {
            u8::try_from(n).unwrap_or(u8::MAX)
        }
    }

    fn reads(&self, state: &mut State, n: usize, letter: Letter) -> Option<()> {
        let me = self.instance(state, n);
        let now = state.tick;
        let entry = state.entries[letter].clone()?;
        let left_over = entry
            .claim
            .is_some_and(|(by, until)| until <= now || (self.bounds.alone && by != me));
        let mine = entry.claim.is_some_and(|(by, _)| by == me);
        // One task of a process at a time is at one piece of work: see its queue.
        let busy = self.bounds.alone && state.workers.iter().any(|worker| worker.is_at(letter));
        let kept_away = (entry.due > now && (!left_over || mine)) || busy;
        (!kept_away || self.lacks(Flaw::NoLease)).then_some(())?;
        if self.lacks(Flaw::NoLease) {
            state.workers[n] = Worker::Claimed(letter, entry);
            return Some(());
        }
        let read = entry.version;
        let mut next = entry;
        for attempt in next.attempts.iter_mut().filter(|attempt| !attempt.answered) {
            attempt.answered = true;
            attempt.ambiguous = true;
        }
        next.version += 1;
        next.claim = Some((me, now + LEASE));
        next.tries += 1;
        next.attempts.push(Attempt {
            answered: false,
            ambiguous: false,
        });
        next.due = now + LEASE;
        state.workers[n] = Worker::Read(letter, read, next);
        Some(())
    }

    fn claims(&self, state: &mut State, n: usize) {
        let Worker::Read(letter, read, next) = state.workers[n].clone() else {
            return;
        };
        let stands = state.entries[letter].as_ref();
        if stands.is_none_or(|stands| stands.version != read) {
            state.workers[n] = Worker::Idle;
            return;
        }
        let unknown = |entry: &Entry| {
            let ambiguous = entry.attempts.iter().filter(|attempt| attempt.ambiguous);
            u8::try_from(ambiguous.count()).unwrap_or(u8::MAX)
        };
        let told = &mut state.told[letter];
        if stands.is_some_and(|stands| unknown(stands) < unknown(&next)) {
            told.taken_over = true;
        }
        told.unknown = told.unknown.max(unknown(&next));
        state.entries[letter] = (!self.lacks(Flaw::RemovedFirst)).then(|| next.clone());
        state.workers[n] = Worker::Claimed(letter, next);
    }

    fn sends(&self, state: &mut State, n: usize, reply: Reply) {
        let Worker::Claimed(letter, entry) = state.workers[n].clone() else {
            return;
        };
        if self.waits_for(state, letter).is_some() && !self.lacks(Flaw::NoOrder) {
            state.workers[n] = Worker::Answered(letter, entry, Reply::Later);
            return;
        }
        if matches!(reply, Reply::Taken | Reply::Silence(true)) {
            let repeated = entry.attempts.iter().any(|attempt| attempt.ambiguous);
            let gone = state.entries[letter].is_none();
            let told = &mut state.told[letter];
            if repeated {
                told.repeated += 1;
            } else {
                told.plain += 1;
            }
            told.late |= gone;
            let first = self.break_of(letter).map(|first| &state.told[first]);
            state.out_of_turn |= first.is_some_and(|first| first.copies() == 0 && !first.given_up);
        }
        state.workers[n] = Worker::Answered(letter, entry, reply);
    }

    /// The break that an announcement follows on.
    fn break_of(&self, letter: Letter) -> Option<Letter> {
        let effect = &self.effects[letter];
        let Effect::Announce { stage, .. } = effect else {
            return None;
        };
        let owner = greenroom_core::name::StageId {
            app: greenroom_core::name::AppId(7),
            stage: stage.clone(),
        };
        let wanted = effect.after(&owner)?;
        self.effects
            .iter()
            .position(|effect| effect.id(&owner) == wanted)
    }

    /// The break that is still to be told before it.
    fn waits_for(&self, state: &State, letter: Letter) -> Option<Letter> {
        self.break_of(letter)
            .filter(|first| state.entries[*first].is_some())
    }

    fn records(&self, state: &mut State, n: usize, wait: u8) -> Option<()> {
        let Worker::Answered(letter, entry, reply) = state.workers[n].clone() else {
            return None;
        };
        state.workers[n] = Worker::Idle;
        let reply = match reply {
            Reply::Silence(_) if self.lacks(Flaw::SilenceIsYes) => Reply::Taken,
            Reply::Silence(_) if self.lacks(Flaw::SilenceIsNo) => Reply::Later,
            reply => reply,
        };
        let stands = state.entries[letter].as_ref();
        if stands.is_none_or(|stands| stands.version != entry.version) {
            // Somebody else has ended it, or is at it, in the meantime.
            return (wait == 0).then_some(());
        }
        let gives_up = match reply {
            Reply::Taken => {
                state.entries[letter] = None;
                return (wait == 0).then_some(());
            }
            Reply::Never => true,
            Reply::Later | Reply::Silence(_) => entry.tries >= self.bounds.tries,
        };
        if gives_up {
            state.told[letter].given_up = true;
            state.entries[letter] = None;
            return (wait == 0).then_some(());
        }
        let mut next = entry;
        next.version += 1;
        next.claim = None;
        if let Some(attempt) = next.attempts.last_mut() {
            attempt.answered = true;
            attempt.ambiguous = matches!(reply, Reply::Silence(_));
            state.told[letter].unknown += u8::from(attempt.ambiguous);
        }
        next.due = state.tick + wait;
        state.entries[letter] = Some(next);
        Some(())
    }
}

impl Worker {
    fn is_at(&self, letter: Letter) -> bool {
        match self {
            Self::Idle => false,
            Self::Read(at, ..) | Self::Claimed(at, ..) | Self::Answered(at, ..) => *at == letter,
        }
    }
}
