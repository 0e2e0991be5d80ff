//! The measurements, each on a data folder of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::load::{Connection, Load, Milestone, Storm, storm};
use super::process::Server;
use super::report::{Goal, Report};
use super::site::{DEVELOPERS, Signed, Site, developer};
use super::{Result, history};

const CONNECTIONS: usize = 64;
/// Webhooks of one load.
const DELIVERIES: u64 = 10_000;
/// Of a load that leads to stages: each is decided by asking git where its branch stands.
const TO_STAGES: u64 = 1_000;
/// Questions asked of each server for one median.
const QUESTIONS: usize = 300;
/// Starts of one median.
const STARTS: usize = 9;
const MB: f64 = 1_000_000.0;

/// What is measured, and where.
#[derive(Debug)]
pub struct Bench {
    greenroom: PathBuf,
    folder: PathBuf,
    site: Site,
    pub report: Report,
}

impl Bench {
    /// `folder` must be empty; `greenroom` is the binary.
    pub fn new(greenroom: &Path, folder: &Path) -> Result<Self> {
        let greenroom = greenroom.canonicalize().map_err(|error| {
            format!(
                "{}: {error}; `cargo build --release -p greenroom` makes it",
                greenroom.display()
            )
        })?;
        Ok(Self {
            greenroom,
            folder: folder.to_owned(),
            site: Site::create(folder)?,
            report: Report::default(),
        })
    }

    async fn start(&self, data: &str, fresh: bool) -> Result<Server> {
        let site = fresh.then_some(&self.site);
        Server::start(&self.greenroom, &self.folder.join(data), site).await
    }

    /// Webhooks at 64 connections: fsyncs shared, latency, and the memory that stays.
    pub async fn webhooks(&mut self) -> Result<()> {
        let server = self.start("webhooks", true).await?;
        server.settled().await?;
        let idle = server.memory()? as f64 / MB;
        self.report.add(
            "idle memory after a start",
            idle,
            "MB",
            Some(Goal::AtMost(40.0)),
        );
        self.shared(
            &server,
            "no rule matches",
            &self.site.to_nowhere(),
            load(DELIVERIES, 1),
        )
        .await?;
        server.settled().await?;
        let idle = server.memory()? as f64 / MB;
        self.report.add(
            "idle memory after 10,000 deliveries",
            idle,
            "MB",
            Some(Goal::AtMost(40.0)),
        );
        self.make_locked_stages(&server).await?;
        self.shared(
            &server,
            "16 stages",
            &self.site.to_stages(),
            load(TO_STAGES, 3),
        )
        .await?;
        let began = Instant::now();
        server.settled().await?;
        self.report.add(
            "16 stages: all decided after the last ack",
            began.elapsed().as_secs_f64(),
            "s",
            None,
        );
        let idle = server.memory()? as f64 / MB;
        self.report.add(
            "idle memory after these too",
            idle,
            "MB",
            Some(Goal::AtMost(40.0)),
        );
        server.stop().await
    }

    /// Each developer has a stage that is locked, so that what is measured is Greenroom and not
    /// the steps of a pipeline.
    async fn make_locked_stages(&self, server: &Server) -> Result<()> {
        let load = Load {
            connections: 1,
            count: DEVELOPERS as u64,
            series: 2,
        };
        storm(server.address, &self.site.to_stages(), &load, None).await?;
        server.settled().await?;
        for n in 0..DEVELOPERS {
            let lock = json!({ "command": "lock", "reason": "measured", "until": null });
            server.command(&developer(n), &lock).await?;
        }
        Ok(())
    }

    async fn shared(
        &mut self,
        server: &Server,
        name: &str,
        pushes: &Arc<[Signed]>,
        load: Load,
    ) -> Result<()> {
        let before = server.counters().await?;
        let storm = storm(server.address, pushes, &load, None).await?;
        let after = server.counters().await?;
        complete(&storm)?;
        let fsyncs = (after.1 - before.1) as f64;
        let report = &mut self.report;
        let acks = storm.acknowledged.len() as f64;
        report.add(
            format!("{name}: acknowledgements per fsync"),
            acks / fsyncs,
            "",
            Some(Goal::AtLeast(8.0)),
        );
        report.add(
            format!("{name}: commits meanwhile, per ack"),
            (after.0 - before.0) as f64 / acks,
            "",
            None,
        );
        let (p50, p99) = (storm.quantile(0.5), storm.quantile(0.99));
        report.add(
            format!("{name}: p99 / p50"),
            p99.as_secs_f64() / p50.as_secs_f64(),
            "",
            Some(Goal::AtMost(5.0)),
        );
        report.add(format!("{name}: p50"), milliseconds(p50), "ms", None);
        report.add(format!("{name}: p99"), milliseconds(p99), "ms", None);
        report.add(
            format!("{name}: throughput"),
            storm.throughput(),
            "a second",
            None,
        );
        Ok(())
    }

