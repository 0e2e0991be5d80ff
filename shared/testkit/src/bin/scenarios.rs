//! `make scenarios`: plays every example's scenario against the real server, and compares what
//! came of it with its transcript. `scenarios --greenroom BINARY [--update] [NAME]...`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use greenroom_testkit::demo::Result;
use greenroom_testkit::scenario::{Example, SENTENCES, difference};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let mut greenroom = PathBuf::from("target/debug/greenroom");
    let (mut update, mut names) = (false, Vec::new());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--greenroom" => greenroom = words.next().unwrap_or_default().into(),
            "--update" => update = true,
            "--sentences" => {
                SENTENCES.iter().for_each(|one| println!("{}", one.pattern));
                return ExitCode::SUCCESS;
            }
            _ => names.push(word),
        }
    }
    let played = tokio::select! {
        played = play(&greenroom, update, &names) => played,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    match played {
        Ok(0) => ExitCode::SUCCESS,
        Ok(wrong) => {
            eprintln!(
                "scenarios: {wrong} went another way than their transcripts; `make scenarios UPDATE=1` rewrites them"
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("scenarios: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays those named, or all; answers how many went another way.
async fn play(greenroom: &Path, update: bool, names: &[String]) -> Result<usize> {
    let all = Example::all(Path::new("examples"))?;
    if let Some(unknown) = names
        .iter()
        .find(|name| all.iter().all(|one| one.name != **name))
    {
        let known: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
        return Err(format!("there is no scenario {unknown}, only {}", known.join(", ")).into());
    }
    let mut wrong = 0;
    for example in all
        .iter()
        .filter(|one| names.is_empty() || names.contains(&one.name))
    {
        let begun = Instant::now();
        let folder = tempfile::tempdir()?;
        let played = example
            .play(greenroom, &folder.path().join("scenario"))
            .await;
        let now = played.inspect_err(|_| drop(folder.keep()))?;
        let seconds = begun.elapsed().as_secs_f64();
        match difference(&example.golden(), &now) {
            None => println!("{}: as its transcript says ({seconds:.1} s)", example.name),
            Some(_) if update => {
                std::fs::write(example.transcript(), &now)?;
                println!(
                    "{}: {} is rewritten ({seconds:.1} s)",
                    example.name,
                    example.transcript().display()
                );
            }
            Some(difference) => {
                println!("{}: {difference}", example.name);
                wrong += 1;
            }
        }
    }
    Ok(wrong)
}
