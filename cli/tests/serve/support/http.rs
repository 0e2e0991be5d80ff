//! HTTP as polite clients speak it, and as others do.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer: its status and its text.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub text: String,
}

impl Reply {
    /// The body, which every answer of ours has as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.text))
    }

    /// Holds that it is a refusal that says what, and how to fix it.
    pub fn refuses(&self, status: u16, code: &str) -> &Self {
        let body = self.json();
        assert_eq!(
            (self.status, &body["error"]["code"]),
            (status, &Value::from(code)),
            "{body}"
        );
        for field in ["message", "help"] {
            assert!(
                body["error"][field]
                    .as_str()
                    .is_some_and(|text| text.len() > 5),
                "no {field}: {body}"
            );
        }
        self
    }
}

/// A client of one server.
#[derive(Clone, Debug)]
pub struct Http {
    pub address: String,
    pub token: String,
    client: reqwest::Client,
}

impl Http {
    pub fn new(address: &str, token: &str) -> Self {
        static PROVIDER: std::sync::Once = std::sync::Once::new();
        // Refused if there is one already, which is as good.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let client = reqwest::Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        Self {
            address: address.to_owned(),
            token: token.to_owned(),
            client,
        }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
        let response = request.send().await?;
        Ok(Reply {
            status: response.status().as_u16(),
            text: response.text().await?,
        })
    }

    /// With the token.
    pub async fn get(&self, path: &str) -> Reply {
        let request = self.request("GET", path).bearer_auth(&self.token);
        self.send(request)
            .await
            .unwrap_or_else(|error| panic!("GET {path}: {error:?}"))
    }

    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Reply {
        let request = self
            .request("POST", path)
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(body);
        self.send(request)
            .await
            .unwrap_or_else(|error| panic!("POST {path}: {error:?}"))
    }

    /// A connection nobody has tamed.
    pub async fn raw(&self) -> TcpStream {
        TcpStream::connect(&self.address)
            .await
            .expect("the server listens")
    }

    /// Sends these bytes and answers the status line and body of what comes back.
    pub async fn bytes(&self, bytes: &[u8]) -> Reply {
        let mut stream = self.raw().await;
        stream.write_all(bytes).await.expect("the server reads");
        read(&mut stream).await
    }
}

/// Reads one answer that ends with the connection or its content length.
pub async fn read(stream: &mut TcpStream) -> Reply {
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(reply) = whole(&all) {
            return reply;
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(n) => all.extend_from_slice(&chunk[..n]),
        }
    }
    whole(&all).unwrap_or_else(|| panic!("no whole answer: {:?}", String::from_utf8_lossy(&all)))
}

fn whole(all: &[u8]) -> Option<Reply> {
    let text = String::from_utf8_lossy(all);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length: ")
            .and_then(|n| n.parse::<usize>().ok())
    });
    (body.len() >= length?).then(|| Reply {
        status,
        text: body.to_owned(),
    })
}
