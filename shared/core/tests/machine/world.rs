//! A world of a few stages in memory. Every step goes through the core as the app does it, and
//! is held against what must hold for every plan.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_core::accept::{Rejection, accept};
use greenroom_core::build::{self, Build, BuildPlan, BuildRequest};
use greenroom_core::command::Command;
use greenroom_core::definition::Applied;
use greenroom_core::effect::{Effect, News};
use greenroom_core::evidence::Evidence;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::history::{self, Entry};
use greenroom_core::mark::Marks;
use greenroom_core::name::*;
use greenroom_core::pause::Pause;
use greenroom_core::plan::{Plan, build_wanted, follow_queue, plan};
use greenroom_core::policy::{Policy, View};
use greenroom_core::principal::Principal;
use greenroom_core::record::record;
use greenroom_core::release::{Artifact, Outputs, Release};
use greenroom_core::sharing::Use;
use greenroom_core::stage::{QUEUE_MAX, Run, Stage};
use greenroom_core::stage_file::StageFile;
use greenroom_core::toggle::Toggle;
use greenroom_core::waiting::Wait;
use jiff::{SignedDuration, Timestamp};

pub use crate::fixture::*;

pub struct World {
    pub file: StageFile,
    pub clock_error: SignedDuration,
    pub now: Timestamp,
    pub stages: BTreeMap<String, Stage>,
    pub builds: BTreeMap<(Revision, RecipeHash), Build>,
    pub marks: Marks,
    /// Everything that was ever to be done outside, in order.
    pub effects: Vec<Effect>,
    pub ids: BTreeSet<String>,
    pub log: Vec<Entry>,
    /// What the reports of builds say from now on.
    pub evidence: Option<Evidence>,
    /// Everything is paused.
    pub pause: Option<Pause>,
    /// What pipelines that stand by themselves were made from.
    pub applied: Option<Applied>,
    claims: u64,
    /// Which of two stages people use, by their rule.
    pub toggles: BTreeMap<RuleName, Toggle>,
}

impl World {
    pub fn new() -> Self {
        Self::of(FILE)
    }

    pub fn of(text: &str) -> Self {
        Self {
            file: stage_file(text),
            clock_error: SignedDuration::ZERO,
            now: at("2026-03-02T08:00:00Z"),
            stages: BTreeMap::new(),
            builds: BTreeMap::new(),
            marks: Marks::default(),
            effects: Vec::new(),
            ids: BTreeSet::new(),
            log: Vec::new(),
            evidence: None,
            pause: None,
            applied: None,
            claims: 0,
            toggles: BTreeMap::new(),
        }
    }

    pub fn pass(&mut self, time: SignedDuration) {
        self.now = self.now.checked_add(time).expect("time goes on");
    }

    pub fn stage(&mut self, name: &str) -> &Stage {
        let now = self.now;
        self.stages
            .entry(name.to_owned())
            .or_insert_with(|| blank(name, now))
    }

    pub fn run(&self, name: &str) -> &Run {
        let run = self.stages.get(name).and_then(|stage| stage.run.as_ref());
        run.expect("a run is under way")
    }

    pub fn last(&self, name: &str) -> &Run {
        let run = self.stages.get(name).and_then(|stage| stage.last.as_ref());
        run.expect("a run has ended")
    }

