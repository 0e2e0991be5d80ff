//! The windows of a stage, as a gate: what is wanted waits until they let it through, or until a
//! person lets exactly this release through for one claim.

use jiff::{SignedDuration, Timestamp};

use super::Draft;
use crate::freeze::Freeze;
use crate::name::Revision;
use crate::policy::Policy;
use crate::release::Release;
use crate::stage::{Cause, Override, Stage};
use crate::stage_file::{Window, WindowKind};
use crate::waiting::{Closing, Wait};

/// The wait for the windows that close the stage to what is wanted or was claimed; none while they
/// are open. Each is the window of the stage file in force, whatever file the run is of.
pub(super) fn closed(
    revision: &Revision,
    cause: &Cause,
    overridden: Option<&Override>,
    now: Timestamp,
    policy: &Policy<'_>,
) -> Option<Wait> {
    if policy.windows.is_empty() {
        return None;
    }
    let overridden = overridden.filter(|it| it.holds(now));
    let through = overridden.map_or(&[][..], |it| it.windows.as_slice());
    let freeze = Freeze::of(policy.windows.iter().copied()).without(through);
    let by = freeze.closed_by(now, policy.clock_error);
    if by.is_empty() {
        return None;
    }
    Some(Wait::Frozen {
        revision: revision.clone(),
        rollback: cause.is_rollback(),
        roles: who(&by),
        closed: by.into_iter().map(closing).collect(),
        opens: freeze.opens(now, policy.clock_error),
    })
}

/// Why a slot of a schedule brings nothing. A slot is exact: a clock that may be wrong does not
/// make it a closed one, and what it brings waits at the gate until it is open for certain.
pub(super) fn against_slot(slot: Timestamp, now: Timestamp, policy: &Policy<'_>) -> Option<String> {
    let freeze = Freeze::of(policy.windows.iter().copied());
    let mut by = freeze.closed_by(slot, SignedDuration::ZERO);
    by.extend(freeze.closed_by(now, SignedDuration::ZERO));
    Some(closing(by.first()?).sentence())
}

fn closing(window: &Window) -> Closing {
    Closing {
        window: window.name.clone(),
        kind: window.kind,
        reason: window.reason.clone(),
    }
}

/// Roles whose holders can let something through all of these alone: one of each `deny` window's,
/// and of any of the `allow` windows'.
fn who(closed: &[&Window]) -> Vec<String> {
    let of = |kind| closed.iter().filter(move |window| window.kind == kind);
    let allowing: Vec<&String> = of(WindowKind::Allow)
        .flat_map(|window| &window.overriders)
        .collect();
    let mut roles: Vec<String> = closed
        .iter()
        .flat_map(|window| &window.overriders)
        .filter(|role| {
            of(WindowKind::Deny).all(|window| window.overriders.contains(role))
                && (of(WindowKind::Allow).next().is_none() || allowing.contains(role))
        })
        .cloned()
        .collect();
    roles.sort();
    roles.dedup();
    roles
}

/// What was let through is exactly one release and one closing; another candidate, or none, voids
/// it, and so does the end of the closing.
pub(super) fn forget_override(draft: &mut Draft) {
    let now = draft.now;
    let stage = &mut draft.next;
    let is_candidate = |it: &Override| match &stage.candidate {
        Some(candidate) => match &candidate.release {
            Some(release) => *release == it.release,
            None => candidate.revision == it.release.revision,
        },
        None => false,
    };
    let is_meant = |it: &Override| it.holds(now) && is_candidate(it);
    if !stage.overridden.as_ref().is_some_and(is_meant) {
        stage.overridden = None;
    }
    if let Some(until) = stage.overridden.as_ref().and_then(|it| it.until) {
        draft.wake_at(until);
    }
}

/// What lets `release` through, if something does.
pub(super) fn let_through<'a>(stage: &'a Stage, release: &Release) -> Option<&'a Override> {
    let overridden = stage.overridden.as_ref();
    overridden.filter(|it| it.release == *release)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage_file::StageFile;

    const FILE: &str = r#"
version: 1
app: acme/orders
pipelines: { p: { steps: [{ name: d, run: d }] } }
stages: { dev: { from: { branch: d }, pipeline: p } }
roles: { owner: [olga], release: [rita], ops: [otto] }
windows:
  audit: { deny: { cron: "0 9 * * *", for: 1h, timezone: UTC }, reason: r, override: [owner, release] }
  quiet: { deny: { cron: "0 9 * * *", for: 1h, timezone: UTC }, reason: r, override: [owner] }
  night: { deny: { cron: "0 9 * * *", for: 1h, timezone: UTC }, reason: r }
  office: { allow: { cron: "0 9 * * *", for: 1h, timezone: UTC }, reason: r, override: [release] }
  extra: { allow: { cron: "0 9 * * *", for: 1h, timezone: UTC }, reason: r, override: [ops, owner] }
"#;

    #[test]
    fn whoever_may_open_each_deny_window_and_one_of_the_allow_windows_may_override() {
        let file = StageFile::parse("greenroom.yaml", FILE.as_bytes()).expect("it holds");
        let of = |names: &[&str]| {
            let named = |window: &&Window| names.contains(&window.name.as_str());
            who(&file.windows.values().filter(named).collect::<Vec<_>>())
        };
        assert_eq!(of(&["audit"]), ["owner", "release"]);
        assert_eq!(of(&["audit", "quiet"]), ["owner"]);
        assert!(of(&["audit", "quiet", "night"]).is_empty());
        assert_eq!(of(&["office", "extra"]), ["ops", "owner", "release"]);
        assert_eq!(of(&["quiet", "office", "extra"]), ["owner"]);
        assert_eq!(of(&["audit", "office"]), ["release"]);
        assert!(of(&["quiet", "office"]).is_empty());
    }
}
