//! The checks between a candidate and its claim. All are evaluated, so that a person sees every
//! closed one at once; a claim needs them all open.

use std::collections::BTreeMap;

use super::{Draft, finish, later};
use crate::build::{Build, BuildState};
use crate::effect::Effect;
use crate::name::SuiteName;
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage::{BuildNeed, Candidate, Cause, Failing, Health, Phase, Run, SuiteProgress};
use crate::stage_file::From;
use crate::waiting::Wait;

pub(super) fn pass(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) {
    let Some(mut candidate) = draft.next.candidate.take() else {
        idle(draft, view, policy);
        return;
    };
    let before = draft.waits.len();
    person(draft, &candidate);
    back_off(draft, &candidate);
    let release = release_of(draft, &mut candidate, view, policy);
    if matches!(candidate.cause, Cause::Promotion { .. }) {
        upstream(draft, &candidate, view, policy);
        approval(draft, &candidate, policy);
    }
    match release {
        Some(release) if draft.waits.len() == before => {
            claim(draft, candidate, release, view, policy)
        }
        _ => draft.next.candidate = Some(candidate),
    }
}

/// Why there is no candidate.
fn idle(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) {
    if let Some(lock) = draft.next.lock.clone() {
        draft.waits.push(Wait::Locked(lock));
    }
    if let Some(hold) = draft.next.hold.clone() {
        draft.waits.push(Wait::Held(hold));
    }
    if let Some(upstream) = &policy.upstream {
        match view
            .upstream
            .and_then(|upstream| upstream.verified.as_ref())
        {
            None => {
                let red = view
                    .upstream
                    .is_some_and(|upstream| upstream.health == Health::Red);
                draft.waits.push(Wait::UpstreamUnverified {
                    upstream: upstream.stage.clone(),
                    red,
                });
                return;
            }
            Some(verified) if draft.next.tried.as_ref() == Some(&verified.release) => {
                draft.waits.push(Wait::FailedHere {
                    revision: verified.release.revision.clone(),
                });
                return;
            }
            Some(_) => {}
        }
    } else if let Some(tried) = &draft.next.tried {
        draft.waits.push(Wait::FailedHere {
            revision: tried.revision.clone(),
        });
        return;
    }
    if draft.next.deployed.is_none() {
        draft.waits.push(Wait::NothingYet {
            from: leads_here(&policy.rule.from),
        });
    }
}

/// A lock closes the stage to everything; a hold only to automation.
fn person(draft: &mut Draft, candidate: &Candidate) {
    if let Some(lock) = draft.next.lock.clone() {
        draft.waits.push(Wait::Locked(lock));
    }
    if let Some(hold) = draft.next.hold.clone()
        && !candidate.cause.is_personal()
    {
        draft.waits.push(Wait::Held(hold));
    }
}

fn back_off(draft: &mut Draft, candidate: &Candidate) {
    if let Some(until) = candidate.not_before.filter(|until| draft.now < *until) {
        draft.wake_at(until);
        draft.waits.push(Wait::Backoff {
            revision: candidate.revision.clone(),
            until,
        });
    }
}

/// The exact bytes, or the wait for them.
fn release_of(
    draft: &mut Draft,
    candidate: &mut Candidate,
    view: &View<'_>,
    policy: &Policy<'_>,
) -> Option<Release> {
    if let Some(release) = &candidate.release {
        return Some(release.clone());
    }
    let release = |artifact| Release {
        revision: candidate.revision.clone(),
        recipe: policy.build_recipe.clone(),
        artifact,
    };
    if !policy.builds() {
        return Some(release(None));
    }
    let build = view.build.filter(|build| {
        build.revision == candidate.revision && build.recipe == policy.build_recipe
    });
    let attempts = build.map_or(0, |build| build.attempt);
    if let Some(Build {
        state: BuildState::Succeeded { artifact, .. },
        ..
    }) = build
    {
        return Some(release(
            artifact.as_ref().map(|artifact| artifact.digest.clone()),
        ));
    }
    let is_news = match candidate.build {
        BuildNeed::Again => false,
        BuildNeed::Asked { after } => attempts > after,
        BuildNeed::NotAsked | BuildNeed::Failed => true,
    };
    if let Some(build) = build.filter(|build| build.has_ended() && is_news) {
        build_ended_badly(draft, candidate, build, policy);
        return None;
    }
    if !matches!(candidate.build, BuildNeed::Asked { .. }) {
        let again = candidate.build == BuildNeed::Again;
        candidate.build = BuildNeed::Asked {
            after: if again { attempts } else { 0 },
        };
        draft.effects.push(request(draft, candidate, policy, again));
    }
    draft.waits.push(Wait::Building {
        revision: candidate.revision.clone(),
        since: candidate.since,
    });
    None
}

fn request(draft: &Draft, candidate: &Candidate, policy: &Policy<'_>, again: bool) -> Effect {
    Effect::RequestBuild {
        stage: draft.next.id.stage.clone(),
        revision: candidate.revision.clone(),
        recipe: policy.build_recipe.clone(),
        pipeline: policy.pipeline.name.clone(),
        config: policy.file.hash.clone(),
        again,
    }
}

