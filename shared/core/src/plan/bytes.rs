//! Which bytes a candidate means: those it names, or those that the build of its revision gives.

use jiff::SignedDuration;

use super::{Draft, finish, later, queue};
use crate::build::{Build, BuildState};
use crate::effect::Effect;
use crate::name::{RecipeHash, Revision};
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage::{BuildNeed, Candidate, Cause, Failing, Stage};
use crate::waiting::Wait;

/// A stage that waits for a build looks again after this, should nobody tell it of the end.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// The exact bytes, if they exist.
pub(crate) fn of(candidate: &Candidate, view: &View<'_>, policy: &Policy<'_>) -> Option<Release> {
    if let Some(release) = named(candidate, policy) {
        return Some(release.clone());
    }
    let artifact = if policy.builds() {
        match &build_of(candidate, view, policy)?.state {
            BuildState::Succeeded { artifact, .. } => {
                artifact.as_ref().map(|artifact| artifact.digest.clone())
            }
            _ => return None,
        }
    } else {
        None
    };
    Some(Release {
        revision: candidate.revision.clone(),
        recipe: policy.build_recipe.clone(),
        artifact,
    })
}

/// The bytes that it names. What a stage builds for itself is named no longer once it is built
/// otherwise: the gates in force are to be passed by what the recipe in force makes.
pub(super) fn named<'a>(candidate: &'a Candidate, policy: &Policy<'_>) -> Option<&'a Release> {
    let given = policy.upstream.is_some()
        || candidate.cause.is_rollback()
        || matches!(candidate.cause, Cause::Through { .. });
    let release = candidate.release.as_ref();
    release.filter(|release| given || release.recipe == policy.build_recipe)
}

/// Names the build that a plan of `stage` looks at: that of its candidate, or of what the upstream
/// has verified, which the plan makes its candidate.
pub fn build_wanted(
    stage: &Stage,
    upstream: Option<&Stage>,
    policy: &Policy<'_>,
) -> Option<(Revision, RecipeHash)> {
    let of = |release: &Release| (release.revision.clone(), release.recipe.clone());
    if stage.queue.fifo {
        let front = queue::front(stage, upstream, policy)?;
        return Some(match named(&front, policy) {
            Some(release) => of(release),
            None => (front.revision.clone(), policy.build_recipe.clone()),
        });
    }
    let candidate = stage.candidate.as_ref();
    let rolled_back = candidate.filter(|candidate| candidate.cause.is_rollback());
    if policy.upstream.is_some() && rolled_back.is_none() {
        let verified = upstream.and_then(|upstream| upstream.verified.as_ref());
        return verified.map(|verified| of(&verified.release));
    }
    let candidate = candidate?;
    Some(match named(candidate, policy) {
        Some(release) => of(release),
        None => (candidate.revision.clone(), policy.build_recipe.clone()),
    })
}

/// The build that the candidate is waiting for, as the stage file in force has it.
fn build_of<'a>(candidate: &Candidate, view: &View<'a>, policy: &Policy<'_>) -> Option<&'a Build> {
    view.build
        .filter(|build| build.revision == candidate.revision && build.recipe == policy.build_recipe)
}

/// What the build of exactly this release told.
pub(super) fn outputs_of(release: &Release, view: &View<'_>) -> crate::release::Outputs {
    view.build
        .filter(|build| build.revision == release.revision && build.recipe == release.recipe)
        .and_then(Build::outputs)
        .cloned()
        .unwrap_or_default()
}

/// The exact bytes, or the wait for them; asks for the build once.
pub(super) fn get(
    draft: &mut Draft,
    candidate: &mut Candidate,
    view: &View<'_>,
    policy: &Policy<'_>,
) -> Result<Release, Box<Wait>> {
    if let Some(release) = of(candidate, view, policy) {
        return Ok(release);
    }
    let build = build_of(candidate, view, policy);
    let attempts = build.map_or(0, |build| build.attempt);
    if let BuildNeed::Asked { recipe, .. } = &candidate.build
        && *recipe != policy.build_recipe
    {
        candidate.build = BuildNeed::NotAsked;
    }
    // Nobody could tell: that says nothing about who wants it next.
    let unclear = build.is_some_and(|build| matches!(build.state, BuildState::Errored { .. }));
    if unclear && candidate.build == BuildNeed::NotAsked {
        candidate.build = BuildNeed::Again;
    }
    let answers = match &candidate.build {
        BuildNeed::Again => false,
        BuildNeed::Asked { after, .. } => attempts > *after,
        BuildNeed::NotAsked | BuildNeed::Failed => true,
    };
    if answers && let Some(wait) = build.and_then(|build| ended(draft, candidate, build, policy)) {
        return Err(Box::new(wait));
    }
    if !matches!(candidate.build, BuildNeed::Asked { .. }) {
        // One that is under way is only waited for.
        let starts = build.is_none_or(Build::has_ended);
        if let Some(definition) = policy.outdated.build.clone().filter(|_| starts) {
            return Err(Box::new(Wait::PipelineOutdated { definition }));
        }
        let again = (candidate.build == BuildNeed::Again).then_some(attempts);
        candidate.build = BuildNeed::Asked {
            recipe: policy.build_recipe.clone(),
            after: again.unwrap_or(0),
        };
        draft.effects.push(Effect::RequestBuild {
            stage: draft.next.id.stage.clone(),
            revision: candidate.revision.clone(),
            recipe: policy.build_recipe.clone(),
            pipeline: policy.pipeline.name.clone(),
            config: policy.file.hash.clone(),
            again,
        });
    }
    draft.wake_at(later(draft.now, LOOK_AGAIN));
    Err(Box::new(Wait::Building {
        revision: candidate.revision.clone(),
        since: candidate.since,
    }))
}

/// A build that ended without an artifact. What stands on the stage is as good as before, but its
/// tip is not, or nobody can tell: told once.
fn ended(
    draft: &mut Draft,
    candidate: &mut Candidate,
    build: &Build,
    policy: &Policy<'_>,
) -> Option<Wait> {
    let revision = candidate.revision.clone();
    let release = || Release {
        revision: revision.clone(),
        recipe: policy.build_recipe.clone(),
        artifact: None,
    };
    let first = candidate.build != BuildNeed::Failed;
    let told = finish::Told {
        routes: &policy.rule.alert,
        config: &policy.file.hash,
        overridden: None,
    };
    let wait = match &build.state {
        BuildState::Failed { step, why, .. } => {
            if first {
                let failing = Failing::Step {
                    build: true,
                    step: step.clone(),
                    why: why.clone(),
                };
                finish::red(draft, &release(), failing, &told);
            }
            Wait::BuildFailed {
                revision,
                step: step.clone(),
                why: why.clone(),
            }
        }
        BuildState::Errored { why, .. } => {
            if first {
                finish::unverified(draft, &release(), draft.next.generation, why, &told);
            }
            Wait::BuildUnclear {
                revision,
                why: why.clone(),
            }
        }
        BuildState::Running { .. } | BuildState::Waiting { .. } | BuildState::Succeeded { .. } => {
            return None;
        }
    };
    candidate.build = BuildNeed::Failed;
    Some(wait)
}
