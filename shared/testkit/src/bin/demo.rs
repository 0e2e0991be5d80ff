//! `make demo` and `make run`: the main job on real input.
//!
//! `demo --greenroom BINARY` tells the whole story and leaves nothing running.
//! `demo --greenroom BINARY serve` leaves it serving; `demo push BRANCH` pushes to it.

use std::path::PathBuf;
use std::process::ExitCode;

use greenroom_testkit::demo;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (mut greenroom, mut folder) = (
        PathBuf::from("target/debug/greenroom"),
        PathBuf::from(".demo"),
    );
    let mut rest = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--greenroom" => greenroom = words.next().unwrap_or_default().into(),
            "--folder" => folder = words.next().unwrap_or_default().into(),
            _ => rest.push(word),
        }
    }
    let done = match rest
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => demo::tell(&greenroom, &folder).await,
        ["serve"] => demo::stay(&greenroom, &folder).await,
        ["push", branch] => demo::push(&folder, branch).await,
        _ => Err("usage: demo [--greenroom BINARY] [--folder DIR] [serve | push BRANCH]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}