/// What stands on the stage is as good as before, but its tip is not: told once, like any break.
fn build_ended_badly(
    draft: &mut Draft,
    candidate: &mut Candidate,
    build: &Build,
    policy: &Policy<'_>,
) {
    let revision = candidate.revision.clone();
    let first = candidate.build != BuildNeed::Failed;
    candidate.build = BuildNeed::Failed;
    match &build.state {
        BuildState::Failed { step, why, .. } => {
            if first {
                let release = Release {
                    revision: revision.clone(),
                    recipe: policy.build_recipe.clone(),
                    artifact: None,
                };
                let failing = Failing::Step {
                    build: true,
                    step: step.clone(),
                    why: why.clone(),
                };
                finish::red(
                    draft,
                    &release,
                    failing,
                    &policy.rule.alert,
                    &policy.file.hash,
                );
            }
            draft.waits.push(Wait::BuildFailed {
                revision,
                step: step.clone(),
                why: why.clone(),
            });
        }
        BuildState::Errored { why, .. } => draft.waits.push(Wait::BuildUnclear {
            revision,
            why: why.clone(),
        }),
        _ => {}
    }
}

/// Verified there, right now, under the terms in force, and for long enough.
fn upstream(draft: &mut Draft, candidate: &Candidate, view: &View<'_>, policy: &Policy<'_>) {
    let Some(upstream) = &policy.upstream else {
        return;
    };
    let name = upstream.stage.clone();
    let verified = view
        .upstream
        .and_then(|upstream| upstream.verified.as_ref());
    let Some(verified) =
        verified.filter(|verified| Some(&verified.release) == candidate.release.as_ref())
    else {
        let red = view
            .upstream
            .is_some_and(|upstream| upstream.health == Health::Red);
        draft.waits.push(Wait::UpstreamUnverified {
            upstream: name,
            red,
        });
        return;
    };
    if verified.terms != upstream.terms {
        draft.waits.push(Wait::UpstreamOutdated { upstream: name });
        return;
    }
    if let Some(soak) = policy.rule.soak {
        let until = later(later(verified.since, soak), policy.clock_error);
        if draft.now < until {
            draft.wake_at(until);
            draft.waits.push(Wait::Soaking {
                upstream: name,
                revision: candidate.revision.clone(),
                until,
            });
        }
    }
}

fn approval(draft: &mut Draft, candidate: &Candidate, policy: &Policy<'_>) {
    let Some(approvals) = &policy.rule.approvals else {
        return;
    };
    let counts = |approval: &&crate::stage::Approval| {
        Some(&approval.release) == candidate.release.as_ref() && approval.terms == policy.terms
    };
    let have =
        u32::try_from(draft.next.approvals.iter().filter(counts).count()).unwrap_or(u32::MAX);
    if have < approvals.count {
        draft.waits.push(Wait::Approval {
            revision: candidate.revision.clone(),
            have,
            need: approvals.count,
            by: approvals.by.clone(),
        });
    }
}

/// What the run will have to pass, as the stage file has it now.
fn suites(policy: &Policy<'_>) -> BTreeMap<SuiteName, SuiteProgress> {
    let waiting = |suite: &SuiteName| {
        let retries = policy
            .file
            .suites
            .get(suite)
            .map_or(0, |suite| suite.retries);
        (
            suite.clone(),
            SuiteProgress {
                attempt: 0,
                retries,
                retry_at: None,
                report: None,
            },
        )
    };
    policy.rule.verify.iter().map(waiting).collect()
}

/// Every gate is open: the stage is claimed for this release and nothing else.
fn claim(
    draft: &mut Draft,
    candidate: Candidate,
    release: Release,
    view: &View<'_>,
    policy: &Policy<'_>,
) {
    let stage = &mut draft.next;
    stage.generation += 1;
    let deadline = later(draft.now, policy.rule.timeout);
    let run = Run {
        generation: stage.generation,
        release: release.clone(),
        reference: candidate.reference,
        cause: candidate.cause,
        nonce: view.nonce.clone(),
        claimed_at: draft.now,
        deadline,
        config: policy.file.hash.clone(),
        terms: policy.terms.clone(),
        phase: Phase::Starting,
        execution: None,
        admitted_at: None,
        ended: None,
        stop_sent: false,
        suites: suites(policy),
        alert: policy.rule.alert.clone(),
        contains: candidate.contains,
        outputs: view
            .build
            .and_then(Build::outputs)
            .cloned()
            .unwrap_or_default(),
        attempt: candidate.attempt,
        outcome: None,
        ended_at: None,
        why: None,
    };
    draft.effects.push(Effect::StartExecution {
        stage: stage.id.stage.clone(),
        generation: run.generation,
        nonce: run.nonce.clone(),
        release,
        config: run.config.clone(),
    });
    draft.waits.push(Wait::Starting {
        generation: run.generation,
        since: run.claimed_at,
    });
    draft.next.run = Some(run);
    draft.wake_at(deadline);
}

/// What would lead to the stage, for people.
fn leads_here(from: &From) -> String {
    match from {
        From::Local => "nothing: it is local".to_owned(),
        From::Branch {
            pattern,
            refresh: None,
        } => format!("pushes to {}", pattern.as_str()),
        From::Branch {
            pattern,
            refresh: Some(refresh),
        } => {
            format!(
                "{} by its schedule ({} {})",
                pattern.as_str(),
                refresh.cron,
                refresh.timezone
            )
        }
        From::Tag { pattern } => format!("tags {}", pattern.as_str()),
        From::PullRequest { base, .. } => format!("pull requests to {}", base.as_str()),
        From::Promote { rule } => format!("what {rule} has verified"),
    }
}
