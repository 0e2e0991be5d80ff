//! The servers start, answer, and are gone when nobody needs them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use greenroom_emulators::dynamodb_local::DynamoDbLocal;
use greenroom_emulators::ministack::{MiniStack, Options};

/// True while a process with this id runs; one that nobody has waited for does not.
fn runs(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

fn must_end(id: &str) {
    let until = Instant::now() + Duration::from_secs(60);
    while runs(id) {
        assert!(Instant::now() < until, "process {id} goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Status line and body of one GET.
fn get(url: &str, path: &str) -> (String, String) {
    let address = url.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .expect("with a head and a body");
    let status = head.lines().next().unwrap_or_default();
    (status.to_owned(), body.to_owned())
}

fn health(url: &str) -> String {
    get(url, "/_ministack/health").1
}

#[tokio::test]
async fn ministack_answers_and_ends_with_its_value() {
    let stack = MiniStack::start().await.expect("it starts");
    let health = health(stack.url());
    assert!(health.contains(r#""auth": "disabled""#), "{health}");
    assert!(stack.url().ends_with(&stack.port().to_string()));
    let id = stack.id().to_string();
    drop(stack);
    must_end(&id);
}

#[tokio::test]
async fn ministack_enforces_iam_when_asked() {
    let options = Options {
        auth: true,
        environment: vec![("MINISTACK_EDITION".to_owned(), "ours".to_owned())],
        state: None,
    };
    let stack = MiniStack::start_with(options).await.expect("it starts");
    let health = health(stack.url());
    assert!(health.contains(r#""auth": "enabled""#), "{health}");
    assert!(health.contains(r#""edition": "ours""#), "{health}");
}

#[tokio::test]
async fn dynamodb_local_answers_and_ends_with_its_value() {
    let local = DynamoDbLocal::start().await.expect("it starts");
    let (status, body) = get(local.url(), "/");
    assert!(
        status.contains("400"),
        "an unsigned request: {status} {body}"
    );
    let id = local.id().to_string();
    drop(local);
    must_end(&id);
}

#[test]
fn a_server_ends_when_what_started_it_is_killed() {
    let mut starter = Command::new(env!("CARGO_BIN_EXE_ministack"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut line = String::new();
    BufReader::new(starter.stdout.take().expect("its output is ours"))
        .read_line(&mut line)
        .expect("it says something");
    let (id, url) = line.split_once(' ').expect("an id and an address");
    assert!(health(url.trim()).contains("auth"), "{line}");
    assert!(runs(id), "the server runs");
    starter.kill().expect("it is killed");
    starter.wait().expect("it ends");
    must_end(id);
}
