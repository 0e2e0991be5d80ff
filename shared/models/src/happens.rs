//! What each action does, and what is noted of it as true whatever the table says.

use greenroom_core::stage::{Outcome, Phase as RunPhase, Stage};

use crate::book::{Answer, Question};
use crate::decide::{head, index, number};
use crate::protocol::{Action, Protocol};
use crate::setup::{End, Fault, Move, Tick, Wish};
use crate::state::{Execution, Hold, Input, Out, Phase, Start, State, Wrong};

impl Protocol {
    /// `None`: it changes nothing.
    pub(crate) fn happens(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Tick => {
                state.tick += 1;
                if let Some(Some(until)) = state.truth.lock
                    && until <= state.tick
                {
                    state.truth.lock = None;
                }
            }
            Action::Push => state.head += 1,
            Action::FileChanges => {
                let files = u8::try_from(self.setup.files.len()).expect("few stage files");
                state.file = (state.file + 1) % files;
                state.file_moves += 1;
            }
            Action::Upstream(step, skew) => return self.upstream_moves(state, step, skew),
            Action::Sees(by) => self.sees(state, by),
            Action::Decides(input, skew) => return self.decides(state, input, skew),
            Action::Commits(n) => {
                let hold = state.holds.remove(n);
                self.commits(state, hold);
            }
            Action::Dies(n) => drop(state.holds.remove(n)),
            Action::Sends(start) => {
                self.wants(state, start).then_some(())?;
                state.flying.push(start);
                state.flying.sort_unstable();
            }
            Action::Skips(start) => {
                (!self.wants(state, start)).then_some(())?;
                state.outbox.remove(&Out::Start(start));
            }
            Action::Arrives(n, known) => {
                let start = state.flying.remove(n);
                if !known {
                    state.executions.push(Execution {
                        start,
                        phase: Phase::Asking,
                        touched: false,
                        given_up: false,
                        gone_on: false,
                    });
                }
            }
            Action::Stops(n) => {
                state.outbox.remove(&Out::Stop(n));
                self.ends(state, n, End::Stopped);
            }
            Action::Deploys(n) => self.deploys(state, n),
            Action::Ends(n, end) => self.ends(state, n, end),
        }
        Some(())
    }

    /// Whether a start is still worth sending.
    fn wants(&self, state: &State, start: Start) -> bool {
        let stage = self.stage(state);
        stage
            .run
            .as_ref()
            .is_some_and(|run| run.generation == start.generation && run.ended.is_none())
    }

    fn sees(&self, state: &mut State, by: u8) {
        let stage = self.stage(state);
        let candidate = stage.candidate.as_ref();
        let seen = candidate.map(|candidate| (head(&candidate.revision), state.file));
        if let Some(place) = state.truth.seen.get_mut(usize::from(by)) {
            *place = seen.or(*place);
        }
    }

    fn upstream_moves(&self, state: &mut State, step: Move, skew: i8) -> Option<()> {
        let newer = state.upstream_head + 1;
        let question = (state.upstream, step, newer, state.tick, skew);
        let key = self.book.upstream(&self.setup, question)?;
        let verified = self.book.stage(key).verified.clone();
        state.upstream = Some(key);
        state.upstream_head = if step == Move::Back { newer - 1 } else { newer };
        state.upstream_moves += 1;
        let green = verified.map(|green| head(&green.release.revision));
        state.truth.upstream = green.map(|head| (head, state.tick));
        if !self.lacks(Fault::UpstreamUnchecked) {
            // Their commits check that the upstream is what was read: see `relied_on` in
            // `shared/app/src/stages/commit.rs`.
            let book = &self.book;
            state.holds.retain(|hold| {
                let (read, next) = (book.stage(hold.read), book.stage(hold.next));
                !claims(&read, &next) && is_admitted(&read) == is_admitted(&next)
            });
        }
        Some(())
    }

    fn decides(&self, state: &mut State, input: Input, skew: i8) -> Option<()> {
        let question = Question {
            stage: state.stage,
            upstream: state.upstream,
            file: state.file,
            tick: state.tick,
            skew,
            nonce: self.nonce(state),
            input,
        };
        let Answer::Planned { next, out, settled } = self.book.ask(&self.setup, question) else {
            if let Input::Ask(_, n) = input {
                self.ends(state, n, End::Refused);
                return Some(());
            }
            return None;
        };
        if !settled {
            state.truth.wrong.insert(Wrong::Unsettled);
        }
        let seen = match input {
            Input::Wish(Wish::Approve { by } | Wish::Reject { by }, _) => {
                state.truth.seen.get(usize::from(by)).copied().flatten()
            }
            _ => None,
        };
        let hold = Hold {
            input,
            read: state.stage,
            next,
            out,
            file: state.file,
            seen,
        };
        if next == state.stage && hold.out.is_empty() {
            // Nothing to commit for the stage, so nothing is checked: the answer stands at once.
            self.answered(state, &hold);
            return Some(());
        }
        let racing = self.lacks(Fault::NoVersion);
        if !racing && state.holds.contains(&hold) {
            return None;
        }
        state.holds.push(hold);
        state.holds.sort_unstable();
        Some(())
    }

    /// Only claims that may both be committed need nonces that differ.
    fn nonce(&self, state: &State) -> u8 {
        if !self.lacks(Fault::NoVersion) {
            return 0;
        }
        let outs = state.holds.iter().flat_map(|hold| &hold.out);
        let pending = outs.chain(&state.outbox).filter_map(|out| match out {
            Out::Start(start) => Some(start.nonce),
            Out::Stop(_) | Out::ReadHead(_) => None,
        });
        let known = state.flying.iter().map(|start| start.nonce);
        let alive = state.executions.iter().map(|known| known.start.nonce);
        let used: Vec<u8> = pending.chain(known).chain(alive).collect();
        (0..u8::MAX)
            .find(|nonce| !used.contains(nonce))
            .unwrap_or(u8::MAX)
    }

    fn commits(&self, state: &mut State, hold: Hold) {
        let before = self.stage(state);
        let (read, next) = (self.book.stage(hold.read), self.book.stage(hold.next));
        // What was asked for is granted by the same commit that may claim because of it.
        self.answered(state, &hold);
        if claims(&read, &next) {
            self.check_claim(state, &next, &hold);
        }
        if !is_admitted(&read) && is_admitted(&next) {
            self.check_admission(state, &before, &next, &hold);
        }
        give_up(state, &before, &next);
        check_slots(state, &before, &next, &hold);
        if hold.next != state.stage {
            state.stage = hold.next;
            if !self.lacks(Fault::NoVersion) {
                state.holds.clear();
            }
        }
        state.outbox.extend(hold.out.iter().copied());
    }

    /// What those who asked hear, or the outbox is rid of.
    fn answered(&self, state: &mut State, hold: &Hold) {
        match hold.input {
            Input::Look(_) | Input::Head(_) | Input::Tested(_) => {}
            Input::Refreshed(slot, _) => drop(state.outbox.remove(&Out::ReadHead(slot))),
            Input::Started(start, _) => drop(state.outbox.remove(&Out::Start(start))),
            Input::Ask(_, n) => {
                state.truth.let_in = true;
                if let Some(execution) = state.executions.get_mut(usize::from(n))
                    && execution.phase == Phase::Asking
                {
                    execution.phase = Phase::Granted;
                }
            }
            Input::Wish(Wish::Lock { until, .. }, _) => {
                let goes_on = until.is_none_or(|until: Tick| until > state.tick);
                state.truth.lock = goes_on.then_some(until);
            }
            Input::Wish(Wish::Unlock, _) => state.truth.lock = None,
            Input::Wish(Wish::Approve { by }, _) => {
                if let Some((head, file)) = hold.seen {
                    state.truth.yes.insert((by, head, hold.file, file));
                }
            }
            Input::Wish(Wish::Reject { .. }, _) => {
                // A no takes everybody's yes to that commit back.
                if let Some((head, _)) = hold.seen {
                    state.truth.yes.retain(|(_, yes, ..)| *yes != head);
                }
            }
            Input::Wish(Wish::Retry | Wish::Rollback, _) => {
                for known in state.executions.iter_mut().filter(|known| known.given_up) {
                    known.gone_on = true;
                }
            }
            Input::Wish(Wish::Abort, _) => {}
        }
    }

    fn check_claim(&self, state: &mut State, next: &Stage, hold: &Hold) {
        let Some(run) = &next.run else { return };
        let sent = head(&run.release.revision);
        let at_it = state.executions.iter();
        let mut at_it = at_it.filter(|known| known.given_up && known.is_let_in());
        if let Some(known) = at_it.find(|known| !known.gone_on) {
            state.truth.wrong.insert(if known.start.head == sent {
                Wrong::Repeated
            } else {
                Wrong::Overtaken
            });
        }
        self.check_gates(state, sent, hold.file);
    }

    fn check_admission(&self, state: &mut State, before: &Stage, next: &Stage, hold: &Hold) {
        let Some(run) = &next.run else { return };
        if let Input::Ask(start, _) = hold.input {
            let is_claimed = before.run.as_ref().is_some_and(|claimed| {
                claimed.generation == start.generation
                    && number(claimed.nonce.as_str()) == start.nonce
                    && head(&claimed.release.revision) == start.head
                    && matches!(claimed.phase, RunPhase::Starting)
            });
            if !is_claimed {
                state.truth.wrong.insert(Wrong::NotClaimed);
            }
        }
        if !matches!(run.phase, RunPhase::Deploying) {
            state.truth.wrong.insert(Wrong::TooLate);
        }
        self.check_gates(state, head(&run.release.revision), hold.file);
    }

    fn check_gates(&self, state: &mut State, head: u8, file: u8) {
        if state.truth.lock.is_some() {
            state.truth.wrong.insert(Wrong::UnderLock);
        }
        let file_in_force = &self.setup.files[usize::from(file)];
        let rules = &file_in_force.rules;
        let Some(rule) = rules
            .iter()
            .find(|rule| rule.name.as_str() == self.setup.rule)
        else {
            return;
        };
        if let Some(approvals) = &rule.approvals {
            let need = usize::try_from(approvals.count).unwrap_or(usize::MAX);
            if state.truth.people_for(head, |decided, _| decided == file) < need {
                state.truth.wrong.insert(Wrong::Unapproved);
            }
            if state.truth.people_for(head, |_, seen| seen == file) < need {
                state.truth.blindly = true;
            }
        }
        if let Some(soak) = rule.soak {
            let proven = state.truth.upstream.is_some_and(|(green, since)| {
                let stood = crate::setup::TICK * i32::from(state.tick - since);
                green == head && stood >= soak
            });
            if !proven {
                state.truth.wrong.insert(Wrong::Unproven);
            }
        }
    }

    fn deploys(&self, state: &mut State, n: u8) {
        let locked = state.truth.lock.is_some();
        let Some(execution) = state.executions.get_mut(usize::from(n)) else {
            return;
        };
        // Whoever does not ask is let in by nobody: the lock may be there already.
        if execution.phase == Phase::Asking && locked {
            state.truth.wrong.insert(Wrong::UnderLock);
        }
        execution.phase = Phase::Deploying;
        execution.touched = true;
        state.truth.on_stage = None;
    }

    fn ends(&self, state: &mut State, n: u8, end: End) {
        let Some(execution) = state.executions.get_mut(usize::from(n)) else {
            return;
        };
        if let Phase::Ended(_) = execution.phase {
            return;
        }
        if end == End::Succeeded {
            state.truth.on_stage = Some(execution.start.head);
        }
        execution.phase = Phase::Ended(end);
    }
}

