//! Pull requests from forks: what GitHub keeps of them is read, and nothing of it runs unapproved.

use greenroom_app::Error;
use greenroom_app::records::DeliveryStatus;
use greenroom_core::command::Command;
use greenroom_core::mark::Saying;
use greenroom_core::name::{DeliveryId, Revision};
use greenroom_core::principal::Principal;
use greenroom_core::waiting::Wait;
use greenroom_testkit::github_payloads::{Person, PullRequest, PullRequestAction, Repository};
use greenroom_testkit::world::{Execution, World};
use jiff::Timestamp;

use crate::STAGE_FILE;

const MARK: &str = "ok-to-deploy";
const HEAD: &str = "refs/pull/6/head";

fn world() -> World {
    let marks =
        "roles: { owner: [bob, mallory] }\nmarks: { ok-to-deploy: { by: [owner] } }\nstages:\n";
    let file = STAGE_FILE
        .replace("base: master }", "base: master, forks: ok-to-deploy }")
        .replace("stages:\n", marks);
    World::new(&file)
}

/// A commit that the fork of `mallory` has, and no branch of the repository.
fn proposed(world: &World, text: &str) -> Revision {
    let source = &world.ports().source;
    let revision = source.commit("proposed", "mallory", text, &[]);
    source.set("refs/heads/proposed", None);
    source.set(HEAD, Some(&revision));
    revision
}

fn pull(world: &World, revision: &Revision) -> PullRequest {
    let (at, mallory) = (Timestamp::UNIX_EPOCH, Person::new("mallory", 666));
    let head = revision.as_str();
    let mut pull = PullRequest::opened(world.github(), 6, mallory, "gift", head, at);
    pull.head_repository = Some(Repository::new(500, "mallory/orders", "master"));
    pull
}

fn tell(world: &mut World, pull: &PullRequest) -> String {
    let id = world.delivery();
    assert_eq!(world.post("pull_request", &id, &pull.body()).status, 202);
    world.settle();
    id
}

fn say(world: &mut World, who: &str, release: &str) -> Result<(), Error> {
    let principal = Principal::Person {
        name: who.to_owned(),
    };
    let saying = Saying::Mark {
        mark: MARK.to_owned(),
        note: None,
    };
    let said = world.app.mark(world.id, release, &principal, &saying);
    world.now(said)?.expect("it is granted");
    world.settle();
    Ok(())
}

fn codes(world: &World) -> Vec<&'static str> {
    let explained = world.now(world.app.explain(&world.stage_id("pr-6")));
    let (_, plan) = explained.expect("it is explained");
    plan.waiting_on.iter().map(Wait::code).collect()
}

fn command(world: &World, command: &Command) {
    let id = world.stage_id("pr-6");
    let principal = World::operator();
    let asked = world.app.command(&id, &principal, command);
    let answer = world.now(asked).expect("it is decided");
    assert!(answer.is_ok(), "{answer:?}");
}

/// What was ever started for this commit, builds and deployments.
fn started(world: &World, revision: &Revision) -> usize {
    let executions = world.ports().pipelines.executions();
    let of = |it: &&Execution| it.request.revision == *revision;
    executions.iter().filter(of).count()
}

