//! What the operator says: flags, and secrets from the environment or from files. Every problem
//! is told at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_app::door::chain;
use greenroom_app::worker::Pace;
use greenroom_github::Secrets;
use greenroom_local::clock::Clock;
use ipnet::IpNet;
use secrecy::SecretString;

use super::ServeError;
use crate::args::ServeArgs;

/// An app given with `-f`.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    pub file: PathBuf,
    /// Where its repository is.
    pub git: String,
}

/// Everything `serve` needs to know, checked.
#[derive(Clone, Debug)]
pub struct ServeSettings {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub bootstrap: Vec<Bootstrap>,
    pub pace: Pace,
    pub reach: Vec<IpNet>,
    pub telegram_url: String,
    pub color: bool,
    /// `None`: webhooks are refused until there is a secret; the poller still works.
    pub secrets: Option<Arc<Secrets>>,
    pub token: Option<SecretString>,
    pub clock: Clock,
    pub environment: BTreeMap<String, String>,
    /// What steps get of the environment beside `PATH`.
    pub step_environment: BTreeMap<String, String>,
}

impl ServeSettings {
    pub fn read(
        args: &ServeArgs,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ServeError> {
        let environment: BTreeMap<_, _> = environment.into_iter().collect();
        let mut problems = Vec::new();
        let mut secret = |name: &str| match secret(&environment, name) {
            Ok(value) => value,
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let (current, previous) = (
            secret("GREENROOM_WEBHOOK_SECRET"),
            secret("GREENROOM_WEBHOOK_SECRET_PREVIOUS"),
        );
        let token = secret("GREENROOM_TOKEN");
        let secrets = match &current {
            Some(current) => match Secrets::new(current, previous.as_deref()) {
                Ok(secrets) => Some(Arc::new(secrets)),
                Err(error) => {
                    problems.push(format!("GREENROOM_WEBHOOK_SECRET: {error}"));
                    None
                }
            },
            None if previous.is_some() => {
                problems.push(
                    "GREENROOM_WEBHOOK_SECRET_PREVIOUS is set and GREENROOM_WEBHOOK_SECRET is not"
                        .to_owned(),
                );
                None
            }
            None => None,
        };
        if token.as_ref().is_some_and(|token| token.trim().len() < 16) {
            problems.push("GREENROOM_TOKEN is shorter than 16 characters".to_owned());
        }
        if args.git.len() > args.files.len() {
            problems.push(
                "there are more --git than -f; the n-th --git belongs to the n-th -f".to_owned(),
            );
        }
        let bootstrap = args
            .files
            .iter()
            .enumerate()
            .map(|(n, file)| repository_of(file, args.git.get(n)));
        let bootstrap = bootstrap
            .filter_map(|found| found.map_err(|problem| problems.push(problem)).ok())
            .collect();
        let clock = match &args.rehearsal_clock {
            None => Clock::of_machine(&args.data),
            Some(file) => Clock::rehearsal(file, &args.data),
        };
        let clock = clock.unwrap_or_else(|error| {
            problems.push(format!("--rehearsal-clock: {}", chain(&error)));
            Clock::default()
        });
        let mut step_environment = BTreeMap::new();
        for name in &args.step_env {
            match environment.get(name) {
                Some(_) if name.starts_with("GREENROOM_") => problems.push(format!(
                    "--step-env {name}: variables of Greenroom itself are not for steps"
                )),
                Some(value) => drop(step_environment.insert(name.clone(), value.clone())),
                None => problems.push(format!("--step-env {name}: there is no such variable")),
            }
        }
        if !problems.is_empty() {
            return Err(ServeError::Usage {
                what: problems.join("\n"),
                help: "`greenroom serve --help` explains each".to_owned(),
            });
        }
        Ok(Self {
            listen: args.listen,
            data: args.data.clone(),
            bootstrap,
            pace: Pace {
                sweep: args.sweep,
                poll: args.poll.0,
                ..Pace::default()
            },
            reach: reach(&args.test_may_reach),
            telegram_url: args.telegram_url.to_string(),
            color: std::io::IsTerminal::is_terminal(&std::io::stderr())
                && !environment.contains_key("NO_COLOR"),
            secrets,
            token: token.map(|token| SecretString::from(token.trim().to_owned())),
            clock,
            step_environment,
            environment,
        })
    }
}

/// What tests may reach beside public addresses: what is listed, else this machine.
fn reach(listed: &[IpNet]) -> Vec<IpNet> {
    let loopback = || {
        ["127.0.0.0/8", "::1/128"]
            .iter()
            .filter_map(|net| net.parse().ok())
    };
    if listed.is_empty() {
        loopback().collect()
    } else {
        listed.to_vec()
    }
}

/// The value of `NAME`, or the content of the file that `NAME_FILE` names.
fn secret(environment: &BTreeMap<String, String>, name: &str) -> Result<Option<String>, String> {
    let file = format!("{name}_FILE");
    match (environment.get(name), environment.get(&file)) {
        (Some(_), Some(_)) => Err(format!("{name} and {file} are both set; one is enough")),
        (Some(value), None) => Ok(Some(value.clone())),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(value) => Ok(Some(value.trim_end_matches(['\n', '\r']).to_owned())),
            Err(error) => Err(format!("{file}: {path} cannot be read: {error}")),
        },
        (None, None) => Ok(None),
    }
}

/// The repository of a stage file: the one given, else the git work tree it is in.
fn repository_of(file: &Path, git: Option<&String>) -> Result<Bootstrap, String> {
    if let Some(git) = git {
        return Ok(Bootstrap {
            file: file.to_owned(),
            git: git.clone(),
        });
    }
    let full = file
        .canonicalize()
        .map_err(|error| format!("-f {}: {error}", file.display()))?;
    let tree = full
        .ancestors()
        .skip(1)
        .find(|folder| folder.join(".git").exists());
    match tree {
        Some(tree) => Ok(Bootstrap {
            file: file.to_owned(),
            git: tree.display().to_string(),
        }),
        None => Err(format!(
            "-f {}: it is in no git repository; say where the app's is with --git",
            file.display()
        )),
    }
}
