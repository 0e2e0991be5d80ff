//! Those who lurk: they wait for a moment, and strike when it has come.

use std::sync::Arc;

use greenroom_core::command::Command;
use greenroom_core::principal::Principal;
use greenroom_core::stage::{Phase, Stage};
use greenroom_core::stage_file::{From, StageFile};

use super::World;
use crate::act::{Act, Blow, Lurk, Moment, Where};
use crate::inner::{Event, Inner};
use crate::model::people::{Lurking, Sprung};
use crate::random::{Random, key, mix};
use crate::setup::cast::PUSHERS;
use crate::stage_files;
use crate::truth::Happened;

/// Who asks.
const OPERATOR: &str = "olga";

impl World {
    pub(super) fn lurk(&mut self, item: usize, lurk: &Lurk) {
        let mut inner = self.shared.lock();
        inner.truth.people.lurking.push(Lurking {
            item,
            passes: lurk.passes,
            times: lurk.times,
        });
    }

    pub(crate) fn strike(&mut self, sprung: &Sprung) {
        let (number, lurk) = {
            let mut inner = self.shared.lock();
            let item = &inner.truth.setup.script[sprung.item];
            let number = mix(item.number ^ mix(u64::from(sprung.nth)));
            let Act::Lurk(lurk) = item.act.clone() else {
                return;
            };
            if inner.calm {
                return;
            }
            inner.note("strikes", || format!("{:?} at {}", lurk, sprung.stage));
            (number, lurk)
        };
        for (n, blow) in (0_u64..).zip(lurk.blows) {
            self.blow(mix(number ^ key("blow") ^ n), sprung, blow);
        }
    }

    fn blow(&mut self, number: u64, sprung: &Sprung, blow: Blow) {
        let operator = Principal::Operator {
            name: OPERATOR.to_owned(),
        };
        match blow {
            Blow::Act(act) => self.does(sprung.item, number, *act),
            Blow::Lock { at, lasts } => {
                let Some(stage) = self.seen_from(&sprung.stage, at) else {
                    return;
                };
                let until = lasts.and_then(|lasts| self.now().checked_add(lasts).ok());
                let reason = "not now".to_owned();
                self.asks(&stage, operator, Command::Lock { reason, until });
            }
            Blow::Ask { at, command } => {
                if let Some(stage) = self.seen_from(&sprung.stage, at) {
                    self.asks(&stage, operator, command);
                }
            }
            Blow::Push { at, quality } => {
                let stage = self.seen_from(&sprung.stage, at);
                if let Some(branch) = stage.and_then(|stage| self.branch_of(&stage)) {
                    self.push(number, &branch, PUSHERS[1], quality);
                }
            }
        }
    }

    /// What people read on the default branch.
    fn written(&self) -> Option<Arc<StageFile>> {
        let inner = self.shared.lock();
        let repository = &inner.truth.repository;
        let tip = repository.tip(repository.default_branch()?)?;
        let text = repository.stage_file(tip)?;
        stage_files::read(text.as_bytes())
    }

    fn seen_from(&self, stage: &str, at: Where) -> Option<String> {
        if at == Where::Here {
            return Some(stage.to_owned());
        }
        let file = self.written()?;
        let named = |name: &str| {
            let mut rules = file.rules.iter();
            rules.find(|rule| rule.stage.as_literal() == Some(name))
        };
        let here = named(stage)?;
        let above = match &here.from {
            From::Promote { rule } => file.rule(rule),
            _ => None,
        };
        let below = || {
            let mut rules = file.rules.iter();
            rules.find(|rule| matches!(&rule.from, From::Promote { rule } if *rule == here.name))
        };
        let found = if at == Where::Above { above } else { below() };
        found?.stage.as_literal().map(str::to_owned)
    }

