//! How long a stage lives, for people.

use greenroom_core::stage::{Extended, Gone, Orphan, Parked, Pinned, Stage};
use jiff::Timestamp;
use serde::Serialize;

/// What is known of a stage's life that anybody would ask for.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LifeView {
    /// Nothing has happened since to what stands there.
    pub idle_since: Option<Timestamp>,
    /// People were warned that it is torn down then.
    pub ends_at: Option<Timestamp>,
    pub extended: Option<Extended>,
    pub pinned: Option<Pinned>,
    pub parked: Option<Parked>,
    /// It is to be torn down: why.
    pub going: Option<String>,
    /// It was torn down, and nothing is left.
    pub gone: Option<Gone>,
    /// It should be gone, and nobody can say that nothing is left.
    pub orphan: Option<Orphan>,
}

/// `None` when nothing has been said or seen of its end.
pub(super) fn life_view(stage: &Stage) -> Option<LifeView> {
    let life = &stage.life;
    let view = LifeView {
        idle_since: stage.idle_since(),
        ends_at: life.warned.as_ref().map(|warned| warned.ends),
        extended: life.extended.clone(),
        pinned: life.pinned.clone(),
        parked: life.parked.clone(),
        going: life.wish.as_ref().map(|wish| wish.why.sentence()),
        gone: life.gone.clone(),
        orphan: life.orphan.clone(),
    };
    let said = view.ends_at.is_some()
        || view.extended.is_some()
        || view.pinned.is_some()
        || view.parked.is_some()
        || view.going.is_some()
        || view.gone.is_some()
        || view.orphan.is_some();
    said.then_some(view)
}
