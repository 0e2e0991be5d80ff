//! The sample's past: who did what, when.

use std::fs;
use std::io;

use super::{ALICE, Author, BOB, CARLA, Edit, OLGA, SampleRepo, files, git};

const COUPONS: &str = "feature/alice-coupons";

/// Writes it all into a new repository.
pub fn write(repository: &SampleRepo, stage_file: &str) -> io::Result<()> {
    begin(repository)?;
    for commit in master(stage_file) {
        commit.write(repository)?;
    }
    repository.branch("release/1.0", "master")?;
    repository.branch("develop", "master")?;
    for commit in [fewer_items(), larger_quantities()] {
        commit.write(repository)?;
    }
    repository.branch(COUPONS, "develop")?;
    spring_coupon().write(repository)?;
    repository.git(&["checkout", "--quiet", "master"]).map(drop)
}

/// The first commit: there is no branch to check out yet.
fn begin(repository: &SampleRepo) -> io::Result<()> {
    let folder = repository.folder();
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Err(io::Error::other(format!(
            "{} is not empty",
            folder.display()
        )));
    }
    repository.git(&["init", "--quiet", "--initial-branch=master"])?;
    let empty = ["commit", "--quiet", "--allow-empty", "-m", "Begin"];
    git::run(
        folder,
        &empty,
        Some(&OLGA),
        Some("2026-03-02T09:12:44+01:00"),
    )
    .map(drop)
}

struct Past {
    branch: &'static str,
    author: Author,
    at: &'static str,
    subject: &'static str,
    edits: Vec<Edit>,
}

impl Past {
    fn write(&self, repository: &SampleRepo) -> io::Result<()> {
        let Self {
            branch,
            author,
            at,
            subject,
            edits,
        } = self;
        repository
            .commit_at(branch, author, subject, edits, at)
            .map(drop)
    }
}

fn master(stage_file: &str) -> Vec<Past> {
    let on_master = |author, at, subject, edits| Past {
        branch: "master",
        author,
        at,
        subject,
        edits,
    };
    vec![
        on_master(
            OLGA,
            "2026-03-02T09:40:03+01:00",
            "Say what the service is for",
            all(files::BEGINNING),
        ),
        on_master(
            BOB,
            "2026-03-03T16:21:09+01:00",
            "Take orders and keep them",
            all(files::SERVICE),
        ),
        on_master(
            CARLA,
            "2026-03-05T11:03:57+01:00",
            "Build the same bytes anywhere, run one instance a stage",
            all(files::SCRIPTS),
        ),
        on_master(
            ALICE,
            "2026-03-09T10:30:00+01:00",
            "Test totals and coupons against a stage",
            all(files::SMOKE),
        ),
        on_master(
            CARLA,
            "2026-03-10T14:55:31+01:00",
            "Lead every change through its stages",
            vec![Edit::write("greenroom.yaml", stage_file)],
        ),
    ]
}

fn fewer_items() -> Past {
    let (from, to) = ("ITEMS_MAX: usize = 100", "ITEMS_MAX: usize = 50");
    Past {
        branch: "release/1.0",
        author: BOB,
        at: "2026-03-11T09:02:18+01:00",
        subject: "Take at most 50 items for 1.0",
        edits: vec![Edit::replace("src/order.rs", from, to)],
    }
}

fn larger_quantities() -> Past {
    let (from, to) = ("QUANTITY_MAX: i64 = 1_000", "QUANTITY_MAX: i64 = 2_000");
    Past {
        branch: "develop",
        author: BOB,
        at: "2026-03-11T17:45:00+01:00",
        subject: "Take larger quantities",
        edits: vec![Edit::replace("src/order.rs", from, to)],
    }
}

fn spring_coupon() -> Past {
    let (from, to) = ("(\"STAFF\", 30)", "(\"STAFF\", 30), (\"SPRING\", 15)");
    Past {
        branch: COUPONS,
        author: ALICE,
        at: "2026-03-12T08:58:26+01:00",
        subject: "Give 15 percent in spring",
        edits: vec![Edit::replace("src/pricing.rs", from, to)],
    }
}

fn all(files: &[(&str, &str)]) -> Vec<Edit> {
    files
        .iter()
        .map(|(path, text)| Edit::write(path, text))
        .collect()
}
