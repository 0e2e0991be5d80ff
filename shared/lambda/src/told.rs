//! What a function is told by its environment, and the adapters that several functions make of
//! it. Everything that is wrong is said at once.

use greenroom_app::Settings;
use greenroom_aws::connect::Connection;
use greenroom_aws::environment::{Problems, optional};
use greenroom_aws::ports::settings;
use greenroom_aws::secrets::AwsSecrets;
use greenroom_aws::store::DynamoStore;
use greenroom_core::name::SecretName;
use greenroom_github_source::{DEFAULT_BASE, GitHubSource};
use jiff::SignedDuration;

use crate::queues::SqsQueues;

/// GitHub's REST API, with the credential that Secrets Manager holds.
pub type GitHub = GitHubSource<AwsSecrets>;

/// How wrong the clocks of AWS's machines may be, unless somebody says. They are kept to
/// milliseconds; this is for the day one is not.
const CLOCK_ERROR: SignedDuration = SignedDuration::from_mins(5);
/// Claims of the dead, soaks and locks last longer by this: more is a mistake.
const CLOCK_ERROR_MAX: SignedDuration = SignedDuration::from_hours(1);

/// An environment, and what was found wrong with it.
#[derive(Debug)]
pub struct Told<L> {
    lookup: L,
    problems: Problems,
}

impl<L: Fn(&str) -> Option<String>> Told<L> {
    /// What `lookup` answers to names of variables.
    pub fn by(lookup: L) -> Self {
        Self {
            lookup,
            problems: Problems::default(),
        }
    }

    /// The value of `name`; a problem if there is none.
    pub fn required(&mut self, name: &str) -> Option<String> {
        self.problems.required(&self.lookup, name)
    }

    /// The value of `name`, if there is one.
    pub fn optional(&self, name: &str) -> Option<String> {
        optional(&self.lookup, name)
    }

    /// Something else that is wrong, in a sentence.
    pub fn problem(&mut self, problem: String) {
        self.problems.add(problem);
    }

    /// Where AWS is.
    pub fn connection(&mut self) -> Option<Connection> {
        let found = Connection::from_env(&self.lookup);
        self.problems.keep(found)
    }

    /// The table.
    pub fn store(&mut self, connection: Option<&Connection>) -> Option<DynamoStore> {
        let table = self.required("GREENROOM_TABLE");
        Some(DynamoStore::new(connection?, table?))
    }

    /// GitHub.
    pub fn github(&mut self, connection: Option<&Connection>) -> Option<GitHub> {
        let base = self.optional("GREENROOM_GITHUB_URL");
        let base = base.as_deref().unwrap_or(DEFAULT_BASE);
        let name = self.required("GREENROOM_GITHUB_SECRET_ID");
        let made = GitHubSource::new(
            base,
            SecretName::new(name.unwrap_or_default()),
            AwsSecrets::new(connection?, ""),
        );
        match made {
            Ok(source) => Some(source),
            Err(error) => {
                self.problem(format!("GREENROOM_GITHUB_URL: {error}"));
                None
            }
        }
    }

    /// The secrets that stage files name.
    pub fn stage_secrets(&mut self, connection: Option<&Connection>) -> Option<AwsSecrets> {
        let prefix = self.required("GREENROOM_SECRET_PREFIX");
        Some(AwsSecrets::new(connection?, prefix?))
    }

    /// The queues of tests and alerts.
    pub fn queues(&mut self, connection: Option<&Connection>) -> Option<SqsQueues> {
        let tests = self.required("GREENROOM_TESTS_QUEUE");
        let alerts = self.required("GREENROOM_ALERTS_QUEUE");
        Some(SqsQueues::new(connection?, tests?, alerts?))
    }

    /// How the function behaves.
    pub fn settings(&mut self) -> Settings {
        let clock_error = match clock_error(self.optional("GREENROOM_CLOCK_ERROR").as_deref()) {
            Ok(clock_error) => clock_error,
            Err(problem) => {
                self.problem(problem);
                CLOCK_ERROR
            }
        };
        settings(clock_error)
    }

    /// What was made of all that.
    ///
    /// # Errors
    /// With every problem there is.
    pub fn finish<T>(mut self, made: Option<T>) -> Result<T, Problems> {
        match made {
            Some(made) => self.problems.into_result().map(|()| made),
            None => {
                if self.problems.sentences().is_empty() {
                    self.problem("something is missing that nothing was said of".to_owned());
                }
                Err(self.problems)
            }
        }
    }
}

/// How wrong clocks may be, in whole seconds.
fn clock_error(told: Option<&str>) -> Result<SignedDuration, String> {
    let Some(told) = told else {
        return Ok(CLOCK_ERROR);
    };
    let seconds = told.parse::<u32>().ok();
    let error = seconds.map(|seconds| SignedDuration::from_secs(seconds.into()));
    error
        .filter(|error| *error <= CLOCK_ERROR_MAX)
        .ok_or_else(|| {
            format!("GREENROOM_CLOCK_ERROR: `{told}` is no number of seconds from 0 to 3600")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_minutes_wrong_unless_somebody_says_how_much() {
        assert_eq!(clock_error(None), Ok(SignedDuration::from_mins(5)));
        assert_eq!(clock_error(Some("60")), Ok(SignedDuration::from_mins(1)));
        assert_eq!(clock_error(Some("0")), Ok(SignedDuration::ZERO));
        for wrong in ["-1", "1m", "3601", "4294967296"] {
            let said = clock_error(Some(wrong)).expect_err("it is none");
            assert!(said.contains(wrong), "{said}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let mut told = Told::by(|name: &str| {
            (name == "GREENROOM_GITHUB_SECRET_ID").then(|| "greenroom/github".to_owned())
        });
        let connection = told.connection();
        let store = told.store(connection.as_ref());
        let queues = told.queues(connection.as_ref());
        let problems = told
            .finish(store.zip(queues))
            .map(drop)
            .expect_err("much is missing");
        for name in [
            "AWS_REGION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "GREENROOM_TABLE",
            "GREENROOM_TESTS_QUEUE",
            "GREENROOM_ALERTS_QUEUE",
        ] {
            let said = problems
                .sentences()
                .iter()
                .filter(|said| said.contains(name));
            assert_eq!(said.count(), 1, "{name}: {problems}");
        }
    }
}
