//! The webhook's route over the store on disk, next to the same route over one in memory.
//!
//! `cargo bench -p greenroom --bench webhook`. Both servers are the product's own route, door,
//! worker and adapters, over real sockets on loopback; only the store differs. They are measured
//! in turns, so that what else the machine does hits both, and the medians are compared.

#[path = "../src/serve/listen.rs"]
mod listen;
#[path = "../src/serve/webhook.rs"]
mod webhook;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use greenroom_app::apps::NewApp;
use greenroom_app::ports::store::Store;
use greenroom_app::worker::{self, Pace};
use greenroom_app::{App, Settings};
use greenroom_core::name::RepoName;
use greenroom_github::Secrets;
use greenroom_local::artifact::ArtifactStore;
use greenroom_local::channels::LocalChannels;
use greenroom_local::console::Console;
use greenroom_local::git::{GitLimits, GitSource};
use greenroom_local::pipeline::{PipelineSettings, ProcessPipelines};
use greenroom_local::ports::LocalPorts;
use greenroom_local::secrets::LocalSecrets;
use greenroom_local::store::EmbeddedStore;
use greenroom_local::suites::LocalSuites;
use greenroom_suites::Reach;
use greenroom_testkit::memory_store::MemoryStore;
use greenroom_testkit::serve_bench::load::{Load, Storm, storm};
use greenroom_testkit::serve_bench::report::{Goal, Report};
use greenroom_testkit::serve_bench::site::{SECRET, Site};
use greenroom_testkit::serve_bench::Result;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

const CONNECTIONS: usize = 64;
const DELIVERIES: u64 = 10_000;
/// Loads of each store; odd, for the median.
const ROUNDS: u32 = 3;

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
    let mut addresses = Vec::new();
    for (name, on_disk) in [("disk", true), ("memory", false)] {
        let data = folder.path().join(name);
        std::fs::create_dir_all(&data)?;
        addresses.push(if on_disk {
            let store = EmbeddedStore::open(&data.join("greenroom.redb"))?;
            server.block_on(start(store, &data, &site, stopped.clone()))?
        } else {
            server.block_on(start(MemoryStore::new(), &data, &site, stopped.clone()))?
        });
    }
    let mut storms: [Vec<Storm>; 2] = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for (address, storms) in addresses.iter().zip(&mut storms) {
            let load = Load {
                connections: CONNECTIONS,
                count: DELIVERIES,
                series: round,
            };
            storms.push(client.block_on(storm(*address, &site.to_nowhere(), &load, None))?);
        }
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
        report.add(format!("{name}: throughput"), storm.throughput(), "a second", None);
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

/// Serves webhooks over `store`, with the app of `site` under control; answers where.
async fn start<S: Store>(
    store: S,
    data: &Path,
    site: &Site,
    stop: watch::Receiver<bool>,
) -> Result<SocketAddr> {
    let (hints, hinted) = mpsc::unbounded_channel();
    let path = std::env::var("PATH")?;
    let environment = || [("PATH".to_owned(), path.clone())];
    let secrets = Arc::new(LocalSecrets::new(environment(), data.join("secrets")));
    let source = GitSource::new(data.join("git"), environment(), GitLimits::default())?;
    let source = Arc::new(source);
    let artifacts = ArtifactStore::new(data.join("artifacts"), 1_000_000);
    let settings = PipelineSettings::new(data, &path);
    let pipelines =
        ProcessPipelines::new(settings, Arc::clone(&source), artifacts, Arc::clone(&secrets))?;
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
    };
    let settings = Settings {
        instance: "bench".to_owned(),
        alone: true,
        clock_error: jiff::SignedDuration::ZERO,
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
    let routes = webhook::route(Arc::clone(&app), Some(secrets));
    tokio::spawn(listen::serve(listener, routes, stop.clone()));
    let pace = Pace {
        poll: None,
        ..Pace::default()
    };
    tokio::spawn(worker::work(app, hinted, pace, stop));
    Ok(address)
}
