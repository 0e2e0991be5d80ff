//! Records what hurl says about the corpus in `tests/corpus/verdicts.json`. Our tests hold our own
//! verdicts to that file; it is written once and again only when the corpus grows:
//! `cargo run -p greenroom-suites --example record_verdicts -- PATH_TO_HURL`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use corpus::{Recorded, Recording, VARIABLES};
use serde_json::Value;

#[path = "../tests/common/corpus.rs"]
mod corpus;
#[path = "../tests/common/server.rs"]
mod server;

type Anyhow<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Anyhow<()> {
    let hurl = std::env::args()
        .nth(1)
        .ok_or("usage: record_verdicts PATH_TO_HURL")?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let base_url = format!("http://{}", listener.local_addr()?);
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Ends with the process.
    std::thread::spawn(move || {
        runtime.block_on(async {
            server::serve(tokio::net::TcpListener::from_std(listener)?).await;
            Ok::<_, std::io::Error>(())
        })
    });

    let version = Command::new(&hurl).arg("--version").output()?.stdout;
    let version = String::from_utf8_lossy(&version)
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ");
    let mut files = BTreeMap::new();
    for (name, path) in corpus::files() {
        let recorded =
            record(&hurl, &base_url, &path).map_err(|error| format!("{name}: {error}"))?;
        files.insert(name, recorded);
    }
    let text = serde_json::to_string_pretty(&Recording {
        hurl: version,
        files,
    })?;
    std::fs::write(corpus::folder().join("verdicts.json"), text + "\n")?;
    Ok(())
}

fn record(hurl: &str, base_url: &str, path: &Path) -> Anyhow<Recorded> {
    let mut command = Command::new(hurl);
    command
        .args(["--json", "--no-color", "--variable"])
        .arg(format!("base_url={base_url}"));
    for (name, value) in VARIABLES {
        command.arg("--variable").arg(format!("{name}={value}"));
    }
    let output = command.arg(path).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let result: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("hurl did not run it: {said}"))?;
    let success = result["success"]
        .as_bool()
        .ok_or("no success in hurl's answer")?;
    let mut lines = BTreeSet::new();
    if !success {
        let last = result["entries"]
            .as_array()
            .and_then(|entries| entries.last())
            .ok_or("no entries in hurl's answer")?;
        let asserts = last["asserts"].as_array().into_iter().flatten();
        lines.extend(
            asserts
                .filter(|assert| assert["success"] == false)
                .filter_map(|assert| assert["line"].as_u64())
                .map(|line| line as u32),
        );
        if lines.is_empty() {
            // Not an assert: the message of the error tells the place, as `  --> file:line:column`.
            let places = said
                .lines()
                .filter_map(|line| line.trim().strip_prefix("--> "));
            lines.extend(places.filter_map(|place| place.rsplit(':').nth(1)?.parse::<u32>().ok()));
        }
        if lines.is_empty() {
            return Err(format!("it fails on no line: {said}").into());
        }
    }
    Ok(Recorded { success, lines })
}