    pub fn policy(&self, name: &str) -> Option<Policy<'_>> {
        let policy = Policy::of(&self.file, &self.rule_of(name), self.clock_error)?;
        Some(match &self.applied {
            Some(applied) => policy.against(&self.file.app, applied),
            None => policy,
        })
    }

    /// A stage here is called like its rule, unless it is the other of two.
    fn rule_of(&self, name: &str) -> RuleName {
        let side = StageName::new(name);
        let mut rules = self.file.rules.iter();
        let rule = rules.find(|rule| rule.toggle.is_some() && rule.is_of(&side));
        rule.map_or_else(|| RuleName::new(name), |rule| rule.name.clone())
    }

    /// Of a stage that takes turns with another.
    fn toggle_of(&self, name: &str) -> Option<Toggle> {
        let rule = self.rule_of(name);
        let known = self.toggles.get(&rule).cloned();
        let turns = self.file.rule(&rule)?.toggle.is_some();
        known.or_else(|| turns.then(Toggle::default))
    }

    /// Changes the stage, plans it and commits the plan.
    fn step(&mut self, name: &str, change: impl FnOnce(Stage) -> Stage) -> Plan {
        let existed = self.stages.contains_key(name);
        let before = self.stage(name).clone();
        let changed = change(follow_queue(before.clone(), self.policy(name).as_ref()));
        self.claims += 1;
        let nonce = Nonce::new(format!("nonce-{}", self.claims));
        let policy = self.policy(name);
        let toggle = self.toggle_of(name);
        let build = self.build_for(&changed, policy.as_ref());
        let upstream = policy
            .as_ref()
            .and_then(|policy| policy.upstream.as_ref())
            .and_then(|upstream| self.stages.get(upstream.stage.as_str()));
        let uses = self.uses(policy.as_ref());
        let view = View {
            stage: &changed,
            upstream,
            build: build.as_ref(),
            nonce: &nonce,
            now: self.now,
            pause: self.pause.as_ref(),
            marks: &self.marks,
            through: self.through(policy.as_ref()),
            toggle: toggle.as_ref(),
            uses: &uses,
        };
        let planned = plan(&view, policy.as_ref());
        hold(&view, policy.as_ref(), &before, &planned);
        let log = history::between(existed.then_some(&before), &planned.next, self.now);
        self.log.extend(log);
        let mut names = BTreeSet::new();
        for effect in &planned.effects {
            let id = effect.id(&before.id);
            assert!(names.insert(id.clone()), "{id} is twice in one plan");
            self.named_once(effect, &before.id);
        }
        self.stages.insert(name.to_owned(), planned.next.clone());
        if let Some(toggle) = planned.toggle.clone() {
            self.toggles.insert(self.rule_of(name), toggle);
        }
        self.effects.extend(planned.effects.clone());
        for effect in planned.effects.clone() {
            self.request(&effect);
        }
        planned
    }

    /// No two decisions share a name, but for asking twice for what is done once: a build, a look
    /// at a stage or a branch.
    fn named_once(&mut self, effect: &Effect, owner: &StageId) {
        let id = effect.id(owner);
        let again = matches!(
            effect,
            Effect::RequestBuild { .. } | Effect::Ask { .. } | Effect::ReadHead { slot: None, .. }
        );
        assert!(
            self.ids.insert(id.clone()) || again,
            "{id} was decided twice"
        );
    }

    pub fn through(&self, policy: Option<&Policy<'_>>) -> Option<&Stage> {
        let through = policy?.through.as_ref()?;
        self.stages.get(through.stage.as_str())
    }

    fn uses(&self, policy: Option<&Policy<'_>>) -> Vec<Use> {
        let sharers = policy.into_iter().flat_map(|policy| &policy.sharers);
        let stages = sharers.filter_map(|it| self.stages.get(it.stage.as_str()));
        stages.filter_map(Use::of).collect()
    }

    /// The build the stage's candidate waits for.
    pub fn build_for(&self, stage: &Stage, policy: Option<&Policy<'_>>) -> Option<Build> {
        let policy = policy?;
        let upstream = policy.upstream.as_ref();
        let upstream = upstream.and_then(|it| self.stages.get(it.stage.as_str()));
        let wanted = build_wanted(stage, upstream, policy)?;
        self.builds.get(&wanted).cloned()
    }

    pub fn replan(&mut self, name: &str) -> Plan {
        self.step(name, |stage| stage)
    }

    pub fn fact(&mut self, name: &str, fact: Fact) -> Plan {
        self.step(name, |stage| record(stage, &fact))
    }

    pub fn command(
        &mut self,
        name: &str,
        principal: &Principal,
        command: Command,
    ) -> Result<Plan, Rejection> {
        let granted = self.try_command(name, principal, &command)?;
        Ok(self.step(name, |_| granted))
    }

    /// What the core answers, without a commit.
    pub fn try_command(
        &mut self,
        name: &str,
        principal: &Principal,
        command: &Command,
    ) -> Result<Stage, Rejection> {
        let stage = self.stage(name).clone();
        let policy = self.policy(name);
        let stage = follow_queue(stage, policy.as_ref());
        let asked = stage.run.as_ref().map(|run| &run.release);
        let build = match (command, asked) {
            (Command::Admit { .. }, Some(release)) => self
                .builds
                .get(&(release.revision.clone(), release.recipe.clone()))
                .cloned(),
            _ => self.build_for(&stage, policy.as_ref()),
        };
        let nonce = Nonce::new("unused");
        let toggle = self.toggle_of(name);
        let uses = self.uses(policy.as_ref());
        let view = View {
            stage: &stage,
            upstream: policy
                .as_ref()
                .and_then(|policy| policy.upstream.as_ref())
                .and_then(|upstream| self.stages.get(upstream.stage.as_str())),
            build: build.as_ref(),
            nonce: &nonce,
            now: self.now,
            pause: self.pause.as_ref(),
            marks: &self.marks,
            through: self.through(policy.as_ref()),
            toggle: toggle.as_ref(),
            uses: &uses,
        };
        accept(&view, policy.as_ref(), principal, command)
    }

    fn request(&mut self, effect: &Effect) {
        let Effect::RequestBuild {
            stage,
            revision,
            recipe,
            pipeline,
            config,
            again,
        } = effect
        else {
            return;
        };
        let request = BuildRequest {
            app: APP,
            revision: revision.clone(),
            recipe: recipe.clone(),
            pipeline: pipeline.clone(),
            config: config.clone(),
            stage: stage.clone(),
            again: *again,
        };
        let key = (revision.clone(), recipe.clone());
        let old = self.builds.get(&key).cloned();
        let planned = build::request(old, &request, self.now);
        self.take_build(planned);
    }

    fn take_build(&mut self, planned: BuildPlan) {
        let owner = StageId {
            app: APP,
            stage: StageName::new(""),
        };
        for effect in &planned.effects {
            self.named_once(effect, &owner);
        }
        let next = planned.next;
        self.builds
            .insert((next.revision.clone(), next.recipe.clone()), next);
        self.effects.extend(planned.effects.clone());
        for effect in planned.effects {
            if let Effect::Ask { stage, .. } = effect {
                self.replan(stage.as_str());
            }
        }
    }

    /// The newest attempt at the build of `revision` is observed.
    pub fn build(&mut self, revision: &Revision, observation: &Observation) {
        let build = self
            .builds
            .values()
            .find(|build| build.revision == *revision)
            .expect("the build was asked for")
            .clone();
        let execution = ExecutionId::new(format!("build-{}", build.attempt));
        let attempt = build.attempt;
        let planned = build::observe(build, attempt, &execution, Some(observation), self.now);
        self.take_build(planned);
    }

    pub fn tick_builds(&mut self) {
        for build in self.builds.values().cloned().collect::<Vec<_>>() {
            let planned = build::tick(build, self.now);
            self.take_build(planned);
        }
    }

    pub fn built(&mut self, n: u32) {
        let digest = Digest::new(format!("sha256:{n:064x}"));
        let observation = Observation::Succeeded {
            artifact: Some(Artifact { digest, size: 1 }),
            outputs: Outputs::from([("COVERAGE".to_owned(), "83".to_owned())]),
            at: self.now,
            evidence: self.evidence.clone().map(Box::new),
        };
        self.build(&revision(n), &observation);
    }

    pub fn build_failed(&mut self, n: u32) {
        let observation = Observation::Failed {
            step: "build".to_owned(),
            why: "exit 2".to_owned(),
            at: self.now,
        };
        self.build(&revision(n), &observation);
    }

    pub fn release(&self, n: u32) -> Release {
        Release {
            revision: revision(n),
            recipe: self.policy("dev").expect("a rule").build_recipe,
            artifact: Some(Digest::new(format!("sha256:{n:064x}"))),
        }
    }

    /// What was told, as `channel: what`.
    pub fn told(&self) -> Vec<String> {
        self.effects.iter().filter_map(told).collect()
    }

    pub fn codes(&self) -> Vec<&str> {
        self.log.iter().map(|entry| entry.code.as_str()).collect()
    }

    pub fn count(&self, wanted: impl Fn(&Effect) -> bool) -> usize {
        self.effects.iter().filter(|effect| wanted(effect)).count()
    }
}

