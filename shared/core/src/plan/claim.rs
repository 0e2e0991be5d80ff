//! Every gate is open: the stage is claimed for this release and nothing else.

use std::collections::BTreeMap;

use super::{Draft, bytes, later, window};
use crate::effect::Effect;
use crate::name::SuiteName;
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::sharing;
use crate::stage::{Candidate, Phase, Run, SuiteProgress};
use crate::waiting::Wait;

pub(super) fn claim(
    draft: &mut Draft,
    candidate: Candidate,
    release: Release,
    view: &View<'_>,
    policy: &Policy<'_>,
) {
    let overridden = window::let_through(&draft.next, &release).cloned();
    let stage = &mut draft.next;
    stage.overridden = None;
    stage.generation += 1;
    let deadline = later(draft.now, policy.rule.timeout);
    let run = Run {
        generation: stage.generation,
        outputs: bytes::outputs_of(&release, view),
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
        attempt: candidate.attempt,
        outcome: None,
        ended_at: None,
        why: None,
        overridden,
        writes: sharing::written(policy.rule),
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

/// What has to be passed here, as the stage file has it now.
pub(super) fn suites(policy: &Policy<'_>) -> BTreeMap<SuiteName, SuiteProgress> {
    let waiting = |name: &SuiteName| {
        let suite = policy.file.suites.get(name);
        let progress = SuiteProgress {
            attempt: 0,
            retries: suite.map_or(0, |suite| suite.retries),
            retry_at: None,
            report: None,
        };
        (name.clone(), progress)
    };
    policy.rule.verify.iter().map(waiting).collect()
}
