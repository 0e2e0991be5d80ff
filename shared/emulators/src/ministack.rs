//! MiniStack: an AWS of many services in one process on loopback.

use std::ffi::OsString;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::process::{Process, Program, StartError, free_port, tools};

const WHAT: &str = "MiniStack";

/// Installs nothing by itself and needs nothing of the machine but Python.
const LAUNCHER: &str = include_str!("ministack_launcher.py");

/// The region it is in.
pub const REGION: &str = "us-east-1";
/// Its account.
pub const ACCOUNT: &str = "000000000000";
/// The root's key id and secret key, which may do everything even when IAM is enforced.
pub const ROOT: (&str, &str) = ("test", "test");

/// What it is started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Signatures are checked and policies enforced, those of roles that functions assume too.
    pub auth: bool,
    /// More variables for its process, such as `LAMBDA_WARM_TTL_SECONDS`.
    pub environment: Vec<(String, String)>,
    /// Where its state is kept over a restart; without it nothing is kept.
    pub state: Option<PathBuf>,
}

/// A running MiniStack; stopped, with everything it started, when dropped.
#[derive(Debug)]
pub struct MiniStack {
    port: u16,
    url: String,
    process: Process,
    _folder: TempDir,
}

impl MiniStack {
    /// Starts one with IAM off and nothing in it.
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(Options::default()).await
    }

    /// Starts one, on a port that was free, and returns when it answers.
    pub async fn start_with(options: Options) -> Result<Self, StartError> {
        let python = tools().join("venv/bin/python");
        if !python.exists() {
            return Err(StartError::Missing {
                what: WHAT,
                path: python,
            });
        }
        let io = |source| StartError::Io { what: WHAT, source };
        let folder = TempDir::new().map_err(io)?;
        let launcher = folder.path().join("launcher.py");
        std::fs::write(&launcher, LAUNCHER).map_err(io)?;
        let port = free_port(WHAT)?;
        let url = format!("http://127.0.0.1:{port}");
        let program = Program {
            what: WHAT,
            program: python,
            arguments: vec![launcher.into()],
            environment: environment(&options, port, &url, &folder),
        };
        let mut process = Process::start(&program, folder.path())?;
        process
            .answers(port, "/_ministack/health", |status| status == 200)
            .await?;
        Ok(Self {
            port,
            url,
            process,
            _folder: folder,
        })
    }

    /// Where every service of it answers: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port alone, for hosts such as `<id>.execute-api.localhost:<port>`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Process id of the server.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What the server and the functions it ran have said.
    pub fn said(&self) -> String {
        self.process.said()
    }
}

/// All it writes goes under one folder, and it listens on loopback alone.
fn environment(
    options: &Options,
    port: u16,
    url: &str,
    folder: &TempDir,
) -> Vec<(OsString, OsString)> {
    let path = |name: &str| folder.path().join(name).into_os_string();
    let text = |value: &str| OsString::from(value);
    let mut all: Vec<(OsString, OsString)> = vec![
        (text("GATEWAY_PORT"), text(&port.to_string())),
        // Its functions are told so.
        (text("AWS_ENDPOINT_URL"), text(url)),
        (text("BIND_HOST"), text("127.0.0.1")),
        (text("IOT_MTLS_ENABLED"), text("0")),
        (text("MINISTACK_REGION"), text(REGION)),
        (text("AWS_ACCESS_KEY_ID"), text(ROOT.0)),
        (text("AWS_SECRET_ACCESS_KEY"), text(ROOT.1)),
        (
            text("AUTH"),
            text(if options.auth { "true" } else { "false" }),
        ),
        (text("LOG_LEVEL"), text("WARNING")),
        (text("TMPDIR"), folder.path().as_os_str().to_owned()),
        (text("S3_DATA_DIR"), path("s3")),
        (text("PYTHONDONTWRITEBYTECODE"), text("1")),
    ];
    match &options.state {
        Some(state) => all.extend([
            (text("STATE_DIR"), state.clone().into_os_string()),
            (text("PERSIST_STATE"), text("1")),
        ]),
        None => all.push((text("STATE_DIR"), path("state"))),
    }
    let more = &options.environment;
    all.extend(more.iter().map(|(name, value)| (text(name), text(value))));
    all
}