fn told(effect: &Effect) -> Option<String> {
    let Effect::Announce { channel, news, .. } = effect else {
        return None;
    };
    let what = match news.as_ref() {
        News::Broke { .. } => "broke",
        News::Changed { .. } => "changed",
        News::Recovered { .. } => "recovered",
        News::Unverified { .. } => "unverified",
        News::Refused { .. } => "refused",
        News::Expiring { .. } => "expiring",
        News::TornDown { .. } => "gone",
        News::Orphaned { .. } => "orphan",
        News::FlipFailed { .. } => "flip failed",
        News::Flapping { .. } => "flaps",
        News::Settled { green: true, .. } => "settled",
        News::Settled { green: false, .. } => "settled, perhaps",
        News::StageFileInvalid { .. }
        | News::Exhausted { .. }
        | News::Test { .. }
        | News::Digest { .. } => "other",
    };
    Some(format!("{channel}: {what}"))
}

/// The codes of a plan's waits, in order.
pub fn codes(plan: &Plan) -> Vec<&'static str> {
    plan.waiting_on.iter().map(Wait::code).collect()
}

/// A line is bounded, and nobody waits behind nothing; without one only the candidate waits.
fn in_line(stage: &Stage, policy: Option<&Policy<'_>>) {
    let (waiting, fifo) = (&stage.queue.waiting, stage.queue.fifo);
    assert!(waiting.len() <= QUEUE_MAX, "{} wait", waiting.len());
    assert!(waiting.is_empty() || stage.candidate.is_some());
    assert!(fifo || policy.is_none() || stage.queue.is_blank());
    assert!(stage.queue.proven.len() <= QUEUE_MAX + 2);
}