    /// `kill -9` in the middle of a load: none of the acknowledged may be missing.
    pub async fn killed(&mut self) -> Result<()> {
        let server = self.start("killed", true).await?;
        let milestone = Milestone::new(DELIVERIES as usize);
        let load = load(DELIVERIES * 2, 7);
        let pushes = self.site.to_nowhere();
        let address = server.address;
        let sending = {
            let milestone = Arc::clone(&milestone);
            tokio::spawn(async move { storm(address, &pushes, &load, Some(milestone)).await })
        };
        milestone.reached().await;
        server.kill().await?;
        let storm = sending.await??;
        let sent = storm.acknowledged.len();
        if sent as u64 == DELIVERIES * 2 {
            return Err("the server was not killed in the middle".into());
        }
        let server = self.start("killed", false).await?;
        let mut connection = Connection::open(server.address).await?;
        let mut missing = 0;
        for id in &storm.acknowledged {
            let reply = connection
                .exchange(&server.get(&format!("/deliveries/{id}")))
                .await?;
            missing += usize::from(reply.status != 200);
        }
        self.report
            .add("acknowledged before kill -9", sent as f64, "", None);
        self.report.add(
            "of these missing after a restart",
            missing as f64,
            "",
            Some(Goal::AtMost(0.0)),
        );
        server.settled().await?;
        server.stop().await
    }

    /// Start, memory, board and `why` after 100, 10,000 and 100,000 runs.
    pub async fn past(&mut self) -> Result<()> {
        for (data, runs) in [
            ("past-100", 100),
            ("past-10000", 10_000),
            ("past-100000", 100_000),
        ] {
            self.remember(data, runs).await?;
        }
        for (data, name, goal) in [
            ("past-100", "100", None),
            ("past-10000", "10,000", Some(Goal::AtMost(300.0))),
            ("past-100000", "100,000", None),
        ] {
            let (listening, memory) = self.starts(data).await?;
            self.report.add(
                format!("start to listening, {name} past runs"),
                milliseconds(listening),
                "ms",
                goal,
            );
            let goal = Some(Goal::AtMost(40.0));
            self.report.add(
                format!("idle memory, {name} past runs"),
                memory as f64 / MB,
                "MB",
                goal,
            );
        }
        let (few, many) = (
            self.start("past-100", false).await?,
            self.start("past-100000", false).await?,
        );
        few.settled().await?;
        many.settled().await?;
        for (name, path) in [
            ("board (status)", "/board"),
            ("one stage (why)", "/stages/dev"),
            ("log of a stage", "/stages/dev/log?limit=10"),
        ] {
            let (a, b) = alternate(&few, &many, path).await?;
            let goal = Some(Goal::AtMost(1.5));
            self.report.add(
                format!("{name}: 100,000 past runs / 100"),
                b.as_secs_f64() / a.as_secs_f64(),
                "",
                goal,
            );
            self.report
                .add(format!("{name}: with 100,000"), milliseconds(b), "ms", None);
        }
        few.stop().await?;
        many.stop().await
    }

    /// A data folder whose app has real stages with one run each, and then a long past.
    async fn remember(&self, data: &str, runs: usize) -> Result<()> {
        let server = self.start(data, true).await?;
        let mut pushes = vec![self.site.push("develop", 0), self.site.push("master", 1)];
        pushes.extend(self.site.to_stages().iter().cloned());
        let load = Load {
            connections: 1,
            count: pushes.len() as u64,
            series: 5,
        };
        let done = storm(server.address, &pushes.into(), &load, None).await?;
        complete(&done)?;
        server.deployed(DEVELOPERS + 2).await?;
        server.stop().await?;
        let delivery = done
            .acknowledged
            .first()
            .ok_or("nothing was acknowledged")?;
        history::write(&self.folder.join(data), self.site.name(), delivery, runs).await
    }

    /// Medians of start and of memory at rest.
    async fn starts(&self, data: &str) -> Result<(Duration, u64)> {
        let (mut times, mut sizes) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let server = self.start(data, false).await?;
            times.push(server.listening_after);
            server.settled().await?;
            sizes.push(server.memory()?);
            server.stop().await?;
        }
        times.sort_unstable();
        sizes.sort_unstable();
        Ok((times[STARTS / 2], sizes[STARTS / 2]))
    }
}

/// Medians of the same question to two servers, asked in turns so that what else the machine does
/// hits both.
async fn alternate(one: &Server, other: &Server, path: &str) -> Result<(Duration, Duration)> {
    let mut asked = Vec::new();
    for server in [one, other] {
        asked.push((
            Connection::open(server.address).await?,
            server.get(path),
            Vec::new(),
        ));
    }
    for _ in 0..QUESTIONS {
        for (connection, request, times) in &mut asked {
            let began = Instant::now();
            let reply = connection.exchange(request).await?;
            times.push(began.elapsed());
            if reply.status != 200 {
                return Err(format!("{path} answers {}", reply.status).into());
            }
        }
    }
    let mut medians = asked.into_iter().map(|(_, _, mut times)| {
        times.sort_unstable();
        times.get(QUESTIONS / 2).copied().unwrap_or_default()
    });
    Ok((
        medians.next().unwrap_or_default(),
        medians.next().unwrap_or_default(),
    ))
}

fn load(count: u64, series: u32) -> Load {
    Load {
        connections: CONNECTIONS,
        count,
        series,
    }
}

fn complete(storm: &Storm) -> Result<()> {
    if storm.refused == 0 {
        Ok(())
    } else {
        Err(format!("{} webhooks were not accepted", storm.refused).into())
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
