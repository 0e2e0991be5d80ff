//! The sample's past: who did what, when.

use std::fs;
use std::io;

use super::{ALICE, Author, BOB, CARLA, Edit, OLGA, SampleRepo, files};

/// Writes it all into a new repository.
pub fn write(repository: &SampleRepo, stage_file: &str) -> io::Result<()> {
    fs::create_dir_all(&repository.folder)?;
    if fs::read_dir(&repository.folder)?.next().is_some() {
        return Err(io::Error::other(format!(
            "{} is not empty",
            repository.folder.display()
        )));
    }
    repository.git(&["init", "--quiet", "--initial-branch=master"])?;
    // The first commit has no branch to check out, so it begins as a commit on nothing.
    super::git::run(
        &repository.folder,
        &["commit", "--quiet", "--allow-empty", "-m", "Begin"],
        Some(&OLGA),
        Some("2026-03-02T09:12:44+01:00"),
    )?;
    let commit = |branch: &str, author: &Author, at: &str, subject: &str, edits: &[Edit]| {
        repository
            .commit_at(branch, author, subject, edits, Some(at))
            .map(drop)
    };
    let master = "master";
    let say = "Say what the service is for";
    commit(
        master,
        &OLGA,
        "2026-03-02T09:40:03+01:00",
        say,
        &all(files::BEGINNING),
    )?;
    let take = "Take orders and keep them";
    commit(
        master,
        &BOB,
        "2026-03-03T16:21:09+01:00",
        take,
        &all(files::SERVICE),
    )?;
    let build = "Build the same bytes anywhere, one instance a stage";
    commit(
        master,
        &CARLA,
        "2026-03-05T11:03:57+01:00",
        build,
        &all(files::SCRIPTS),
    )?;
    let test = "Test totals and coupons against a stage";
    commit(
        master,
        &ALICE,
        "2026-03-09T10:30:00+01:00",
        test,
        &all(files::SMOKE),
    )?;
    let stages = [Edit::write("greenroom.yaml", stage_file)];
    let lead = "Lead every change through its stages";
    commit(master, &CARLA, "2026-03-10T14:55:31+01:00", lead, &stages)?;

    repository.branch("release/1.0", master)?;
    let limits = [Edit::replace(
        "src/order.rs",
        "ITEMS_MAX: usize = 100",
        "ITEMS_MAX: usize = 50",
    )];
    let fewer = "Take at most 50 items for 1.0";
    commit(
        "release/1.0",
        &BOB,
        "2026-03-11T09:02:18+01:00",
        fewer,
        &limits,
    )?;

    repository.branch("develop", master)?;
    let pot = [Edit::replace(
        "src/order.rs",
        "QUANTITY_MAX: i64 = 1_000",
        "QUANTITY_MAX: i64 = 2_000",
    )];
    let more = "Take larger quantities";
    commit("develop", &BOB, "2026-03-11T17:45:00+01:00", more, &pot)?;

    let feature = "feature/alice-coupons";
    repository.branch(feature, "develop")?;
    let coupon = [Edit::replace(
        "src/pricing.rs",
        "(\"STAFF\", 30)",
        "(\"STAFF\", 30), (\"SPRING\", 15)",
    )];
    let spring = "Give 15 percent in spring";
    commit(
        feature,
        &ALICE,
        "2026-03-12T08:58:26+01:00",
        spring,
        &coupon,
    )?;
    repository.git(&["checkout", "--quiet", master]).map(drop)
}

fn all(files: &[(&str, &str)]) -> Vec<Edit> {
    files
        .iter()
        .map(|(path, text)| Edit::write(path, text))
        .collect()
}
