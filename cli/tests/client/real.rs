//! The same commands against the server of this very program, so that neither side drifts.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::program::{Place, Ran};

const STAGE_FILE: &str = r#"
version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: "mkdir dist && git rev-parse HEAD > dist/revision", once: true, artifact: dist/ }
      - { name: deploy, run: "echo deploying to $GREENROOM_STAGE" }
channels: { log: { console: {} } }
stages:
  dev: { from: { branch: develop }, pipeline: service, alert: [log] }
"#;

/// A server that is stopped, and waited for, when dropped.
struct Served {
    place: Place,
    child: Child,
}

impl Served {
    fn start() -> Self {
        let place = Place::new();
        let repository = place.folder.path().join("repository");
        fs::create_dir(&repository).expect("a folder");
        fs::write(repository.join("greenroom.yaml"), STAGE_FILE).expect("a stage file");
        git(
            &repository,
            &["init", "--quiet", "--initial-branch", "develop"],
        );
        git(&repository, &["add", "."]);
        git(&repository, &["commit", "--quiet", "--message", "Begin"]);
        let mut command =
            place.command("serve --listen 127.0.0.1:0 --data real --poll 1s --git repository");
        command
            .args(["-f", "repository/greenroom.yaml"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().expect("the server starts");
        let served = Self { place, child };
        let address = served.place.folder.path().join("real/address");
        let deadline = Instant::now() + Duration::from_secs(30);
        while !address.exists() {
            assert!(Instant::now() < deadline, "the server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        served
    }

    fn run(&self, words: &str) -> Ran {
        let mut command = self.place.command(words);
        let output = command.args(["--data", "real"]).output();
        self.place.told(output.expect("the program runs"))
    }

    fn ok(&self, words: &str) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.exit, 0, "{words}: {}{}", ran.stdout, ran.stderr);
        ran
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn git(repository: &Path, words: &[&str]) {
    let status = Command::new("git")
        .args([
            "-c",
            "user.name=alice",
            "-c",
            "user.email=alice@example.com",
        ])
        .args(words)
        .current_dir(repository)
        .status()
        .expect("git runs");
    assert!(status.success(), "git {words:?}");
}

#[test]
fn every_look_and_command_is_understood_by_the_real_server() {
    let served = Served::start();
    served.ok("wait dev --timeout 60s");
    let board = served.ok("status --json").json();
    assert_eq!(board["apps"][0]["stages"][0]["health"], "green");
    let revision = board["apps"][0]["stages"][0]["deployed"]["revision"].clone();
    let revision = revision.as_str().expect("a revision");
    served.ok(&format!("wait dev {revision} --for revision"));
    assert!(served.ok("status").stdout.contains(&revision[..8]));
    assert!(served.ok("why dev").stdout.contains("nothing is waiting"));
    assert!(served.ok("log dev").stdout.contains("run 1 succeeded"));
    assert!(
        served
            .ok("log dev --run 1")
            .stdout
            .contains("deploying to dev")
    );
    assert!(
        served
            .ok(&format!("journey {}", &revision[..8]))
            .stdout
            .contains("here since run 1, green")
    );
    let gates = served.ok(&format!("gates --release {}", &revision[..8]));
    assert!(
        gates.stdout.contains("every gate is open"),
        "{}",
        gates.stdout
    );
    assert_eq!(served.run("gates --release ffff").exit, 5);
    served.ok("app list");
    served.ok("app add acme/orders --git repository");
    served.ok("notify --test log");
    served.ok("lock dev --reason demo --until 2h");
    assert!(
        served
            .ok("why dev")
            .stdout
            .contains("alice locked it: demo")
    );
    served.ok("unlock acme/orders:dev --as bob");
    served.ok("doctor");
    assert_eq!(served.run("promote dev").exit, 2);
    assert_eq!(served.run("abort dev --reason x").exit, 5);
    assert_eq!(served.run("ack dev").exit, 5);
    assert_eq!(served.run("log dev --run 99").exit, 5);
    assert_eq!(served.run("journey ffff").exit, 5);
    assert_eq!(served.run("diff dev dev").exit, 2);
    assert_eq!(served.run("notify --test nobody").exit, 5);
    let ran = served.run("why dve");
    assert_eq!(ran.exit, 5);
    assert!(ran.stderr.contains("did you mean `dev`?"), "{}", ran.stderr);
}
