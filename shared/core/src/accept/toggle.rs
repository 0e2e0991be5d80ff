//! Leading people to the other of two stages, and saying that nobody goes back.

use super::Rejection;
use crate::plan::toggle;
use crate::policy::{Policy, View};
use crate::stage::{Stage, Turn, TurnKind};
use crate::waiting::Wait;

/// Leads people to the stage, now: refused unless it is fit for them.
pub(super) fn flip(
    stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    by: &str,
) -> Result<Stage, Rejection> {
    let policy = takes_turns(&stage, policy)?;
    match toggle::refusal(view, policy) {
        Some(wait) => Err(refused(&stage, &wait)),
        // Whoever leads people somewhere goes on without what would not stop.
        None => Ok(Stage {
            unstopped: None,
            ..said(stage, view, by, TurnKind::Flip)
        }),
    }
}

/// Nobody goes back to the stage: it need not be kept any longer. After a flip that failed: somebody has
/// looked, and people are where the record says.
pub(super) fn settle(
    stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    by: &str,
) -> Result<Stage, Rejection> {
    let policy = takes_turns(&stage, policy)?;
    let name = &stage.id.stage;
    if let Some(flip) = view.toggle.and_then(|toggle| toggle.flip.as_ref()) {
        return Err(Rejection::conflict(
            format!("run {} leads people to {}", flip.generation, flip.to),
            &format!("greenroom why {}", flip.to),
        ));
    }
    let in_doubt = view.toggle.is_some_and(|toggle| toggle.doubt.is_some());
    if !in_doubt && !toggle::is_kept(view, policy) {
        return Err(Rejection::not_found(
            format!("{name} is not kept for anybody to go back to"),
            &format!("greenroom why {name}"),
        ));
    }
    Ok(said(stage, view, by, TurnKind::Settle))
}

/// What people use is not changed under them.
pub(super) fn not_in_use(
    stage: &Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
) -> Result<(), Rejection> {
    match toggle::in_use(view, policy) {
        Some(wait) => Err(refused(stage, &wait)),
        None => Ok(()),
    }
}

fn said(mut stage: Stage, view: &View<'_>, by: &str, what: TurnKind) -> Stage {
    stage.turn = Some(Turn {
        by: by.to_owned(),
        at: view.now,
        what,
        done: false,
    });
    stage
}

fn refused(stage: &Stage, wait: &Wait) -> Rejection {
    let name = &stage.id.stage;
    let closed = wait.explain(name);
    let help = closed.command;
    let help = help.unwrap_or_else(|| format!("greenroom why {name}"));
    Rejection::closed(closed.sentence, &help)
}

fn takes_turns<'p, 'a>(
    stage: &Stage,
    policy: Option<&'p Policy<'a>>,
) -> Result<&'p Policy<'a>, Rejection> {
    let name = &stage.id.stage;
    let Some(policy) = policy else {
        return Err(Rejection::invalid(
            format!("the stage file in force has no stage {name} any more"),
            "greenroom validate",
        ));
    };
    if !policy.rule.is_of(name) || policy.rule.toggle.is_none() {
        return Err(Rejection::invalid(
            format!("{name} takes turns with no other stage"),
            "give its rule a `toggle` in the stage file",
        ));
    }
    Ok(policy)
}
