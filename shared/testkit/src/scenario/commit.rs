//! What people do with git, and the webhooks GitHub sends of it.

use super::act::{Change, Git};
use super::world::World;
use crate::demo::Result;
use crate::demo::github::Delivery;
use crate::demo::server::{WEBHOOK_SECRET, until};
use crate::demo::world::REPOSITORY_ID;
use crate::github_payloads::{Person, PullRequest, PullRequestAction, Push, Repository, ZEROS};
use crate::sample_repo::{Author, Edit};

/// What the smoke tests of every example look at.
const TOTAL: &str = "site/total.json";
const RIGHT: &str = "{ \"items\": 2, \"price\": 450, \"total\": 900 }\n";
const WRONG: &str = "{ \"items\": 2, \"price\": 450, \"total\": 450 }\n";
/// What the builds of every example look for.
const UNBUILDABLE: &str = "site/UNFINISHED";

/// Does it and tells Greenroom; answers what GitHub was told.
pub async fn perform(world: &mut World, who: &Author, what: &Git) -> Result<Vec<String>> {
    let (event, body) = match what {
        Git::Commit {
            branch,
            subject,
            change,
        } => commit(world, who, branch, subject.as_deref(), *change)?,
        Git::Branch { branch, from } => {
            world.repo()?.branch(branch, from)?;
            pushed(world, who, branch, ZEROS)?
        }
        Git::Merge { from, into } => {
            let before = world.repo()?.head(into)?;
            world.repo()?.merge(into, who, from)?;
            pushed(world, who, into, &before)?
        }
        Git::Rebase { branch, onto } => {
            let before = world.repo()?.head(branch)?;
            world.repo()?.rebase(branch, who, onto)?;
            pushed(world, who, branch, &before)?
        }
        Git::Tag { branch, tag } => {
            world
                .repo()?
                .tag(tag, branch, who, Some(&format!("Release {tag}")))?;
            let push = world.repo()?.tag_push(repository(world)?, tag, who)?;
            ("push", push.body())
        }
        Git::Delete { branch } => {
            let before = world.repo()?.head(branch)?;
            world.repo()?.delete_branch(branch)?;
            let reference = format!("refs/heads/{branch}");
            let push = Push::deletion(repository(world)?, &reference, &before, who.person());
            ("push", push.body())
        }
        Git::OpenPull { from, into } => {
            world.pulls.push(from.clone());
            (
                "pull_request",
                pull(world, who.person(), from, into)?.body(),
            )
        }
        Git::ForkPull { into } => {
            world.pulls.push("a fork".to_owned());
            ("pull_request", fork_pull(world, into)?)
        }
        Git::ClosePull { from } => {
            let (_, default_branch) = world.app()?;
            let into = default_branch.to_owned();
            let mut pull = pull(world, who.person(), from, &into)?;
            pull.action = PullRequestAction::Closed { merged: false };
            ("pull_request", pull.body())
        }
    };
    world.repo()?.publish(&world.origin())?;
    tell(world, event, body).await
}

fn commit(
    world: &mut World,
    who: &Author,
    branch: &str,
    subject: Option<&str>,
    change: Change,
) -> Result<(&'static str, String)> {
    let new = world.repo()?.head(branch).is_err();
    if new {
        let from = base(world)?;
        world.repo()?.branch(branch, &from)?;
    }
    let before = if new {
        ZEROS.to_owned()
    } else {
        world.repo()?.head(branch)?
    };
    let subject = match (subject, change) {
        (Some(subject), _) => subject.to_owned(),
        (None, Change::Bug) => "Add up faster".to_owned(),
        (None, Change::Fix) => "Add up correctly".to_owned(),
        (None, Change::Unbuildable) => "Begin something new".to_owned(),
        (None, Change::Harmless) => format!("Work on {branch}"),
    };
    // Two commits with one name could not be told apart.
    let known = world.repo()?.subjects()?;
    let again = known
        .iter()
        .filter(|(_, one)| one.starts_with(&subject))
        .count();
    let subject = if again == 0 {
        subject
    } else {
        format!("{subject}, part {}", again + 1)
    };
    world.commits += 1;
    let note = format!("{subject}\n");
    let mut edits = match change {
        Change::Harmless => Vec::new(),
        Change::Bug => vec![Edit::write(TOTAL, WRONG)],
        Change::Fix => vec![Edit::write(TOTAL, RIGHT)],
        Change::Unbuildable => vec![Edit::write(UNBUILDABLE, &note)],
    };
    edits.extend(world.changes(&subject)?);
    // A file of its own: changes of two branches never conflict.
    edits.push(Edit::write(
        &format!("site/changes/{}.txt", world.commits),
        &note,
    ));
    world.repo()?.commit(branch, who, &subject, &edits)?;
    pushed(world, who, branch, &before)
}

