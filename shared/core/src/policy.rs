//! What the stage file in force demands of one stage, and what a plan may look at.

use jiff::{SignedDuration, Timestamp};

use crate::build::Build;
use crate::definition::{Applied, Outdated};
use crate::mark::Marks;
use crate::name::{Nonce, RecipeHash, RefName, RepoName, RuleName, StageName};
use crate::pause::Pause;
use crate::schedule::Schedule;
use crate::sharing::{self, Sharer, Use};
use crate::stage::{Stage, Terms};
use crate::stage_file::{From, Pipeline, QueuePolicy, Rule, StageFile, Window};
use crate::toggle::Toggle;

/// A stage that breaks this often within [`FLAPPING_WITHIN`] flaps. Twice is a mistake and its first
/// repair, three times a bad morning; at the fourth nobody reads on. Two hours: a deployment with its
/// tests takes minutes, so whoever pushes repairs gets there within less, and a test that fails now
/// and then on a stage that is watched every quarter of an hour does as well.
pub const FLAPPING_BREAKS: usize = 4;
/// Also how long it must neither break nor recover to flap no more.
pub const FLAPPING_WITHIN: SignedDuration = SignedDuration::from_hours(2);

/// No channel gets more messages than this within [`CHANNEL_WINDOW`]; what is above comes in a digest
/// when the window is over. A person reads ten in ten minutes and mutes what sends more. Telegram
/// takes about twenty a minute in a group, which two windows in a row stay below.
pub const CHANNEL_CAP: u32 = 10;
/// Long enough that a storm becomes few messages, short enough that what waits is still news.
pub const CHANNEL_WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// The slice of the stage file that concerns one stage.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    pub file: &'a StageFile,
    pub rule: &'a Rule,
    pub pipeline: &'a Pipeline,
    /// Names the build: what the `once` steps are. Stages that build alike share builds.
    pub build_recipe: RecipeHash,
    pub terms: Terms,
    pub schedule: Option<&'a Schedule>,
    pub upstream: Option<Upstream>,
    pub downstream: Vec<Downstream>,
    /// How wrong any clock of ours may be, either way.
    pub clock_error: SignedDuration,
    /// The windows that close the stage.
    pub windows: Vec<&'a Window>,
    /// The stage that has to verify a release before this one takes it.
    pub through: Option<Upstream>,
    /// Its pipelines that stand elsewhere and were made from something else; none where pipelines
    /// are run from the stage file itself.
    pub outdated: Outdated,
    /// The stages it takes turns with, because they write to the same.
    pub sharers: Vec<Sharer>,
}

/// Where promotions come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upstream {
    pub stage: StageName,
    pub terms: Terms,
}

/// A stage that takes what this one has verified, or takes what has passed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Downstream {
    pub stage: StageName,
    pub soak: SignedDuration,
}

impl<'a> Policy<'a> {
    /// The slice for the stages of `rule`; `None` when the file has no such rule or the rule
    /// deploys nothing.
    pub fn of(file: &'a StageFile, rule: &RuleName, clock_error: SignedDuration) -> Option<Self> {
        let rule = file
            .rules
            .iter()
            .find(|candidate| candidate.name == *rule)?;
        let pipeline = file.pipelines.get(rule.pipeline.as_ref()?)?;
        let upstream = match &rule.from {
            From::Promote { rule: from } => {
                let from = file
                    .rules
                    .iter()
                    .find(|candidate| candidate.name == *from)?;
                Some(Upstream {
                    stage: fixed(from)?,
                    terms: terms(from),
                })
            }
            _ => None,
        };
        Some(Self {
            file,
            rule,
            pipeline,
            build_recipe: crate::build::recipe_of(pipeline),
            terms: terms(rule),
            schedule: file.schedules.get(&rule.name),
            upstream,
            downstream: downstream(file, &rule.name),
            clock_error,
            windows: windows(file, rule),
            through: through(file, rule),
            outdated: Outdated::default(),
            sharers: sharing::sharers(file, rule),
        })
    }

    /// The same where pipelines stand by themselves: `applied` is what they were made from.
    pub fn against(mut self, app: &RepoName, applied: &Applied) -> Self {
        self.outdated = Outdated::of(app, self.file, self.rule, applied);
        self
    }

    /// Whether a release of this pipeline needs a build.
    pub fn builds(&self) -> bool {
        self.pipeline.steps.iter().any(|step| step.once)
    }

    /// The one branch that leads here, if the rule names exactly one.
    pub fn branch(&self) -> Option<RefName> {
        match &self.rule.from {
            From::Branch { pattern, .. } => pattern
                .literal()
                .map(|branch| RefName::new(format!("refs/heads/{branch}"))),
            _ => None,
        }
    }

    /// Whether nothing comes here but what a person selects.
    pub fn selects(&self) -> bool {
        matches!(self.rule.from, From::Select { .. })
    }

    /// Whether each change is deployed by itself.
    pub fn queues(&self) -> bool {
        self.rule.queue == QueuePolicy::Fifo
    }

    /// The longest soak that counts on what is verified here.
    pub fn longest_downstream_soak(&self) -> SignedDuration {
        self.downstream
            .iter()
            .map(|downstream| downstream.soak)
            .max()
            .unwrap_or_default()
    }
}

fn through(file: &StageFile, rule: &Rule) -> Option<Upstream> {
    let there = file.rule(rule.through.as_ref()?)?;
    Some(Upstream {
        stage: fixed(there)?,
        terms: terms(there),
    })
}

/// The name of the rule's stage, if the rule has exactly one.
fn fixed(rule: &Rule) -> Option<StageName> {
    rule.stage.as_literal().map(StageName::from)
}

fn terms(rule: &Rule) -> Terms {
    Terms {
        recipe: rule.recipe.clone(),
        settings: rule.settings.clone(),
    }
}

fn downstream(file: &StageFile, rule: &RuleName) -> Vec<Downstream> {
    let takes = |candidate: &&Rule| {
        matches!(&candidate.from, From::Promote { rule: from } if from == rule)
            || candidate.through.as_ref() == Some(rule)
    };
    let stages = |candidate: &Rule| {
        let soak = candidate.soak.unwrap_or_default();
        let stages = candidate.fixed_stages().into_iter();
        stages.map(move |stage| Downstream { stage, soak })
    };
    file.rules.iter().filter(takes).flat_map(stages).collect()
}

fn windows<'a>(file: &'a StageFile, rule: &Rule) -> Vec<&'a Window> {
    let names = rule.windows.iter();
    names.filter_map(|name| file.windows.get(name)).collect()
}

/// Everything a plan may look at.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub stage: &'a Stage,
    /// The stage promotions come from, if it exists already.
    pub upstream: Option<&'a Stage>,
    /// The build of the candidate's revision, if there is one; for an admission, that of the run's
    /// release.
    pub build: Option<&'a Build>,
    /// Fresh randomness for a claim, should there be one.
    pub nonce: &'a Nonce,
    pub now: Timestamp,
    /// The pause of everything, if there is one; whether it still holds is to be asked.
    pub pause: Option<&'a Pause>,
    /// What people say of the revisions this is about.
    pub marks: &'a Marks,
    /// The stage that what waits has to pass first, if it exists already.
    pub through: Option<&'a Stage>,
    /// Which of the stage and the one it takes turns with people use; none if it takes turns with
    /// nobody.
    pub toggle: Option<&'a Toggle>,
    /// Runs of those it takes turns with, as far as they have any.
    pub uses: &'a [Use],
}
