//! Doing what a sentence means. What is said back at once is answered as lines.

use serde_json::Value;

use super::act::Act;
use super::world::World;
use super::{artifact, commit, pass};
use crate::demo::Result;
use crate::sample_repo::Author;

/// Does it, and waits until everything that follows from it is done.
pub async fn perform(world: &mut World, act: &Act) -> Result<Vec<String>> {
    match act {
        Act::Begin { at, branches } => {
            world.begin(*at, branches).await?;
            Ok(Vec::new())
        }
        Act::Git { who, what } => commit::perform(world, who, what).await,
        Act::Pass(length) => pass::pass(world, *length).await.map(|()| Vec::new()),
        Act::Type { who, words } => typed(world, who, words).await,
        Act::TypeOf {
            who,
            words,
            subject,
        } => {
            let id = world.commit_of(subject)?;
            let mut words = words.clone();
            words.push(id);
            typed(world, who, &words).await
        }
        Act::Where { who, subject } => {
            let words = ["journey".to_owned(), world.commit_of(subject)?];
            typed(world, who, &words).await
        }
        Act::Open { stage } => open(world, stage).await,
        Act::Visit => shown_at(world, &format!("{}/users/www", world.sites.address)).await,
        Act::Service { stage, is } => {
            world.sites.set(stage, *is);
            Ok(Vec::new())
        }
        Act::Beside { stage, there } => {
            let folder = world.folder().join("sites").join(stage);
            let notes = folder.join("notes.txt");
            if *there {
                std::fs::create_dir_all(&folder)?;
                std::fs::write(notes, "by hand\n")?;
            } else {
                std::fs::remove_file(notes)?;
            }
            Ok(Vec::new())
        }
        Act::Webhooks { arrive } => {
            world.webhooks_arrive = *arrive;
            Ok(Vec::new())
        }
        Act::Page { stage, page } => {
            world.sites.fail_at(stage, page);
            Ok(Vec::new())
        }
        Act::Docs { stage } => docs(world, stage).await,
        Act::Artifact { subject, whole } => artifact::perform(world, subject, *whole).await,
    }
}

/// Somebody types a command: the real program, as it would be typed.
async fn typed(world: &World, who: &Author, words: &[String]) -> Result<Vec<String>> {
    let output = tokio::process::Command::new(world.greenroom())
        .args(words)
        .arg("--data")
        .arg(world.data())
        .env("GREENROOM_USER", who.login)
        .env("NO_COLOR", "1")
        .output()
        .await?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let shown = words.iter().map(|word| {
        if word.contains(' ') {
            format!("'{word}'")
        } else {
            word.clone()
        }
    });
    let end = match output.status.code() {
        Some(0) => String::new(),
        Some(code) => format!(" (exit {code})"),
        None => " (killed)".to_owned(),
    };
    let mut lines = vec![format!(
        "$ greenroom {}{end}",
        shown.collect::<Vec<_>>().join(" ")
    )];
    // Everything here is a rehearsal; it need not be said each time.
    let said = out
        .lines()
        .chain(err.lines())
        .filter(|line| !line.contains("THIS IS A REHEARSAL"));
    lines.extend(said.skip_while(|line| line.is_empty()).map(str::to_owned));
    Ok(lines)
}

/// The page of a stage's API, as it is read.
async fn docs(world: &World, stage: &str) -> Result<Vec<String>> {
    let path = format!("/api/v1/stages/{stage}/docs");
    let page = world.talk()?.get_text(&path).await?;
    let mut lines = vec![format!("the docs of {stage} say:")];
    lines.extend(read(&page).map(|line| format!("  {line}")));
    Ok(lines)
}

/// The lines of a page without its markup and style.
fn read(page: &str) -> impl Iterator<Item = String> {
    let body = page.split_once("<body>").map_or(page, |(_, body)| body);
    let mut text = String::new();
    for (n, part) in body.split('<').enumerate() {
        let (tag, rest) = match n {
            0 => ("body", part),
            _ => part.split_once('>').unwrap_or((part, "")),
        };
        let name = tag.trim_start_matches('/');
        let inline = ["span", "code", "b", "em", "strong", "td", "th", "a"];
        let is_inline = inline.contains(&name.split(' ').next().unwrap_or_default());
        text.push(if is_inline { ' ' } else { '\n' });
        text += rest;
    }
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    let lines: Vec<_> = plain
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    lines.into_iter().filter(|line| !line.is_empty())
}

/// What the service of a stage says of itself.
async fn open(world: &World, stage: &str) -> Result<Vec<String>> {
    let card = world.talk()?.get(&format!("/stages/{stage}")).await?;
    let Some(url) = card["url"].as_str() else {
        return Ok(vec![format!("{stage} has no address yet")]);
    };
    shown_at(world, url).await
}

async fn shown_at(world: &World, url: &str) -> Result<Vec<String>> {
    let about = match world.talk()?.fetch(&format!("{url}/about.json")).await {
        Ok(about) => about,
        Err(_) => return Ok(vec![format!("{url} shows an error")]),
    };
    let mut lines = vec![format!("{url} says:")];
    for (name, value) in about.as_object().into_iter().flatten() {
        let value = value
            .as_str()
            .map_or_else(|| Value::to_string(value), str::to_owned);
        lines.push(format!("  {name}: {value}"));
    }
    Ok(lines)
}

impl World {
    /// The commit with this subject.
    pub fn commit_of(&self, subject: &str) -> Result<String> {
        let all = self.repo()?.subjects()?;
        let found = all.into_iter().find(|(_, known)| known == subject);
        found
            .map(|(id, _)| id)
            .ok_or_else(|| format!("no commit is called {subject:?}").into())
    }
}
