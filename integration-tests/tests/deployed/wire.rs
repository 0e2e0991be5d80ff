//! Calls of AWS's services in MiniStack, as the owner of the account makes them. The command line
//! takes a second for each, and tests ask often.

use reqwest::{Client, RequestBuilder};
use serde_json::Value;

/// The services, at one address.
pub struct Wire {
    client: Client,
    url: String,
}

impl Wire {
    pub fn new(url: &str) -> Self {
        Self {
            client: Client::new(),
            url: url.to_owned(),
        }
    }

    /// Asks a service of AWS's JSON protocol; `target` is such as `AmazonSQS.ReceiveMessage`.
    pub async fn json(&self, target: &str, asked: &Value) -> Value {
        let service = match target.split('.').next() {
            Some("AmazonSQS") => "sqs",
            Some("DynamoDB_20120810") => "dynamodb",
            Some("CodePipeline_20150709") => "codepipeline",
            _ => "secretsmanager",
        };
        let request = self.request(service, "POST", "/");
        let request = request
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .body(asked.to_string());
        well(target, request).await
    }

    /// Asks a service whose questions are addresses.
    pub async fn rest(
        &self,
        service: &str,
        method: &str,
        path: &str,
        asked: Option<&Value>,
    ) -> Value {
        let mut request = self.request(service, method, path);
        if let Some(asked) = asked {
            request = request
                .header("content-type", "application/json")
                .body(asked.to_string());
        }
        well(path, request).await
    }

    /// Calls a function and waits for its answer; `Err` if it ended badly.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<(), String> {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let request = self.request("lambda", "POST", &path);
        let answer = request.body(event.to_string()).send().await;
        let answer = answer.expect("MiniStack answers");
        let is_well =
            answer.status().is_success() && !answer.headers().contains_key("x-amz-function-error");
        let text = answer.text().await.expect("a text");
        if is_well { Ok(()) } else { Err(text) }
    }

    /// The bytes of an object, which is there.
    pub async fn object(&self, bucket: &str, key: &str) -> Vec<u8> {
        let request = self.request("s3", "GET", &format!("/{bucket}/{key}"));
        let answer = request.send().await.expect("MiniStack answers");
        assert!(answer.status().is_success(), "{key}: {}", answer.status());
        answer.bytes().await.expect("its bytes").to_vec()
    }

    /// Puts an object in the place of another, by whom it may be.
    pub async fn put_object(&self, bucket: &str, key: &str, bytes: Vec<u8>) {
        let request = self.request("s3", "PUT", &format!("/{bucket}/{key}"));
        let answer = request.body(bytes).send().await.expect("MiniStack answers");
        assert!(answer.status().is_success(), "{key}: {}", answer.status());
    }

    fn request(&self, service: &str, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        let url = format!("{}{path}", self.url);
        self.client
            .request(method, url)
            .header("authorization", owner(service))
    }
}

/// Says that the account's owner asks, whose signature MiniStack does not check.
pub fn owner(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=none"
    )
}

async fn well(what: &str, request: RequestBuilder) -> Value {
    let answer = request.send().await.expect("MiniStack answers");
    let status = answer.status();
    let text = answer.text().await.expect("a text");
    assert!(status.is_success(), "{what}: {status} {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}
