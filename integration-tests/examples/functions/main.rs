//! How large the functions are, how long they take to begin and how much an event takes of the
//! processor, beside a function that does nothing (`make bench-lambdas`).
//!
//! Each is the program that is deployed, under a Lambda Runtime API on loopback, over MiniStack.
//! All are started in turns, so that what else the machine does meets all alike. Only ratios of one
//! run mean anything elsewhere. Begins with the calls and units of a tick that finds nothing to do.

mod installation;
mod runtime_api;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use greenroom_emulators::ministack::MiniStack;
use greenroom_emulators::proxy::FaultProxy;
use greenroom_testkit::github_payloads::sign;
use installation::{Environment, SECRET};
use runtime_api::RuntimeApi;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// Starts of each function.
const STARTS: usize = 15;
/// Events of each function that are measured, after some that are not.
const EVENTS: u32 = 200;
const BEFORE: u32 = 20;

/// A function, and an event that it handles without anybody else having done anything.
struct Function {
    name: String,
    program: PathBuf,
    /// `None`: whatever it is given leads it to services that are not here.
    event: Option<fn(u32) -> Value>,
    begins: Vec<Duration>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // Any provider will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.expect("it is in the project");
    let stack = MiniStack::start().await.expect("MiniStack starts");
    let proxy = FaultProxy::start(stack.url()).await;
    let proxy = proxy.expect("there is a port");
    let environment = installation::create(root, &stack, stack.url());
    let mut functions = functions(root);
    for _ in 0..STARTS {
        for function in &mut functions {
            let (_api, _child, took) = begin(function, &environment).await;
            function.begins.push(took);
        }
    }
    // Before anything is there that it would find.
    let mut past = environment.clone();
    past.push(("AWS_ENDPOINT_URL_DYNAMODB", proxy.url()));
    tick(&functions, &past, &proxy).await;
    println!("| function | zip, MB | init | an event, CPU |");
    println!("|---|---:|---:|---:|");
    let hello = measured(&functions[0], &environment).await;
    for function in &functions {
        let it = measured(function, &environment).await;
        let cpu = match (it.cpu, hello.cpu) {
            (Some(cpu), Some(least)) => format!("{:.1}", cpu / least),
            _ => "-".to_owned(),
        };
        let init = it.init.as_secs_f64() / hello.init.as_secs_f64();
        println!("| {} | {:.1} | {init:.1} | {cpu} |", function.name, it.zip);
    }
    println!(
        "1.0 is hello's: {:.1} ms to begin, {:.0} us of the processor for an event.",
        hello.init.as_secs_f64() * 1e3,
        hello.cpu.unwrap_or_default()
    );
}

fn functions(root: &Path) -> Vec<Function> {
    let folder = std::fs::read_dir(root.join(".build/lambda"));
    let folder = folder.expect("`make lambdas` has built the functions");
    let mut names: Vec<String> = folder
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| name != "architecture")
        .collect();
    names.sort();
    let of = |name: String| {
        let built = match name.as_str() {
            "hello" => "target/lambda/examples/hello".to_owned(),
            _ => format!(".build/lambda/{name}/bootstrap"),
        };
        Function {
            program: root.join(built),
            event: event(&name),
            begins: Vec::new(),
            name,
        }
    };
    let hello = std::iter::once("hello".to_owned());
    hello.chain(names).map(of).collect()
}

fn event(name: &str) -> Option<fn(u32) -> Value> {
    Some(match name {
        "hello" | "clock-tick" => |_| json!({}),
        "webhook-receiver" => push,
        "control-api" => |_| asked("GET", "/healthz", &[], ""),
        "stage-resolver" | "effect-dispatcher" | "integration-test-runner" | "break-notifier" => {
            |_| json!({ "Records": [] })
        }
        _ => return None,
    })
}

