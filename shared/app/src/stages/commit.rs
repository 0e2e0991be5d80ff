//! One transaction: the stage's next state, its outbox entries, its due marker, its history.

use greenroom_core::commit_status;
use greenroom_core::effect::Effect;
use greenroom_core::history;
use greenroom_core::name::Revision;
use greenroom_core::plan::Plan;
use greenroom_core::stage::{Run, Stage};
use jiff::Timestamp;

use super::{Loaded, toggle};
use crate::App;
use crate::error::Error;
use crate::keys;
use crate::marks::Said;
use crate::outbox;
use crate::ports::Ports;
use crate::ports::source::Source;
use crate::ports::store::{COMMIT_MAX, Condition, Store, Write};
use crate::records::{Journey, StageRecord};
use crate::table::{Versioned, move_marker, put, unchanged};
use crate::work::Work;

/// Commits one run contained in another, beyond which they are only named in the run itself.
const JOURNEYS_MAX: usize = 10;

impl<P: Ports> App<P> {
    /// Commits a plan with `extra`. Does nothing at all when nothing changed.
    pub(super) async fn commit_stage(
        &self,
        loaded: &Loaded,
        said: &Said,
        plan: &Plan,
        now: Timestamp,
        extra: &[Write],
    ) -> Result<(), Error> {
        let id = &plan.next.id;
        let before = loaded.read.as_ref().map(|read| &read.record);
        let due = plan.wake;
        let settled = before.is_some_and(|before| *before.stage == plan.next && before.due == due);
        if settled && plan.effects.is_empty() && plan.toggle.is_none() {
            if !extra.is_empty() {
                self.ports.store().commit(extra.to_vec()).await?;
            }
            return Ok(());
        }
        let commits = before.map_or(0, |before| before.commits) + 1;
        let mut writes = extra.to_vec();
        let record = StageRecord {
            stage: Box::new(plan.next.clone()),
            due,
            commits,
        };
        writes.push(put(
            keys::stage(id),
            &record,
            unchanged(loaded.read.as_ref()),
        )?);
        if before.is_none() {
            writes.push(put(
                keys::directory(id.app, &id.stage),
                &id.stage,
                Condition::Any,
            )?);
        }
        let work = Work::Stage(id.clone());
        writes.extend(move_marker(
            &work,
            before.and_then(|before| before.due),
            due,
        ));
        writes.extend(relied_on(loaded, said, plan));
        writes.extend(toggle::writes(loaded, plan)?);
        history(
            &mut writes,
            before.map(|before| &*before.stage),
            &plan.next,
            now,
            commits,
        )?;
        let mut hints = Vec::new();
        for effect in &plan.effects {
            hints.push(outbox::enter(&mut writes, id, effect.clone(), now)?);
        }
        // An entry and its marker each.
        let room = COMMIT_MAX.saturating_sub(writes.len()) / 2;
        for effect in self.statuses(loaded, plan).into_iter().take(room) {
            hints.push(outbox::enter(&mut writes, id, effect, now)?);
        }
        let room = COMMIT_MAX.saturating_sub(writes.len());
        writes.extend(journeys(
            before.map(|before| &*before.stage),
            &plan.next,
            now,
            room,
        )?);
        self.ports.store().commit(writes).await?;
        hints.into_iter().for_each(|work| self.ports.hint(work));
        Ok(())
    }

    /// What changes beside commits, where anything can be shown there.
    fn statuses(&self, loaded: &Loaded, plan: &Plan) -> Vec<Effect> {
        let repository = &loaded.app.record.repository;
        if !self.ports.source().shows_statuses(repository) {
            return Vec::new();
        }
        let before = loaded.read.as_ref().map(|read| &*read.record.stage);
        commit_status::between(before, &plan.next)
    }
}

/// A claim or an admission relied on the app (the windows of the stage file in force, and nothing
/// being paused), on the upstream, on the stage that the release has passed, on what people say
/// of it, and on the stages it takes turns with: none of them may have changed since.
fn relied_on(loaded: &Loaded, said: &Said, plan: &Plan) -> Vec<Write> {
    let claimed = plan.next.generation != loaded.stage.generation;
    let admitted = |stage: &Stage| stage.run.as_ref().is_some_and(Run::is_admitted);
    let lets_in = admitted(&plan.next) && !admitted(&loaded.stage);
    let check = |key, version| Write::Check {
        key,
        condition: Condition::Version(version),
    };
    let unchanged =
        |read: &Versioned<StageRecord>| check(keys::stage(&read.record.stage.id), read.version);
    let through = loaded.through.as_deref().map(unchanged);
    if !claimed && !lets_in {
        // A passage counts from where the other stage was when it began.
        let began = plan.next.passages != loaded.stage.passages;
        return through.into_iter().filter(|_| began).collect();
    }
    let app = check(keys::app(loaded.app.record.id), loaded.app.version);
    let upstream = loaded.upstream.as_ref();
    let upstream = upstream.map(unchanged);
    let run = plan.next.run.as_ref();
    // Nobody's word about the default branch keeps a stage standing.
    let deploys = run.filter(|run| !run.cause.is_teardown());
    let marks = deploys.map(|run| said.check(plan.next.id.app, &run.release.revision));
    let sharers = loaded.sharers.unchanged();
    let others = upstream
        .into_iter()
        .chain(through)
        .chain(marks)
        .chain(sharers);
    std::iter::once(app).chain(others).collect()
}

fn history(
    writes: &mut Vec<Write>,
    before: Option<&Stage>,
    after: &Stage,
    now: Timestamp,
    commits: u64,
) -> Result<(), Error> {
    let id = &after.id;
    for (n, entry) in history::between(before, after, now).iter().enumerate() {
        writes.push(put(keys::log(id, now, commits, n), entry, Condition::Any)?);
    }
    let changed = |run: &&Run, old: Option<&Run>| old != Some(*run);
    let last = after
        .last
        .as_ref()
        .filter(|run| changed(run, before.and_then(|before| before.last.as_ref())));
    let current = after
        .run
        .as_ref()
        .filter(|run| changed(run, before.and_then(|before| before.run.as_ref())));
    for run in last.into_iter().chain(current) {
        writes.push(put(keys::run(id, run.generation), run, Condition::Any)?);
    }
    Ok(())
}

/// Where the revisions of a run that was just claimed went; as many as there is room for.
fn journeys(
    before: Option<&Stage>,
    after: &Stage,
    now: Timestamp,
    room: usize,
) -> Result<Vec<Write>, Error> {
    let id = &after.id;
    let claimed = after
        .run
        .as_ref()
        .filter(|run| before.is_none_or(|before| before.generation < run.generation));
    // A teardown's commit goes nowhere, and a flip's is there.
    let Some(run) = claimed.filter(|run| run.cause.deploys()) else {
        return Ok(Vec::new());
    };
    let journey = |revision: &Revision| {
        let here = *revision == run.release.revision;
        let journey = Journey {
            stage: id.stage.clone(),
            generation: run.generation,
            contained_in: (!here).then(|| run.release.revision.clone()),
            at: now,
        };
        put(
            keys::journey(id.app, revision, &id.stage),
            &journey,
            Condition::Any,
        )
    };
    let skipped = run.contains.iter().map(|skipped| &skipped.revision);
    let skipped = skipped.filter(|revision| **revision != run.release.revision);
    std::iter::once(&run.release.revision)
        .chain(skipped.take(JOURNEYS_MAX))
        .take(room)
        .map(journey)
        .collect()
}