/// What holds for every plan.
fn hold(view: &View<'_>, policy: Option<&Policy<'_>>, before: &Stage, planned: &Plan) {
    let again = View {
        stage: &planned.next,
        toggle: planned.toggle.as_ref().or(view.toggle),
        ..*view
    };
    let settled = plan(&again, policy);
    assert_eq!(settled.next, planned.next, "a second plan changes nothing");
    assert_eq!(settled.effects, [], "a second plan asks for nothing");
    assert_eq!(settled.toggle, None, "a second plan leads nobody anywhere");
    assert!(!planned.waiting_on.is_empty(), "a plan explains itself");
    assert!(
        planned.wake.is_none_or(|wake| wake > view.now),
        "{:?} is not after {}",
        planned.wake,
        view.now
    );
    in_line(&planned.next, policy);
    assert!(planned.next.generation >= before.generation);
    assert!(planned.next.episodes >= before.episodes);
    assert!(planned.next.refresh.decided >= before.refresh.decided);
    let json = serde_json::to_string(&planned.next).expect("a stage can be written");
    assert!(json.len() < 200_000, "{} bytes", json.len());
    let read: Stage = serde_json::from_str(&json).expect("a stage can be read");
    assert_eq!(read, planned.next, "what is written is what is read");
    if let (Some(run), Some(deployed)) = (&planned.next.run, &planned.next.deployed)
        && run.is_admitted()
        && run.cause.deploys()
    {
        assert_eq!(
            run.release, deployed.release,
            "what runs is what is deployed"
        );
    }
}