/// A signed push of some 8 KB to a repository that nobody has added: verified, kept, acknowledged.
fn push(n: u32) -> Value {
    let commits: Vec<Value> = (0..20)
        .map(|i| json!({ "id": format!("{i:040x}"), "message": "m".repeat(350) }))
        .collect();
    let body = json!({
        "ref": "refs/heads/develop", "before": format!("{n:040x}"), "after": format!("{:040x}", n + 1),
        "created": false, "deleted": false, "forced": false, "commits": commits,
        "repository": { "id": 4711, "full_name": "acme/orders", "name": "orders",
            "default_branch": "main", "owner": { "login": "acme" } },
        "pusher": { "name": "bob" }, "sender": { "login": "bob", "id": 7, "type": "User" },
    })
    .to_string();
    let signature = sign(SECRET, body.as_bytes());
    let id = format!(
        "{:032x}",
        u128::from(n) | u128::from(std::process::id()) << 32
    );
    let headers = [
        ("x-github-event", "push"),
        ("x-github-delivery", &id),
        ("x-hub-signature-256", &signature),
        ("content-type", "application/json"),
    ];
    asked("POST", "/webhooks/github", &headers, &body)
}

/// A request as the HTTP API hands it on (payload format 2.0).
fn asked(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path,
        "rawQueryString": "", "headers": headers, "isBase64Encoded": false, "body": body,
        "requestContext": { "accountId": "111111111111", "apiId": "api", "stage": "$default",
            "domainName": "localhost", "requestId": "r", "routeKey": format!("{method} {path}"),
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "bench" } },
    })
}

/// Starts a function; it is gone with its guards.
async fn begin(function: &Function, environment: &Environment) -> (RuntimeApi, Child, Duration) {
    let mut api = RuntimeApi::start().await;
    let mut command = Command::new(&function.program);
    command
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (*name, value)))
        .env("AWS_LAMBDA_RUNTIME_API", &api.address)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    let since = std::time::Instant::now();
    let child = command.spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", function.program.display()));
    let ready = tokio::select! {
        at = api.asked() => at,
        ended = child.wait() => panic!("{} does not begin: {ended:?}", function.name),
    };
    (api, child, ready - since)
}

struct Measured {
    /// Of the archive, in megabytes.
    zip: f64,
    init: Duration,
    /// Microseconds of an event.
    cpu: Option<f64>,
}

async fn measured(function: &Function, environment: &Environment) -> Measured {
    let mut begins = function.begins.clone();
    begins.sort();
    let cpu = match function.event {
        Some(event) => Some(cpu(function, event, environment).await),
        None => None,
    };
    Measured {
        zip: zipped(&function.program),
        init: begins[begins.len() / 2],
        cpu,
    }
}

async fn cpu(function: &Function, event: fn(u32) -> Value, environment: &Environment) -> f64 {
    let (mut api, child, _) = begin(function, environment).await;
    let process = child.id().expect("it runs");
    let mut used = 0;
    for n in 0..BEFORE + EVENTS {
        if n == BEFORE {
            used = processor(process);
        }
        let (_, _, body) = api.invoke(&event(n).to_string()).await;
        let answer: Value = serde_json::from_str(&body).unwrap_or_default();
        let status = answer["statusCode"].as_u64().unwrap_or(200);
        assert!(status < 300, "{}: {answer}", function.name);
        api.asked().await;
    }
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of seconds")]
    let nanoseconds = (processor(process) - used) as f64;
    nanoseconds / 1e3 / f64::from(EVENTS)
}

/// Nanoseconds that the main thread, which does everything, had of a processor.
fn processor(process: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/schedstat"));
    let text = text.expect("the kernel counts");
    let first = text.split_whitespace().next().and_then(|n| n.parse().ok());
    first.expect("a number")
}

fn zipped(program: &Path) -> f64 {
    let bytes = std::fs::read(program).expect("it was built");
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes).expect("memory takes it");
    let packed = encoder.finish().expect("memory takes it").len();
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let packed = packed as f64;
    packed / 1e6
}

/// What an installation costs that nobody uses.
async fn tick(functions: &[Function], environment: &Environment, proxy: &FaultProxy) {
    let tick = functions.iter().find(|it| it.name == "clock-tick");
    let tick = tick.expect("it was built");
    let (mut api, _child, _) = begin(tick, environment).await;
    // The first finds what a later one knows.
    for last in [false, true] {
        proxy.forget_counts();
        api.invoke("{}").await;
        api.asked().await;
        if last {
            for (operation, count) in proxy.counts() {
                let (calls, units) = (count.calls, count.units);
                println!(
                    "an idle tick: {calls} {operation}, {} read and {} write units",
                    units.read, units.write
                );
            }
        }
    }
}
