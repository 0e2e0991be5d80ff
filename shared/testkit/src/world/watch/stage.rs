//! What one state of a stage may follow on another.

use greenroom_core::stage::{Phase, Run, Stage};

use super::Past;

impl Past {
    /// A stage's record was committed.
    pub(super) fn written(&mut self, new: Stage) {
        let name = new.id.stage.to_string();
        let old = self.stages.get(&name).cloned();
        let mut wrong = Vec::new();
        if let Some(old) = &old {
            grows(old, &new, &mut wrong);
            ends_stay(old, &new, &mut wrong);
            one_run(old, &new, &mut wrong);
        }
        if let Some(run) = just_claimed(old.as_ref(), &new) {
            self.is_verified_above(&new, run, "claimed", &mut wrong);
        }
        if let Some(run) = just_admitted(old.as_ref(), &new) {
            self.may_be_admitted(&new, run, &mut wrong);
        }
        self.breaks(old.as_ref(), &new, &mut wrong);
        self.greens(old.as_ref(), &new, &mut wrong);
        let told = wrong.into_iter().map(|what| format!("{what} on {name}"));
        self.broken.extend(told);
        self.stages.insert(name, new);
    }

    /// Nothing is admitted that a lock, the upstream or a missing approval forbids.
    fn may_be_admitted(&self, new: &Stage, run: &Run, wrong: &mut Vec<String>) {
        let name = new.id.stage.as_str();
        if new.lock.is_some() {
            wrong.push("D6: a run was admitted in spite of a lock".to_owned());
        }
        if run.cause.is_rollback() {
            return;
        }
        self.is_verified_above(new, run, "admitted", wrong);
        let wanted = self.approvals.get(name).copied().unwrap_or(0);
        let given = new
            .approvals
            .iter()
            .filter(|yes| yes.release == run.release && yes.terms == run.terms);
        if given.count() < wanted {
            wrong.push("H7: a run was admitted without its approvals".to_owned());
        }
    }

    fn is_verified_above(&self, new: &Stage, run: &Run, how: &str, wrong: &mut Vec<String>) {
        let Some(above) = self.feeds.get(new.id.stage.as_str()) else {
            return;
        };
        let above = self.stages.get(above);
        let green = above.and_then(|above| above.verified.as_ref());
        if green.map(|green| &green.release) != Some(&run.release) && !run.cause.is_rollback() {
            wrong.push(format!(
                "D4: a run was {how} that its upstream does not verify"
            ));
        }
    }

    fn breaks(&mut self, old: Option<&Stage>, new: &Stage, wrong: &mut Vec<String>) {
        let name = new.id.stage.to_string();
        let before = old.and_then(|old| old.brk.as_ref()).map(|brk| brk.episode);
        let after = new.brk.as_ref().map(|brk| brk.episode);
        if before == after {
            return;
        }
        if let Some(over) = before {
            self.closed.insert((name.clone(), over));
            if new.verified.is_none() {
                wrong.push(format!("E4: break {over} ended without a green"));
            }
        }
        if let Some(episode) = after
            && !self.opened.insert((name, episode))
        {
            wrong.push(format!("E1: break {episode} was opened twice"));
        }
    }

    /// What is called green was deployed, and its suites have passed, in truth.
    fn greens(&mut self, old: Option<&Stage>, new: &Stage, wrong: &mut Vec<String>) {
        let Some(green) = &new.verified else { return };
        let stands = new.stands().map(|stands| stands.generation);
        if stands != Some(green.generation) {
            wrong.push("D1: what is verified is not what stands there".to_owned());
        }
        let digest = green.release.artifact.clone();
        let name = new.id.stage.to_string();
        if old.and_then(|old| old.verified.as_ref()) == Some(green) {
            return;
        }
        if !self.deployed.contains(&(name.clone(), green.generation)) {
            wrong.push("D1: what was never deployed is verified".to_owned());
        }
        let run = new.last.as_ref();
        let run = run.filter(|run| run.generation == green.generation);
        for suite in run.into_iter().flat_map(|run| run.suites.keys()) {
            let prefix = format!("{}/suite/{}/{suite}/", new.id, green.generation);
            if !self.passed.iter().any(|id| id.starts_with(&prefix)) {
                wrong.push(format!("D1: verified although {suite} did not pass"));
            }
        }
        self.verified.extend(digest.map(|digest| (name, digest)));
    }
}

fn grows(old: &Stage, new: &Stage, wrong: &mut Vec<String>) {
    if new.generation < old.generation || new.generation > old.generation + 1 {
        wrong.push(format!(
            "G3: generation {} after {}",
            new.generation, old.generation
        ));
    }
    if new.episodes < old.episodes {
        wrong.push(format!(
            "G3: episode {} after {}",
            new.episodes, old.episodes
        ));
    }
    if new.refresh.schedule == old.refresh.schedule && new.refresh.decided < old.refresh.decided {
        wrong.push("F1: a slot was decided again".to_owned());
    }
}

/// How a run ended, and how its execution did, stays as it is.
fn ends_stay(old: &Stage, new: &Stage, wrong: &mut Vec<String>) {
    if let (Some(old), Some(new)) = (&old.last, &new.last) {
        let same = old.generation == new.generation;
        let mut expected = old.clone();
        // What would not stop may be seen to have ended later; how its run ended stays.
        if old.ended.is_none() {
            expected.ended.clone_from(&new.ended);
        }
        if new.generation < old.generation || same && *new != expected {
            wrong.push(format!("C5: the end of run {} changed", old.generation));
        }
    }
    let ended = old.run.as_ref().filter(|run| run.ended.is_some());
    if let (Some(old), Some(new)) = (ended, &new.run)
        && old.generation == new.generation
        && old.ended != new.ended
    {
        let what = format!("C5: the end of run {}'s execution changed", old.generation);
        wrong.push(what);
    }
}

/// A run is claimed when the one before has ended.
fn one_run(old: &Stage, new: &Stage, wrong: &mut Vec<String>) {
    let Some(before) = &old.run else { return };
    let still = new.run.as_ref().map(|run| run.generation) == Some(before.generation);
    let ended = new.last.as_ref().map(|run| run.generation) == Some(before.generation);
    if !still && !ended {
        wrong.push(format!(
            "C7: run {} is gone without an end",
            before.generation
        ));
    }
}

fn just_claimed<'a>(old: Option<&Stage>, new: &'a Stage) -> Option<&'a Run> {
    let before = old.map_or(0, |old| old.generation);
    new.run.as_ref().filter(|run| run.generation > before)
}

fn just_admitted<'a>(old: Option<&Stage>, new: &'a Stage) -> Option<&'a Run> {
    let run = new.run.as_ref().filter(|run| run.is_admitted())?;
    let before = old.and_then(|old| old.run.as_ref());
    let was = before.is_some_and(|old| old.generation == run.generation && old.is_admitted());
    let at_it = matches!(run.phase, Phase::Deploying);
    (!was && at_it).then_some(run)
}