    /// The branch that leads to a stage, by way of others if need be.
    fn branch_of(&self, stage: &str) -> Option<String> {
        let file = self.written()?;
        let mut rules = file.rules.iter();
        let mut rule = rules.find(|rule| rule.stage.as_literal() == Some(stage))?;
        loop {
            match &rule.from {
                From::Promote { rule: upstream } => rule = file.rule(upstream)?,
                From::Branch { pattern, .. } => return pattern.literal().map(str::to_owned),
                _ => return None,
            }
        }
    }
}

impl Inner {
    /// Something happened: for some it is the moment they waited for.
    pub(crate) fn spring(&mut self, happened: &Happened<'_>) {
        if self.truth.people.lurking.is_empty() || self.calm {
            return;
        }
        let (stage, moments) = match happened {
            Happened::Stage { before, after } => {
                let before = before.map(|before| &*before.stage);
                let stage = after.stage.id.stage.to_string();
                (stage, moments(before, &after.stage))
            }
            Happened::Started {
                execution,
                fresh: true,
            } => (self.where_is(*execution), vec![Moment::Started]),
            Happened::Admitted { execution } => (self.where_is(*execution), vec![Moment::Admitted]),
            Happened::Commanded {
                stage,
                command: Command::Approve { .. },
                granted: true,
                ..
            } => (stage.stage.to_string(), vec![Moment::Approved]),
            _ => return,
        };
        for moment in moments {
            self.moment(moment, &stage);
        }
    }

    /// Empty for a build, at which nobody lurks.
    fn where_is(&self, execution: usize) -> String {
        let execution = self.truth.executor.get(execution);
        execution.stage().unwrap_or_default().to_owned()
    }

    fn moment(&mut self, moment: Moment, stage: &str) {
        let script = &self.truth.setup.script;
        let mut sprung = Vec::new();
        for lurking in &mut self.truth.people.lurking {
            let item = &script[lurking.item];
            let Act::Lurk(lurk) = &item.act else { continue };
            let there = lurk.stage.as_deref().is_none_or(|only| only == stage);
            if lurk.moment != moment || !there || stage.is_empty() || lurking.times == 0 {
                continue;
            }
            if lurking.passes > 0 {
                lurking.passes -= 1;
                continue;
            }
            let nth = lurk.times - lurking.times;
            lurking.times -= 1;
            let number = mix(item.number ^ u64::from(nth));
            let mut random = Random::of(self.truth.setup.seed, number);
            let wait = random.between(0, lurk.within * 1000);
            sprung.push((
                wait,
                Sprung {
                    item: lurking.item,
                    nth,
                    stage: stage.to_owned(),
                },
            ));
        }
        self.truth.people.lurking.retain(|left| left.times > 0);
        for (wait, sprung) in sprung {
            let wait = i64::try_from(wait).unwrap_or(0);
            let wait = jiff::SignedDuration::from_millis(wait);
            self.after(wait, Event::Strike(Box::new(sprung)));
        }
    }
}

/// What a commit means for those who wait.
fn moments(before: Option<&Stage>, after: &Stage) -> Vec<Moment> {
    let green = |stage: &Stage| stage.verified.as_ref().map(|green| green.generation);
    let red = |stage: &Stage| stage.brk.as_ref().map(|brk| brk.episode);
    let stops = |stage: &Stage| {
        let phase = stage.run.as_ref().map(|run| &run.phase);
        matches!(phase, Some(Phase::Stopping { .. }))
    };
    let mut moments = Vec::new();
    let generation = before.map(|before| before.generation);
    if after.run.is_some() && generation != Some(after.generation) {
        moments.push(Moment::Claimed);
    }
    if after.verified.is_some() && before.and_then(green) != green(after) {
        moments.push(Moment::Green);
    }
    if after.brk.is_some() && before.and_then(red) != red(after) {
        moments.push(Moment::Red);
    }
    if stops(after) && !before.is_some_and(stops) {
        moments.push(Moment::Stopping);
    }
    moments
}
