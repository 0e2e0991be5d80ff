//! The service itself: built, deployed beside others, asked, broken.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::*;

/// A checkout of the sample and the stages it is deployed to; stops them all when it goes.
struct Machine {
    folder: TempDir,
    checkout: PathBuf,
    revision: String,
}

impl Machine {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let checkout = folder.path().join("checkout");
        let repository = SampleRepo::create(&checkout).unwrap();
        let revision = repository.head("master").unwrap();
        Self {
            folder,
            checkout,
            revision,
        }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn build(&self) {
        succeed(&mut sample(&self.checkout, "build.sh", &[]));
    }

    fn deploying(&self, stage: &str, run: u32) -> Command {
        let mut command = sample(&self.checkout, "deploy.sh", &[stage]);
        command
            .env("ORDERS_HOME", self.home())
            .env("GREENROOM_ARTIFACT", self.checkout.join("dist"))
            .env("GREENROOM_ARTIFACT_DIGEST", "sha256:abc")
            .env("GREENROOM_OUTPUT", self.output(stage, run))
            .env("GREENROOM_REVISION", &self.revision)
            .env("GREENROOM_RUN", format!("7/{stage}/{run}"))
            .env("GREENROOM_TOKEN", "canary")
            .env("LOG_LEVEL", "debug")
            .env("PAYMENTS", format!("of {stage}"));
        command
    }

    fn output(&self, stage: &str, run: u32) -> PathBuf {
        self.folder.path().join(format!("{stage}-{run}"))
    }

    /// Deploys, and answers where the stage says it is.
    fn deploy(&self, stage: &str, run: u32) -> String {
        succeed(&mut self.deploying(stage, run));
        let output = fs::read_to_string(self.output(stage, run)).unwrap();
        let url = output.trim().strip_prefix("URL=http://").unwrap();
        url.to_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let mut stop = sample(&self.checkout, "stop.sh", &["--all"]);
        succeed(stop.env("ORDERS_HOME", self.home()));
    }
}

