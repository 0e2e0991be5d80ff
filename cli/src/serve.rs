//! `greenroom serve`: the whole control plane in one process over a data folder.

mod data;
mod here;
mod listen;
mod rehearsal;
mod settings;
#[cfg(test)]
mod silence;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use greenroom_api::{Place, lasting};
use greenroom_app::apps::{NewApp, app_id};
use greenroom_app::ports::pipelines::AdmissionRequest;
use greenroom_app::work::Work;
use greenroom_app::worker;
use greenroom_app::{App, Settings};
use greenroom_core::stage_file::StageFile;
use greenroom_local::artifact::ArtifactStore;
use greenroom_local::channels::LocalChannels;
use greenroom_local::console::Console;
use greenroom_local::git::{GitLimits, GitSource};
use greenroom_local::pipeline::{
    Admission, AdmissionError, BoxFuture, PipelineSettings, ProcessPipelines,
};
use greenroom_local::ports::LocalPorts;
use greenroom_local::secrets::LocalSecrets;
use greenroom_local::store::EmbeddedStore;
use greenroom_local::suites::LocalSuites;
use greenroom_suites::Reach;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::args::ServeArgs;
use data::DataFolder;
pub use rehearsal::CLOCK_MOVED;
use rehearsal::Rehearsal;
pub use settings::ServeSettings;

/// What keeps the server from starting, by what the person must do. The text says it all.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Something given on the command line or in the environment is wrong.
    #[error("{what}")]
    Usage { what: String, help: String },
    /// The data folder cannot be used.
    #[error("{what}")]
    Data {
        what: String,
        help: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    /// An app given with `-f` could not be taken under control.
    #[error("{file} cannot be used")]
    Bootstrap {
        file: String,
        #[source]
        source: greenroom_app::Error,
    },
}

/// Largest artifact that is packed.
const ARTIFACT_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// How long requests and work under way may still take once the server is told to stop. What is
/// not done by then is taken up at the next start.
const PARTING: Duration = Duration::from_secs(5);

type Local = App<LocalPorts>;

/// Serves until it is told to stop.
pub async fn run(args: &ServeArgs) -> Result<(), ServeError> {
    let settings = ServeSettings::read(args, std::env::vars())?;
    let data = DataFolder::open(&settings.data)?;
    // First of all: the folder may be another server's, and then nothing in it may change.
    let store = data.store()?;
    settings.clock.begin().map_err(|source| ServeError::Data {
        what: "the rehearsal cannot begin".to_owned(),
        help: "give another data folder with --data".to_owned(),
        source: Some(source.into()),
    })?;
    let token = data.token(settings.token.clone())?;
    let (hints, hinted) = mpsc::unbounded_channel();
    let app = Arc::new(App::new(
        ports(&settings, &data, store, hints)?,
        app_settings(),
    ));
    connect(&app);
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .map_err(|source| ServeError::Listen {
            address: settings.listen,
            source,
        })?;
    let address = listener.local_addr().unwrap_or(settings.listen);
    let (stop, stopped) = watch::channel(false);
    let rehearsal = Rehearsal::of(&settings.clock);
    let routes = greenroom_api::routes(
        Arc::clone(&app),
        here::routes(),
        Place::OneMachine,
        settings.secrets.clone(),
        lasting(token),
    );
    let routes = match &rehearsal {
        Some(rehearsal) => rehearsal.around(routes),
        None => routes,
    };
    let server = tokio::spawn(listen::serve(listener, routes, stopped.clone()));
    bootstrap(&app, &settings).await?;
    let mut told = ToldToStop::listen()?;
    data.write_address(address)?;
    tracing::info!(%address, data = %settings.data.display(), "greenroom serves");
    eprintln!(
        "greenroom: serving on http://{address}, data in {}",
        settings.data.display()
    );
    let worker = tokio::spawn(worker::work(
        Arc::clone(&app),
        hinted,
        settings.pace,
        stopped,
    ));
    let rehearsed = rehearsal.map(|rehearsal| tokio::spawn(rehearsal.follow(Arc::clone(&app))));
    told.wait().await;
    if let Some(rehearsed) = rehearsed {
        rehearsed.abort();
    }
    eprintln!("greenroom: stopping; what runs is ended and told so");
    let _ = stop.send(true);
    app.ports.pipelines.shutdown().await;
    let parted = tokio::time::timeout(PARTING, async { tokio::join!(server, worker) }).await;
    if parted.is_err() {
        tracing::warn!("not everything ended in time; it is taken up at the next start");
    }
    data.forget_address();
    Ok(())
}

fn app_settings() -> Settings {
    let instance = format!(
        "{}-{}",
        std::process::id(),
        jiff::Timestamp::now().as_nanosecond()
    );
    Settings {
        instance,
        alone: true,
        clock_error: jiff::SignedDuration::ZERO,
        applied_pipelines: false,
        public_url: None,
    }
}

