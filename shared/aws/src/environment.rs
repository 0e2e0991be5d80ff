//! What a process is told by its environment, and what is wrong with that, all at once.

/// Everything that is wrong with an environment, one sentence each; never empty when it is an
/// error. Whoever reads more variables adds to the same list, so that nobody mends them one start
/// at a time.
#[derive(Clone, PartialEq, Eq, Debug, Default, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Problems(Vec<String>);

impl Problems {
    /// Adds one sentence.
    pub fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    /// The answer, with what it is wrong for: `found` unless there is a problem, and the problems
    /// put into `self` otherwise.
    pub fn keep<T>(&mut self, found: Result<T, Problems>) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(problems) => {
                self.0.extend(problems.0);
                None
            }
        }
    }

    /// The value of `name`, which must be set and not empty; a problem otherwise.
    pub fn required(
        &mut self,
        lookup: &impl Fn(&str) -> Option<String>,
        name: &str,
    ) -> Option<String> {
        let found = optional(lookup, name);
        if found.is_none() {
            self.add(format!("{name} is not set"));
        }
        found
    }

    /// `Err` with the list when there is anything in it.
    pub fn into_result(self) -> Result<(), Problems> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The sentences, in the order they were found.
    pub fn sentences(&self) -> &[String] {
        &self.0
    }
}

/// The value of `name`; empty is the same as not set.
pub fn optional(lookup: &impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    lookup(name).filter(|value| !value.is_empty())
}