fn ask(address: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut connection = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

fn get(address: &str, path: &str) -> Value {
    let (status, body) = ask(address, "GET", path, "");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

fn order(address: &str, coupon: Option<&str>) -> Value {
    let wish = json!({
        "items": [{ "name": "cup \u{2615}", "price_cents": 625, "quantity": 8 }],
        "coupon": coupon,
    });
    let (status, order) = ask(address, "POST", "/orders", &wish.to_string());
    assert_eq!(status, 201, "{order}");
    order
}

#[test]
fn two_builds_in_different_folders_give_the_same_bytes() {
    let (one, two) = (Machine::new(), Machine::new());
    one.build();
    two.build();
    let program = |machine: &Machine| fs::read(machine.checkout.join("dist/orders")).unwrap();
    let (one, two) = (program(&one), program(&two));
    assert!(one == two, "{} and {} bytes differ", one.len(), two.len());
}

#[test]
fn unit_tests_tell_how_many_passed() {
    let machine = Machine::new();
    let output = machine.output("unit", 1);
    succeed(sample(&machine.checkout, "unit.sh", &[]).env("GREENROOM_OUTPUT", &output));
    let told = fs::read_to_string(output).unwrap();
    let passed: u32 = told
        .trim()
        .strip_prefix("UNIT_TESTS_PASSED=")
        .and_then(|number| number.parse().ok())
        .unwrap();
    assert!(passed >= 4, "{passed}");
}

#[test]
fn the_service_answers_on_every_address() {
    let machine = Machine::new();
    machine.build();
    let address = machine.deploy("dev", 1);
    assert_eq!(get(&address, "/healthz"), json!({ "status": "ok" }));
    let version = json!({
        "stage": "dev",
        "revision": machine.revision,
        "artifact": "sha256:abc",
        "run": "7/dev/1",
    });
    assert_eq!(get(&address, "/version"), version);
    let config = json!({ "LOG_LEVEL": "debug", "PAYMENTS": "of dev" });
    assert_eq!(get(&address, "/config"), config);

    let placed = order(&address, Some("TEN"));
    assert_eq!(placed["subtotal_cents"], 5_000);
    assert_eq!(placed["total_cents"], 4_500);
    assert_eq!(get(&address, "/orders/1"), placed);
    assert_eq!(get(&address, "/orders"), json!({ "orders": [placed] }));

    for (method, path, body, expected) in [
        ("GET", "/orders/2", "", 404),
        ("GET", "/orders/x", "", 404),
        ("GET", "/../etc", "", 404),
        ("DELETE", "/orders", "", 405),
        ("POST", "/orders", "{", 422),
        ("POST", "/orders", "{\"items\":[]}", 422),
    ] {
        let (status, answer) = ask(&address, method, path, body);
        assert_eq!(status, expected, "{method} {path}: {answer}");
        assert!(answer["error"].is_string(), "{answer}");
    }
}

#[test]
fn the_broken_discount_builds_and_passes_unit_tests_but_gives_wrong_totals() {
    let machine = Machine::new();
    let repository = SampleRepo::open(&machine.checkout);
    repository
        .commit("master", &ALICE, "Speed up totals", &break_discount())
        .unwrap();
    succeed(&mut sample(&machine.checkout, "unit.sh", &[]));
    machine.build();
    let address = machine.deploy("preprod", 1);
    assert_eq!(order(&address, None)["total_cents"], 5_000);
    assert_eq!(order(&address, Some("TEN"))["total_cents"], 4_950);
}

#[test]
fn two_stages_at_once_are_deployed_twice_and_keep_apart_and_keep_their_data() {
    let machine = Machine::new();
    machine.build();
    let mut both: Vec<_> = ["dev", "qa"]
        .map(|stage| machine.deploying(stage, 1).spawn().unwrap())
        .into();
    for deployment in &mut both {
        assert!(deployment.wait().unwrap().success());
    }
    let address = |stage| {
        let output = fs::read_to_string(machine.output(stage, 1)).unwrap();
        output.trim().replace("URL=http://", "")
    };
    let (dev, qa) = (address("dev"), address("qa"));
    assert_ne!(dev, qa);
    order(&dev, None);

    assert_eq!(machine.deploy("dev", 2), dev, "the port stays");
    assert_eq!(get(&dev, "/version")["run"], "7/dev/2");
    assert_eq!(get(&qa, "/version")["run"], "7/qa/1", "qa was left alone");
    assert_eq!(get(&dev, "/orders")["orders"].as_array().unwrap().len(), 1);
    assert_eq!(get(&qa, "/orders"), json!({ "orders": [] }));

    let journal = fs::read_to_string(machine.home().join("journal.log")).unwrap();
    let mut runs: Vec<&str> = journal.lines().collect();
    runs.sort_unstable();
    assert_eq!(
        runs,
        [
            "run=7/dev/1 stage=dev digest=sha256:abc",
            "run=7/dev/2 stage=dev digest=sha256:abc",
            "run=7/qa/1 stage=qa digest=sha256:abc",
        ]
    );

    let mut stop = sample(&machine.checkout, "stop.sh", &["dev"]);
    succeed(stop.env("ORDERS_HOME", machine.home()));
    assert!(TcpStream::connect(&dev).is_err());
    assert_eq!(get(&qa, "/healthz")["status"], "ok");
}

#[test]
fn a_deployment_that_cannot_work_says_so_and_leaves_what_runs() {
    let machine = Machine::new();
    machine.build();
    let address = machine.deploy("dev", 1);
    let empty = machine.folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let output = machine
        .deploying("dev", 2)
        .env("GREENROOM_ARTIFACT", &empty)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there is no program 'orders' in"), "{said}");
    assert_eq!(get(&address, "/version")["run"], "7/dev/1");

    let output = machine.deploying("../dev", 1).output().unwrap();
    assert!(!output.status.success());
}

#[test]
fn an_instance_that_ends_at_once_fails_its_deployment_with_the_reason() {
    let machine = Machine::new();
    machine.build();
    let data = machine.home().join("dev/data");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("orders.jsonl"), "no order\n").unwrap();
    let output = machine.deploying("dev", 1).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 1 is no order"), "{said}");
    assert!(!machine.output("dev", 1).exists());
}

#[test]
fn the_service_is_told_nothing_it_need_not_know() {
    let machine = Machine::new();
    machine.build();
    machine.deploy("dev", 1);
    let ready = fs::read_to_string(machine.home().join("dev/ready")).unwrap();
    let pid = ready.split(' ').next().unwrap();
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("ORDERS_STAGE=dev"));
    assert!(!environment.contains("canary"), "{environment}");
}
