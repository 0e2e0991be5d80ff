//! Runs a model to its end and says how big it was.

use std::fmt;
use std::fmt::Debug;
use std::hash::Hash;
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model, Path};

/// A model that was looked at whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Different states.
    pub unique: usize,
    /// States, each counted as often as it was reached.
    pub generated: usize,
    /// Steps of the longest shortest way to a state.
    pub depth: usize,
    pub time: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            unique,
            generated,
            depth,
            time,
        } = self;
        let seconds = time.as_secs_f64();
        write!(
            f,
            "{unique} states ({generated} reached), depth {depth}, {seconds:.1} s"
        )
    }
}

/// Looks at every state, or says which property does not hold.
///
/// # Panics
/// If a property is violated, if something that should happen never does, or if states were left
/// out.
pub fn holds<M>(model: M) -> Report
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + PartialEq + Hash + Debug + Send + Sync + 'static,
    M::Action: Clone + PartialEq + Debug + 'static,
{
    let begun = Instant::now();
    // Stopping at the first failure only: whatever else is found, the rest is looked at too.
    let checker = model
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let report = Report {
        unique: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth(),
        time: begun.elapsed(),
    };
    let found = checker.discoveries();
    let properties = checker.model().properties();
    let broken = properties.iter().find_map(|property| {
        let failure = property.expectation.discovery_is_failure();
        let path = found.get(property.name).filter(|_| failure)?;
        Some((property.name, path.clone().into_actions()))
    });
    if let Some((name, way)) = broken {
        panic!("does not hold: {name}\n{way:?}");
    }
    for property in properties {
        let name = property.name;
        let seen = property.expectation.discovery_is_failure() || found.contains_key(name);
        assert!(seen, "never happens: {name} ({report})");
    }
    assert!(checker.is_done(), "states were left out: {report}");
    report
}

/// The shortest way to where `property` does not hold.
///
/// # Panics
/// If it holds.
pub fn breaks<M>(make: impl Fn() -> M, property: &'static str) -> Vec<M::Action>
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + PartialEq + Hash + Debug + Send + Sync + 'static,
    M::Action: Clone + PartialEq + Debug + 'static,
{
    let find = |depth: Option<usize>| {
        let builder = make()
            .checker()
            .finish_when(HasDiscoveries::AllOf([property].into()));
        let builder = match depth {
            Some(depth) => builder.target_max_depth(depth),
            None => builder,
        };
        let checker = builder.spawn_bfs().join();
        checker.discovery(property).map(Path::into_actions)
    };
    let mut way = find(None).unwrap_or_else(|| panic!("holds after all: {property}"));
    // The checker keeps what it found last; a state at depth `n` is `n - 1` steps away, and the
    // depth given is the first that is not looked at.
    while let Some(shorter) = find(Some(way.len() + 1)) {
        assert!(shorter.len() < way.len(), "depths are counted otherwise");
        way = shorter;
    }
    way
}
