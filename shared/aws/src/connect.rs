//! How AWS is reached: one HTTPS client for all services, credentials and region straight from
//! the environment, and little patience.
//!
//! The patience is little because whoever calls comes again: the outbox, the sweep, the event
//! source. A function that waits is paid for; one that ends is called again by somebody with a
//! clock. Clients are made where they are asked for, so that a function links only what it calls.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::bucket::Bucket;
use crate::environment::{Problems, optional};

/// A service whose address can be another than AWS's own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Service {
    DynamoDb,
    CodePipeline,
    CodeBuild,
    Sqs,
    Sns,
    SecretsManager,
    S3,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 7] = [
        Self::DynamoDb,
        Self::CodePipeline,
        Self::CodeBuild,
        Self::Sqs,
        Self::Sns,
        Self::SecretsManager,
        Self::S3,
    ];

    /// The environment variable with this service's address.
    pub fn variable(self) -> &'static str {
        match self {
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Self::CodePipeline => "AWS_ENDPOINT_URL_CODEPIPELINE",
            Self::CodeBuild => "AWS_ENDPOINT_URL_CODEBUILD",
            Self::Sqs => "AWS_ENDPOINT_URL_SQS",
            Self::Sns => "AWS_ENDPOINT_URL_SNS",
            Self::SecretsManager => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            Self::S3 => "AWS_ENDPOINT_URL_S3",
        }
    }
}

/// Addresses other than AWS's own: `http://127.0.0.1:4566`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Endpoints {
    /// For services that are not in `of`.
    pub all: Option<String>,
    pub of: BTreeMap<Service, String>,
}

impl Endpoints {
    /// The same address for every service.
    pub fn all(url: impl Into<String>) -> Self {
        Self {
            all: Some(url.into()),
            of: BTreeMap::new(),
        }
    }

    /// The same with another address for one service.
    #[must_use]
    pub fn but(mut self, service: Service, url: impl Into<String>) -> Self {
        self.of.insert(service, url.into());
        self
    }

    fn get(&self, service: Service) -> Option<&String> {
        self.of.get(&service).or(self.all.as_ref())
    }
}

/// How long AWS is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Until an answer begins.
    pub read: Duration,
    /// For one call with all its tries.
    pub call: Duration,
    /// Tries of one call in all, the first one too; at least 1. Writes of the store and starts
    /// are tried once whatever this says: their callers know what a second try means.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            read: Duration::from_secs(5),
            call: Duration::from_secs(13),
            tries: 2,
        }
    }
}

/// Where AWS is and who we are there. Cheap to clone; all clones share one HTTPS client.
#[derive(Clone)]
pub struct Connection {
    sdk: SdkConfig,
    endpoints: Endpoints,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("region", &self.region())
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// A connection with these credentials and the patience of [`Patience::default`].
    pub fn new(region: impl Into<String>, credentials: Credentials, endpoints: Endpoints) -> Self {
        Self::with_patience(region, credentials, endpoints, Patience::default())
    }

    /// The same with another patience.
    pub fn with_patience(
        region: impl Into<String>,
        credentials: Credentials,
        endpoints: Endpoints,
        patience: Patience,
    ) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(patience.connect)
            .read_timeout(patience.read)
            .operation_timeout(patience.call)
            .build();
        // Ring, because aws-lc's first use takes 30 ms of gathering entropy.
        let https = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region.into()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(https)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(patience.tries.max(1)))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Self { sdk, endpoints }
    }

    /// The connection a function's environment describes: `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` if there is one, and of [`Endpoints`]
    /// `AWS_ENDPOINT_URL` and each [`Service::variable`].
    ///
    /// # Errors
    /// With all that is missing or wrong.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let region = problems.required(&lookup, "AWS_REGION");
        let id = problems.required(&lookup, "AWS_ACCESS_KEY_ID");
        let key = problems.required(&lookup, "AWS_SECRET_ACCESS_KEY");
        let token = optional(&lookup, "AWS_SESSION_TOKEN");
        let mut address = |name: &str| {
            let url = optional(&lookup, name)?;
            if !is_address(&url) {
                problems.add(format!(
                    "{name} is `{url}`, which is no address: https://host or http://host:port"
                ));
            }
            Some(url)
        };
        let all = address("AWS_ENDPOINT_URL");
        let of = Service::ALL
            .into_iter()
            .filter_map(|service| Some((service, address(service.variable())?)))
            .collect();
        problems.into_result()?;
        // Those that are not there were problems.
        let (region, id, key) = (
            region.unwrap_or_default(),
            id.unwrap_or_default(),
            key.unwrap_or_default(),
        );
        let credentials = Credentials::new(id, key, token, None, "environment");
        Ok(Self::new(region, credentials, Endpoints { all, of }))
    }

    /// Such as `eu-central-1`.
    pub fn region(&self) -> &str {
        self.sdk.region().map_or("", Region::as_ref)
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.sdk);
        config.set_endpoint_url(self.endpoint(Service::DynamoDb));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client of CodePipeline.
    pub fn codepipeline(&self) -> aws_sdk_codepipeline::Client {
        let mut config = aws_sdk_codepipeline::config::Builder::from(&self.sdk);
        config.set_endpoint_url(self.endpoint(Service::CodePipeline));
        aws_sdk_codepipeline::Client::from_conf(config.build())
    }

    /// A client of CodeBuild.
    pub fn codebuild(&self) -> aws_sdk_codebuild::Client {
        let mut config = aws_sdk_codebuild::config::Builder::from(&self.sdk);
        config.set_endpoint_url(self.endpoint(Service::CodeBuild));
        aws_sdk_codebuild::Client::from_conf(config.build())
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::config::Builder::from(&self.sdk);
        config.set_endpoint_url(self.endpoint(Service::Sqs));
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// A client of SNS.
    pub fn sns(&self) -> aws_sdk_sns::Client {
        let mut config = aws_sdk_sns::config::Builder::from(&self.sdk);
        config.set_endpoint_url(self.endpoint(Service::Sns));
        aws_sdk_sns::Client::from_conf(config.build())
    }

    /// A client of Secrets Manager.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.sdk);
        config.set_endpoint_url(self.endpoint(Service::SecretsManager));
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// A bucket of S3, read only.
    pub fn bucket(&self, name: impl Into<String>) -> Bucket {
        let credentials = self.sdk.credentials_provider();
        Bucket::new(
            name.into(),
            self.region().to_owned(),
            credentials,
            self.endpoint(Service::S3),
        )
    }

    fn endpoint(&self, service: Service) -> Option<String> {
        self.endpoints.get(service).cloned()
    }
}

/// Enough to tell a typing error; the client refuses what remains.
fn is_address(url: &str) -> bool {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && !host.starts_with(['/', ':'])
            && !host
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '@'))
    })
}