fn claims(before: &Stage, next: &Stage) -> bool {
    before.generation < next.generation
}

fn is_admitted(stage: &Stage) -> bool {
    stage
        .run
        .as_ref()
        .is_some_and(greenroom_core::stage::Run::is_admitted)
}

/// A run that was stopped and is over, though its execution is not.
fn give_up(state: &mut State, before: &Stage, next: &Stage) {
    let Some(run) = before.run.as_ref().filter(|run| run.is_admitted()) else {
        return;
    };
    let stopped = next.last.as_ref().is_some_and(|last| {
        last.generation == run.generation
            && matches!(last.outcome, Some(Outcome::Aborted | Outcome::TimedOut))
    });
    let Some(execution) = run.execution.as_ref().filter(|_| stopped) else {
        return;
    };
    let known = state.executions.get_mut(usize::from(index(execution)));
    if let Some(known) = known.filter(|known| known.is_let_in()) {
        known.given_up = true;
    }
}

/// Each slot is decided once, and none after a later one.
fn check_slots(state: &mut State, before: &Stage, next: &Stage, hold: &Hold) {
    if next.refresh.decided < before.refresh.decided {
        state.truth.wrong.insert(Wrong::SlotTwice);
    }
    for out in &hold.out {
        if let Out::ReadHead(slot) = out
            && !state.truth.slots.insert(*slot)
        {
            state.truth.wrong.insert(Wrong::SlotTwice);
        }
    }
}