/// What a new branch starts from: `develop` where there is one, else the default branch.
fn base(world: &World) -> Result<String> {
    let (_, default_branch) = world.app()?;
    let develop = world.repo()?.head("develop").is_ok();
    Ok(if develop { "develop" } else { default_branch }.to_owned())
}

fn repository(world: &World) -> Result<Repository> {
    let (app, default_branch) = world.app()?;
    Ok(Repository::new(REPOSITORY_ID, app, default_branch))
}

fn pushed(
    world: &World,
    who: &Author,
    branch: &str,
    before: &str,
) -> Result<(&'static str, String)> {
    let push = world
        .repo()?
        .push(repository(world)?, branch, before, who)?;
    Ok(("push", push.body()))
}

/// A pull request, numbered by the branch it comes from.
fn pull(world: &World, person: Person, from: &str, into: &str) -> Result<PullRequest> {
    let number = world.pulls.iter().position(|one| one == from);
    let number = number.ok_or_else(|| format!("there is no pull request from {from}"))?;
    let head = world.repo()?.head(from)?;
    let now = jiff::Timestamp::now();
    let number = u64::try_from(number)? + 1;
    let repository = repository(world)?;
    let mut pull = PullRequest::opened(repository, number, person, from, &head, now);
    pull.base_branch = into.to_owned();
    pull.base = world.repo()?.head(into)?;
    Ok(pull)
}

fn fork_pull(world: &World, into: &str) -> Result<String> {
    let (app, default_branch) = world.app()?;
    let stranger = Person::new("mallory", 66_600);
    let head = world.repo()?.head(into)?;
    let number = u64::try_from(world.pulls.len())?;
    let now = jiff::Timestamp::now();
    let name = app.split_once('/').map_or(app, |(_, name)| name);
    let fork = format!("mallory/{name}");
    let fork = Repository {
        fork: true,
        ..Repository::new(REPOSITORY_ID + 1, &fork, default_branch)
    };
    let mut pull = PullRequest::opened(repository(world)?, number, stranger, "gift", &head, now);
    pull.head_repository = Some(fork);
    pull.base_branch = into.to_owned();
    pull.author_association = "NONE".to_owned();
    Ok(pull.body())
}

/// Sends the webhook, waits until it is decided, and answers what it led to if that is nothing.
async fn tell(world: &mut World, event: &'static str, body: String) -> Result<Vec<String>> {
    if !world.webhooks_arrive {
        return Ok(vec!["GitHub's webhook gets lost".to_owned()]);
    }
    world.deliveries += 1;
    let delivery = Delivery::new(world.deliveries, event, body);
    let talk = world.talk()?;
    let (status, answer) = delivery.send(talk, WEBHOOK_SECRET).await?;
    if status != 202 {
        return Ok(vec![format!("GitHub's webhook is refused: {answer}")]);
    }
    if answer["status"] == "ignored" {
        return Ok(vec![format!(
            "ignored: {}",
            answer["why"].as_str().unwrap_or_default()
        )]);
    }
    let became = until("the webhook is decided", async || {
        let record = talk.get(&format!("/deliveries/{}", delivery.id)).await?;
        let status = record["status"].clone();
        Ok((status["status"] != "received").then_some(status))
    });
    let became = became.await?;
    let nowhere = became["stages"].as_array().is_none_or(Vec::is_empty);
    Ok(match became["status"].as_str() {
        Some("decided") if nowhere => vec!["it leads to no stage".to_owned()],
        Some("decided") => Vec::new(),
        Some(other) => vec![format!(
            "{other}: {}",
            became["why"].as_str().unwrap_or_default()
        )],
        None => Vec::new(),
    })
}
