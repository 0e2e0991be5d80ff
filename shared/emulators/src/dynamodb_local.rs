//! AWS's own DynamoDB Local: a second opinion on what DynamoDB is.
//!
//! It is from 2020 and slow, and what it refuses DynamoDB may take by now; what it accepts
//! DynamoDB accepts. Everything is in memory, for any credentials and region alike.

use std::ffi::OsString;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::process::{Process, Program, StartError, free_port, tools};

const WHAT: &str = "DynamoDB Local";

/// A running DynamoDB Local; stopped when dropped.
#[derive(Debug)]
pub struct DynamoDbLocal {
    url: String,
    process: Process,
    _folder: TempDir,
}

impl DynamoDbLocal {
    /// Starts one, on a port that was free, and returns when it answers.
    pub async fn start() -> Result<Self, StartError> {
        let installed = tools().join("dynamodb-local");
        let missing = |path| StartError::Missing { what: WHAT, path };
        let installed = installed
            .canonicalize()
            .map_err(|_| missing(installed.clone()))?;
        let jar = installed.join("DynamoDBLocal.jar");
        if !jar.exists() {
            return Err(missing(jar));
        }
        let folder = TempDir::new().map_err(|source| StartError::Io { what: WHAT, source })?;
        let port = free_port(WHAT)?;
        let mut libraries = OsString::from("-Djava.library.path=");
        libraries.push(installed.join("DynamoDBLocal_lib"));
        let mut arguments = vec![
            // It lives for seconds: the quick compiler alone is quicker.
            OsString::from("-XX:TieredStopAtLevel=1"),
            OsString::from("-Xmx512m"),
            libraries,
            OsString::from("-jar"),
            jar.into(),
        ];
        let port_text = port.to_string();
        arguments.extend(["-inMemory", "-sharedDb", "-port", &port_text].map(OsString::from));
        let program = Program {
            what: WHAT,
            program: PathBuf::from("java"),
            arguments,
            environment: Vec::new(),
        };
        let mut process = Process::start(&program, folder.path())?;
        let url = format!("http://127.0.0.1:{port}");
        // Unsigned requests are refused, which is an answer too.
        process.answers(port, "/", |status| status != 0).await?;
        Ok(Self {
            url,
            process,
            _folder: folder,
        })
    }

    /// Where it answers: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Process id of the server.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}
