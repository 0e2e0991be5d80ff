//! The webhook's route over the store on disk, next to the same route over one in memory.
//!
//! `cargo bench -p greenroom --bench webhook`. Both servers are the product's own route, door,
//! worker and adapters, over real sockets on loopback; only the store differs. They are measured
//! in turns, so that what else the machine does hits both, and the medians are compared.

// Without a test harness the tests in this file are left out, and what they import is unused.
#[allow(unused_imports, reason = "see above")]
#[path = "../src/serve/listen.rs"]
mod listen;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use greenroom_app::apps::NewApp;
use greenroom_app::ports::store::Store;
use greenroom_app::work::Work;
use greenroom_app::worker::{self, Pace};
use greenroom_app::{App, Settings};
use greenroom_core::name::RepoName;
use greenroom_github::Secrets;
use greenroom_local::artifact::ArtifactStore;
use greenroom_local::channels::LocalChannels;
use greenroom_local::clock::Clock;
use greenroom_local::console::Console;
use greenroom_local::git::{GitLimits, GitSource};
use greenroom_local::pipeline::{PipelineSettings, ProcessPipelines};
use greenroom_local::ports::LocalPorts;
use greenroom_local::secrets::LocalSecrets;
use greenroom_local::store::EmbeddedStore;
use greenroom_local::suites::LocalSuites;
use greenroom_suites::Reach;
use greenroom_testkit::memory_store::MemoryStore;
use greenroom_testkit::serve_bench::Result;
use greenroom_testkit::serve_bench::load::{Load, Storm, storm};
use greenroom_testkit::serve_bench::report::{Goal, Report};
use greenroom_testkit::serve_bench::site::{SECRET, Signed, Site};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

const CONNECTIONS: usize = 64;
const DELIVERIES: u64 = 10_000;
/// Loads of each store; odd, for the median.
const ROUNDS: u32 = 3;
/// The longest the decisions about a load may take.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let site = Site::create(folder.path())?;
    let server = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let client = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (stop, stopped) = watch::channel(false);
    let (disk, memory) = (folder.path().join("disk"), folder.path().join("memory"));
    std::fs::create_dir_all(&disk)?;
    std::fs::create_dir_all(&memory)?;
    let store = EmbeddedStore::open(&disk.join("greenroom.redb"))?;
    let disk = server.block_on(Served::start(store, &disk, &site, stopped.clone()))?;
    let store = MemoryStore::new();
    let memory = server.block_on(Served::start(store, &memory, &site, stopped))?;
    let pushes = site.to_nowhere();
    let mut storms: [Vec<Storm>; 2] = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        let load = Load {
            connections: CONNECTIONS,
            count: DELIVERIES,
            series: round,
        };
        storms[0].push(client.block_on(disk.load(&load, &pushes))?);
        storms[1].push(client.block_on(memory.load(&load, &pushes))?);
    }
    let _ = stop.send(true);
    let [disk, memory] = storms.map(median);
    let mut report = Report::default();
    report.add(
        "webhooks at 64 connections: on disk / in memory",
        disk.throughput() / memory.throughput(),
        "",
        Some(Goal::AtLeast(0.5)),
    );
    for (name, storm) in [("on disk", &disk), ("in memory", &memory)] {
        let tail = storm.quantile(0.99).as_secs_f64() / storm.quantile(0.5).as_secs_f64();
        let goal = (name == "on disk").then_some(Goal::AtMost(5.0));
        report.add(format!("{name}: p99 / p50"), tail, "", goal);
        report.add(
            format!("{name}: throughput"),
            storm.throughput(),
            "a second",
            None,
        );
    }
    print!("{}", report.table());
    Ok(())
}

/// The load of middling throughput.
fn median(mut storms: Vec<Storm>) -> Storm {
    storms.sort_by(|a, b| a.throughput().total_cmp(&b.throughput()));
    let middle = storms.len() / 2;
    storms.swap_remove(middle)
}

/// The route over one store, served.
struct Served<S: Store> {
    app: Arc<App<LocalPorts<S>>>,
    address: SocketAddr,
}

impl<S: Store> Served<S> {
    /// Serves webhooks over `store`, with the app of `site` under control.
    async fn start(
        store: S,
        data: &Path,
        site: &Site,
        stop: watch::Receiver<bool>,
    ) -> Result<Self> {
        let (hints, hinted) = mpsc::unbounded_channel();
        let path = std::env::var("PATH")?;
        let environment = || [("PATH".to_owned(), path.clone())];
        let secrets = Arc::new(LocalSecrets::new(environment(), data.join("secrets")));
        let source = GitSource::new(data.join("git"), environment(), GitLimits::default())?;
        let source = Arc::new(source);
        let artifacts = ArtifactStore::new(data.join("artifacts"), 1_000_000);
        let settings = PipelineSettings::new(data, &path);
        let pipelines = ProcessPipelines::new(
            settings,
            Arc::clone(&source),
            artifacts,
            Arc::clone(&secrets),
        )?;
        let console = Console::new(std::io::stderr(), false);
        let channels = LocalChannels::new(Arc::clone(&secrets), "http://127.0.0.1:9", console)?;
        let suites = LocalSuites::new(Reach::new([]), secrets, data.join("reports"));
        let ports = LocalPorts {
            store,
            source,
            pipelines,
            suites,
            channels,
            hints,
            clock: Clock::default(),
        };
        let settings = Settings {
            instance: "bench".to_owned(),
            alone: true,
            clock_error: jiff::SignedDuration::ZERO,
            applied_pipelines: false,
            public_url: None,
        };
        let app = Arc::new(App::new(ports, settings));
        let new = NewApp {
            name: RepoName::new(site.name()),
            git: Some(site.origin().display().to_string()),
            repository: None,
        };
        app.add_app(&new).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let secrets = Arc::new(Secrets::new(SECRET, None)?);
        let routes = greenroom_api::webhook::route(Arc::clone(&app), Some(secrets));
        tokio::spawn(listen::serve(listener, routes, stop.clone()));
        let pace = Pace {
            poll: None,
            ..Pace::default()
        };
        tokio::spawn(worker::work(Arc::clone(&app), hinted, pace, stop));
        Ok(Self { app, address })
    }

    /// One load, and the decisions about it: what is left of it must not slow the next.
    async fn load(&self, load: &Load, pushes: &Arc<[Signed]>) -> Result<Storm> {
        let storm = storm(self.address, pushes, load, None).await?;
        let decided = async {
            loop {
                let pending = self.app.pending(None).await?;
                if !pending
                    .iter()
                    .any(|due| matches!(due.work, Work::Delivery(_)))
                {
                    return Ok::<_, greenroom_app::Error>(());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, decided).await??;
        Ok(storm)
    }
}
