//! One thing that was looked at.

use serde::Serialize;

use crate::output::style::Mark;

/// How a check came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// It works, but not as it should.
    Warning,
    /// It does not work.
    Failed,
}

impl State {
    pub fn mark(self) -> Mark {
        match self {
            Self::Ok => Mark::Check,
            Self::Warning => Mark::Care,
            Self::Failed => Mark::Bad,
        }
    }
}

/// What was looked at, what was seen, and what to do about it.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    #[serde(rename = "check")]
    pub name: String,
    pub state: State,
    pub text: String,
    pub fix: Option<String>,
}

impl Check {
    pub fn ok(name: &str, text: impl Into<String>) -> Self {
        Self::new(name, State::Ok, text)
    }
    pub fn warning(name: &str, text: impl Into<String>) -> Self {
        Self::new(name, State::Warning, text)
    }
    pub fn failed(name: &str, text: impl Into<String>) -> Self {
        Self::new(name, State::Failed, text)
    }

    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    fn new(name: &str, state: State, text: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            state,
            text: text.into(),
            fix: None,
        }
    }
}