fn ports(
    settings: &ServeSettings,
    data: &DataFolder,
    store: EmbeddedStore,
    hints: mpsc::UnboundedSender<Work>,
) -> Result<LocalPorts, ServeError> {
    let folder = |what: &str| {
        let what = format!("{what} cannot be prepared in {}", data.path().display());
        move |source: std::io::Error| ServeError::Data {
            what,
            help: "check the folder's permissions and free space".to_owned(),
            source: Some(source.into()),
        }
    };
    let environment = || {
        settings
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
    };
    let secrets = Arc::new(LocalSecrets::new(
        environment(),
        data.path().join("secrets"),
    ));
    let git = GitSource::new(data.path().join("git"), environment(), GitLimits::default())
        .map_err(folder("git's mirrors"))?;
    let source = Arc::new(git);
    let artifacts = ArtifactStore::new(data.path().join("artifacts"), ARTIFACT_MAX);
    let path = settings
        .environment
        .get("PATH")
        .cloned()
        .unwrap_or_default();
    let pipelines = PipelineSettings {
        passed_on: settings.step_environment.clone(),
        clock: settings.clock.clone(),
        ..PipelineSettings::new(data.path(), path)
    };
    let pipelines = ProcessPipelines::new(
        pipelines,
        Arc::clone(&source),
        artifacts,
        Arc::clone(&secrets),
    )
    .map_err(folder("executions"))?;
    let console = Console::new(std::io::stderr(), settings.color);
    let channels = LocalChannels::new(Arc::clone(&secrets), &settings.telegram_url, console)
        .map_err(|error| ServeError::Usage {
            what: error.to_string(),
            help: "check --telegram-url".to_owned(),
        })?;
    let suites = LocalSuites::new(
        Reach::new(settings.reach.iter().copied()),
        secrets,
        data.path().join("reports"),
    );
    Ok(LocalPorts {
        store,
        source,
        pipelines,
        suites,
        channels,
        hints,
        clock: settings.clock.clone(),
    })
}

/// The pipelines ask the app's fence, and tell the app when an execution has ended.
fn connect(app: &Arc<Local>) {
    let hints = app.ports.hints.clone();
    app.ports
        .pipelines
        .set_on_change(Arc::new(move |execution| {
            drop(hints.send(Work::Execution(execution.clone())));
        }));
    app.ports
        .pipelines
        .set_admission(Arc::new(Fence(Arc::downgrade(app))));
}

/// The fence as executions meet it. The app owns the pipelines, so they may not own the app.
#[derive(Debug)]
struct Fence(std::sync::Weak<Local>);

impl Admission for Fence {
    fn admit(&self, request: AdmissionRequest) -> BoxFuture<'_, Result<(), AdmissionError>> {
        Box::pin(async move {
            let app = self
                .0
                .upgrade()
                .ok_or_else(|| AdmissionError::Unavailable {
                    why: "the server is stopping".to_owned(),
                })?;
            match app.admit(&request).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(rejection)) => Err(AdmissionError::Refused { why: rejection.why }),
                Err(error) => Err(AdmissionError::Unavailable {
                    why: greenroom_app::door::chain(&error),
                }),
            }
        })
    }
}

/// Takes the apps given with `-f` under control. Their stage files hold until the default branch
/// has one.
async fn bootstrap(app: &Local, settings: &ServeSettings) -> Result<(), ServeError> {
    for given in &settings.bootstrap {
        let file = given.file.display().to_string();
        let text = tokio::fs::read(&given.file)
            .await
            .map_err(|error| ServeError::Usage {
                what: format!("{file} cannot be read: {error}"),
                help: "-f names a stage file; `greenroom init` writes one".to_owned(),
            })?;
        let parsed = StageFile::parse(&file, &text).map_err(|problems| ServeError::Usage {
            what: format!("{file} is not valid:\n{problems}"),
            help: format!("`greenroom validate -f {file}` shows each problem in its place"),
        })?;
        let failed = |source| ServeError::Bootstrap {
            file: file.clone(),
            source,
        };
        let new = NewApp {
            name: parsed.app.clone(),
            git: Some(given.git.clone()),
            repository: None,
        };
        app.add_app(&new).await.map_err(failed)?;
        let id = app_id(&parsed.app, greenroom_app::apps::STAGE_FILE_PATH);
        app.bootstrap(id, &file, &text).await.map_err(failed)?;
    }
    Ok(())
}

/// SIGTERM and SIGINT, heard from now on: who has read the address may stop the server at once.
struct ToldToStop {
    terminated: Signal,
    interrupted: Signal,
}

impl ToldToStop {
    fn listen() -> Result<Self, ServeError> {
        let listen = |kind: SignalKind| {
            signal(kind).map_err(|source| ServeError::Data {
                what: "signals cannot be listened for".to_owned(),
                help: "the machine may have run out of file descriptors".to_owned(),
                source: Some(source.into()),
            })
        };
        Ok(Self {
            terminated: listen(SignalKind::terminate())?,
            interrupted: listen(SignalKind::interrupt())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
    }
}
