//! All of outside on AWS, put together from what a function needs and nothing else: what it does
//! not use is no part of it.

use greenroom_app::Settings;
use greenroom_app::ports::Ports;
use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_app::ports::pipelines::{PipelineError, Pipelines, StartRequest};
use greenroom_app::ports::source::{
    Changed, Commit, Comparison, Head, Repository, Source, SourceError, SourceFile,
};
use greenroom_app::ports::store::Store;
use greenroom_app::ports::suites::{SuiteRequest, Suites};
use greenroom_app::work::Work;
use greenroom_core::execution::Observation;
use greenroom_core::message::Announcement;
use greenroom_core::name::{ExecutionId, Nonce, RefName, Revision};
use greenroom_core::verdict::SuiteReport;
use jiff::{SignedDuration, Timestamp};

/// How wrong the clocks of AWS's machines may be. They are kept to milliseconds; this is for the
/// day one is not.
const CLOCK_ERROR: SignedDuration = SignedDuration::from_mins(5);

/// The adapters of one function. Hints are not kept: whoever follows them collects them around
/// these ports.
#[derive(Debug)]
pub struct AwsPorts<St, So = Unused, Pi = Unused, Su = Unused, Ch = Unused> {
    pub store: St,
    pub source: So,
    pub pipelines: Pi,
    pub suites: Su,
    pub channels: Ch,
}

impl<St: Store> AwsPorts<St> {
    /// The table alone.
    pub fn new(store: St) -> Self {
        Self {
            store,
            source: Unused,
            pipelines: Unused,
            suites: Unused,
            channels: Unused,
        }
    }
}

impl<St, So, Pi, Su, Ch> AwsPorts<St, So, Pi, Su, Ch> {
    /// The same with a source.
    pub fn with_source<T>(self, source: T) -> AwsPorts<St, T, Pi, Su, Ch> {
        AwsPorts {
            store: self.store,
            source,
            pipelines: self.pipelines,
            suites: self.suites,
            channels: self.channels,
        }
    }

    /// The same with pipelines.
    pub fn with_pipelines<T>(self, pipelines: T) -> AwsPorts<St, So, T, Su, Ch> {
        AwsPorts {
            store: self.store,
            source: self.source,
            pipelines,
            suites: self.suites,
            channels: self.channels,
        }
    }

    /// The same with suites.
    pub fn with_suites<T>(self, suites: T) -> AwsPorts<St, So, Pi, T, Ch> {
        AwsPorts {
            store: self.store,
            source: self.source,
            pipelines: self.pipelines,
            suites,
            channels: self.channels,
        }
    }

    /// The same with channels.
    pub fn with_channels<T>(self, channels: T) -> AwsPorts<St, So, Pi, Su, T> {
        AwsPorts {
            store: self.store,
            source: self.source,
            pipelines: self.pipelines,
            suites: self.suites,
            channels,
        }
    }
}

impl<St, So, Pi, Su, Ch> Ports for AwsPorts<St, So, Pi, Su, Ch>
where
    St: Store,
    So: Source,
    Pi: Pipelines,
    Su: Suites,
    Ch: Channels,
{
    type Store = St;
    type Source = So;
    type Pipelines = Pi;
    type Suites = Su;
    type Channels = Ch;

    fn store(&self) -> &St {
        &self.store
    }
    fn source(&self) -> &So {
        &self.source
    }
    fn pipelines(&self) -> &Pi {
        &self.pipelines
    }
    fn suites(&self) -> &Su {
        &self.suites
    }
    fn channels(&self) -> &Ch {
        &self.channels
    }
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    fn nonce(&self) -> Nonce {
        nonce()
    }
    fn random(&self) -> u64 {
        u64::from_le_bytes(random())
    }
    fn hint(&self, _: Work) {}
}

/// How a function behaves: many processes share the table, and each has a name of its own.
pub fn settings() -> Settings {
    Settings {
        instance: nonce().as_str().to_owned(),
        alone: false,
        applied_pipelines: true,
        public_url: None,
        clock_error: CLOCK_ERROR,
    }
}

fn nonce() -> Nonce {
    let bytes: [u8; 16] = random();
    Nonce::new(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness there are no safe claims, so nothing may go on.
    getrandom::fill(&mut bytes).expect("the system gives randomness");
    bytes
}

/// An outside that a function has no use for. It refuses what is asked of it, so that what was
/// asked stays pending and is done by a function that can; the log says that it was asked.
#[derive(Clone, Copy, Debug)]
pub struct Unused;

const WHY: &str = "this function is not made for it, which is a bug of Greenroom";

fn no_source<T>(repository: &Repository) -> Result<T, SourceError> {
    Err(SourceError::Unavailable {
        repository: repository.name.to_string(),
        why: WHY.to_owned(),
    })
}

fn no_pipelines<T>() -> Result<T, PipelineError> {
    Err(PipelineError::Unavailable {
        why: WHY.to_owned(),
    })
}

impl Source for Unused {
    async fn default_branch(&self, repository: &Repository) -> Result<RefName, SourceError> {
        no_source(repository)
    }
    async fn head(
        &self,
        repository: &Repository,
        _: &RefName,
    ) -> Result<Option<Head>, SourceError> {
        no_source(repository)
    }
    async fn heads(&self, repository: &Repository) -> Result<Vec<Head>, SourceError> {
        no_source(repository)
    }
    async fn commit(&self, repository: &Repository, _: &Revision) -> Result<Commit, SourceError> {
        no_source(repository)
    }
    async fn file_at(
        &self,
        repository: &Repository,
        _: &Revision,
        _: &str,
        _: usize,
    ) -> Result<Option<Vec<u8>>, SourceError> {
        no_source(repository)
    }
    async fn files_at(
        &self,
        repository: &Repository,
        _: &Revision,
        _: &str,
    ) -> Result<Vec<SourceFile>, SourceError> {
        no_source(repository)
    }
    async fn changed(
        &self,
        repository: &Repository,
        _: &Revision,
        _: &Revision,
    ) -> Result<Changed, SourceError> {
        no_source(repository)
    }
    async fn compare(
        &self,
        repository: &Repository,
        _: &Revision,
        _: &Revision,
        _: usize,
    ) -> Result<Comparison, SourceError> {
        no_source(repository)
    }
}

impl Pipelines for Unused {
    async fn start(&self, _: &StartRequest) -> Result<ExecutionId, PipelineError> {
        no_pipelines()
    }
    async fn observe(&self, _: &ExecutionId) -> Result<Observation, PipelineError> {
        no_pipelines()
    }
    async fn stop(&self, _: &ExecutionId, _: &str) -> Result<(), PipelineError> {
        no_pipelines()
    }
}

impl Suites for Unused {
    /// A suite has no way to say that it was not run, and a verdict nobody found would be
    /// recorded for ever.
    async fn run(&self, request: &SuiteRequest) -> SuiteReport {
        panic!("{} cannot be run: {WHY}", request.id)
    }
}

impl Channels for Unused {
    async fn send(
        &self,
        _: &ChannelTarget,
        _: &Announcement,
        _: &str,
    ) -> Result<Receipt, SendError> {
        Err(SendError::Unavailable {
            why: WHY.to_owned(),
        })
    }
}
