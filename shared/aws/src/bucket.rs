//! Objects of one bucket of S3: the one thing asked of S3 is a small object by its name, and S3's own
//! client is larger than all of Greenroom. So the request is made here.

mod sign;

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use jiff::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

const CONNECT: Duration = Duration::from_secs(1);
const WHOLE: Duration = Duration::from_secs(10);
/// Of a refusal, which is XML.
const REFUSAL_MAX: usize = 4096;

/// Why an object could not be read, by what the caller must do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BucketError {
    /// Try later; also where we may not: somebody corrects the role, and then it goes on by itself.
    #[error("S3 cannot be read: {why}")]
    Unavailable { why: String },
    /// Do without it: there is no such object.
    #[error("there is no object {key}")]
    NoSuchObject { key: String },
    /// Do without it.
    #[error("the object {key} has more than {limit} bytes")]
    TooLarge { key: String, limit: usize },
}

/// One bucket. Cheap to clone before the first read.
#[derive(Clone)]
pub struct Bucket {
    name: String,
    region: String,
    credentials: Option<SharedCredentialsProvider>,
    endpoint: Option<String>,
    /// Made at the first read: most runs of a function read none.
    client: OnceLock<Client>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("name", &self.name)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Bucket {
    pub(crate) fn new(
        name: String,
        region: String,
        credentials: Option<SharedCredentialsProvider>,
        endpoint: Option<String>,
    ) -> Self {
        Self {
            name,
            region,
            credentials,
            endpoint,
            client: OnceLock::new(),
        }
    }

    /// The bytes of an object. `key` is of letters, digits and `/._-`.
    ///
    /// # Errors
    /// See [`BucketError`].
    pub async fn get(&self, key: &str, limit: usize) -> Result<Vec<u8>, BucketError> {
        let address = self.address(key);
        let mut request = self.client()?.get(&address);
        for (name, value) in self.signed(&address).await? {
            request = request.header(name, value);
        }
        let mut answer = request.send().await.map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let limit_here = if status.is_success() {
            limit
        } else {
            REFUSAL_MAX
        };
        let mut bytes = Vec::new();
        while let Some(more) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if bytes.len() + more.len() > limit_here {
                if status.is_success() {
                    return Err(BucketError::TooLarge {
                        key: key.to_owned(),
                        limit,
                    });
                }
                break;
            }
            bytes.extend_from_slice(&more);
        }
        match status {
            status if status.is_success() => Ok(bytes),
            StatusCode::NOT_FOUND => Err(BucketError::NoSuchObject {
                key: key.to_owned(),
            }),
            status => {
                let text = String::from_utf8_lossy(&bytes);
                let code = between(&text, "<Code>", "</Code>").unwrap_or("no reason");
                let why = format!("{key} of {}: {code} (status {status})", self.name);
                Err(BucketError::Unavailable { why })
            }
        }
    }

    /// By the bucket's own host, or by path where S3 is elsewhere.
    fn address(&self, key: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{}/{}/{key}", endpoint.trim_end_matches('/'), self.name),
            None => {
                let china = if self.region.starts_with("cn-") {
                    ".cn"
                } else {
                    ""
                };
                format!(
                    "https://{}.s3.{}.amazonaws.com{china}/{key}",
                    self.name, self.region
                )
            }
        }
    }

    fn client(&self) -> Result<&Client, BucketError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Whoever was first has chosen it; it is the same one everywhere.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut made = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE);
        if self
            .endpoint
            .as_ref()
            .is_some_and(|it| it.starts_with("http:"))
        {
            // There are no certificates to check, so none are read; and nobody stands in between.
            made = made.tls_certs_only([]).no_proxy();
        }
        let made = made.build();
        let made = made.map_err(|error| unreachable(&error))?;
        Ok(self.client.get_or_init(|| made))
    }

    async fn signed(&self, address: &str) -> Result<Vec<(&'static str, String)>, BucketError> {
        let unsigned = |why: String| BucketError::Unavailable { why };
        let provider = self.credentials.as_ref();
        let provider = provider.ok_or_else(|| unsigned("there are no credentials".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| unsigned(error.to_string()))?;
        let signed = sign::get(address, &self.region, &credentials, Timestamp::now());
        signed.map_err(unsigned)
    }
}

fn unreachable(error: &reqwest::Error) -> BucketError {
    let why = if error.is_timeout() {
        "it did not answer in time".to_owned()
    } else if error.is_connect() {
        "it could not be reached".to_owned()
    } else {
        "its answer could not be read".to_owned()
    };
    BucketError::Unavailable { why }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}
