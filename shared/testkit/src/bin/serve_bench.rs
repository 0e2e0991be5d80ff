//! `serve_bench --greenroom BINARY [--json] [--only webhooks|killed|past]`: what the real server
//! costs. See `docs/speed.md`.

use std::path::PathBuf;
use std::process::ExitCode;

use greenroom_testkit::serve_bench::Result;
use greenroom_testkit::serve_bench::measure::Bench;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let mut greenroom = PathBuf::from("target/release/greenroom");
    let (mut json, mut only) = (false, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--greenroom" => greenroom = words.next().unwrap_or_default().into(),
            "--json" => json = true,
            "--only" => only = words.next(),
            other => {
                eprintln!("serve_bench: {other} means nothing to me");
                return ExitCode::from(2);
            }
        }
    }
    // Whatever ends this, the servers it started end with it.
    let done = tokio::select! {
        done = run(greenroom, json, only.as_deref()) => done,
        () = told_to_stop() => Err("interrupted".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve_bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(greenroom: PathBuf, json: bool, only: Option<&str>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut bench = Bench::new(&greenroom, folder.path())?;
    let wanted = |part: &str| only.is_none_or(|only| only == part);
    if wanted("webhooks") {
        bench.webhooks().await?;
    }
    if wanted("killed") {
        bench.killed().await?;
    }
    if wanted("past") {
        bench.past().await?;
    }
    if json {
        println!("{}", bench.report.json()?);
    } else {
        print!("{}", bench.report.table());
    }
    Ok(())
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate()).ok();
    let terminated = async {
        match &mut terminated {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