#[test]
fn a_fork_is_deployed_once_its_exact_commit_is_approved_and_its_next_one_waits_again() {
    let mut world = world();
    let first = proposed(&world, "a gift");
    let opened = pull(&world, &first);
    tell(&mut world, &opened);
    assert_eq!(codes(&world), ["fork_unapproved"]);
    assert_eq!(started(&world, &first), 0);
    say(&mut world, "bob", first.as_str()).expect("marked");
    assert_eq!(world.stands("pr-6"), Some(first.clone()));
    let second = proposed(&world, "another gift");
    let mut moved = pull(&world, &second);
    moved.action = PullRequestAction::Synchronize {
        before: first.to_string(),
    };
    tell(&mut world, &moved);
    assert_eq!(codes(&world), ["fork_unapproved"]);
    assert_eq!(started(&world, &second), 0);
    assert_eq!(world.stands("pr-6"), Some(first));
    moved.action = PullRequestAction::Closed { merged: false };
    tell(&mut world, &moved);
    assert_eq!(codes(&world), ["up_to_date"]);
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn of_a_fork_what_the_repository_holds_is_taken_and_not_what_was_told() {
    let mut world = world();
    let approved = world.push("develop", "bob");
    say(&mut world, "bob", approved.as_str()).expect("marked");
    let evil = proposed(&world, "a gift");
    // Told of what was approved, of a branch that the repository has as well.
    let mut told = pull(&world, &approved);
    told.head_branch = "develop".to_owned();
    tell(&mut world, &told);
    let stage = world.stage("pr-6").expect("a stage");
    let candidate = stage.candidate.expect("a candidate");
    assert_eq!(candidate.revision, evil);
    assert_eq!(candidate.reference.expect("a reference").as_str(), HEAD);
    assert_eq!(
        (codes(&world), started(&world, &evil)),
        (vec!["fork_unapproved"], 0)
    );
}

#[test]
fn a_fork_is_approved_by_all_digits_of_its_commit_and_by_no_name_of_it() {
    let mut world = world();
    let first = proposed(&world, "a gift");
    let opened = pull(&world, &first);
    tell(&mut world, &opened);
    for name in [HEAD, &first.as_str()[..12]] {
        let refused = say(&mut world, "bob", name);
        match refused {
            Err(Error::Invalid { help, .. }) => assert!(help.contains(first.as_str()), "{help}"),
            // Nobody has built it, so its first digits name nothing.
            Err(Error::NotFound { .. }) => assert_ne!(name, HEAD),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(codes(&world), ["fork_unapproved"]);
}

#[test]
fn whoever_opened_a_pull_request_from_a_fork_does_not_approve_it() {
    let mut world = world();
    let first = proposed(&world, "a gift");
    let opened = pull(&world, &first);
    tell(&mut world, &opened);
    say(&mut world, "mallory", first.as_str()).expect("marked");
    assert_eq!(codes(&world), ["fork_unapproved"]);
    // Nor when somebody else has set a label since.
    let mut labelled = opened;
    labelled.action = PullRequestAction::Other("ready_for_review".to_owned());
    labelled.sender = Person::new("bob", 7);
    tell(&mut world, &labelled);
    assert_eq!(codes(&world), ["fork_unapproved"]);
    assert_eq!(started(&world, &first), 0);
}

#[test]
fn an_admission_of_a_fork_that_has_not_seen_its_approval_withdrawn_is_refused() {
    let mut world = world();
    let first = proposed(&world, "a gift");
    let opened = pull(&world, &first);
    tell(&mut world, &opened);
    let lock = Command::Lock {
        reason: "for now".to_owned(),
        until: None,
    };
    command(&world, &lock);
    say(&mut world, "bob", first.as_str()).expect("marked");
    assert_eq!(codes(&world), ["locked"]);
    command(&world, &Command::Unlock);
    let stage = world.stage("pr-6").expect("a stage");
    let run = stage.run.filter(|run| !run.is_admitted()).expect("a claim");
    let saying = Saying::Unmark {
        mark: MARK.to_owned(),
    };
    let principal = World::operator();
    let said = world
        .app
        .mark(world.id, first.as_str(), &principal, &saying);
    world.now(said).expect("decided").expect("granted");
    let admit = Command::Admit {
        generation: run.generation,
        nonce: run.nonce,
        execution: run.execution.unwrap_or_else(|| "exec-1".into()),
        revision: first,
    };
    let id = world.stage_id("pr-6");
    let asked = world.app.command(&id, &Principal::Pipeline, &admit);
    let no = world.now(asked).expect("decided").expect_err("refused");
    assert!(no.why.contains("is of a fork"), "{}", no.why);
}

#[test]
fn a_fork_gets_no_stage_where_the_stage_file_does_not_say_so() {
    let mut world = World::new(STAGE_FILE);
    let first = proposed(&world, "a gift");
    let opened = pull(&world, &first);
    let id = tell(&mut world, &opened);
    let read = world.now(world.app.delivery(&DeliveryId::new(id.as_str())));
    let status = read.expect("the store answers").expect("a delivery");
    assert!(
        matches!(status.record.status, DeliveryStatus::Ignored { why } if why.contains("`forks`"))
    );
    assert!(world.stage("pr-6").is_none());
}

#[test]
fn a_refresh_reads_the_head_of_a_fork_whose_webhook_was_lost() {
    let mut world = world();
    let first = proposed(&world, "a gift");
    let opened = pull(&world, &first);
    tell(&mut world, &opened);
    let second = proposed(&world, "another gift");
    command(&world, &Command::Refresh);
    world.settle();
    let waits = world.stage("pr-6").and_then(|stage| stage.candidate);
    assert_eq!(waits.map(|it| it.revision), Some(second.clone()));
    assert_eq!(
        (codes(&world), started(&world, &second)),
        (vec!["fork_unapproved"], 0)
    );
    say(&mut world, "bob", second.as_str()).expect("marked");
    assert_eq!(world.stands("pr-6"), Some(second));
}
