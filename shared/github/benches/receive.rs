//! What receiving a webhook costs: verify the signature and normalise the body, against the least
//! that work can be: HMAC-SHA256 and one `serde_json` parse of the same bytes into the needed
//! fields. The last lines printed are the ratios of the two, measured in turns in one run.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::{Duration, Instant};

use divan::Bencher;
use greenroom_github::{Normalised, Secrets, normalise, verify};
use greenroom_testkit::github_payloads::{Commit, Person, Push, Repository, sign};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::Deserialize;
use sha2::Sha256;

const SECRET: &str = "bench secret of thirty-two bytes";
const SHA: &str = "4f2c0d9be6a1173f5d8e0b9c2a7764e1f0c3d5a8";
/// Body sizes in bytes: a push of few commits, and one of hundreds.
const SIZES: [usize; 2] = [8 << 10, 200 << 10];
const ROUNDS: usize = 400;

fn main() {
    divan::main();
    for size in SIZES {
        let webhook = Webhook::of(size);
        let (ours, floor) = in_turns(&webhook);
        let ratio = ours.as_secs_f64() / floor.as_secs_f64();
        println!(
            "{} bytes: verify + normalise {ours:?}, HMAC + parse {floor:?}, ratio {ratio:.2}",
            webhook.body.len()
        );
    }
}

#[divan::bench(args = SIZES)]
fn verify_and_normalise(bencher: Bencher<'_, '_>, size: usize) {
    let webhook = Webhook::of(size);
    bencher.bench_local(|| webhook.receive());
}

#[divan::bench(args = SIZES)]
fn hmac_and_parse(bencher: Bencher<'_, '_>, size: usize) {
    let webhook = Webhook::of(size);
    bencher.bench_local(|| webhook.least());
}

struct Webhook {
    body: Vec<u8>,
    signature: String,
    secrets: Secrets,
}

impl Webhook {
    fn of(size: usize) -> Self {
        let author = || Person::new("alice", 5_001);
        let commit = || Commit::new(SHA, author(), "Add coupons", Timestamp::UNIX_EPOCH);
        let with = |commits| {
            let repository = Repository::new(811_000_001, "acme/orders", "master");
            let commits = vec![commit(); commits];
            Push::to_branch(repository, "feature/coupons", SHA, author(), commits).body()
        };
        let (one, two) = (with(1).len(), with(2).len());
        let body = with(1 + size.saturating_sub(one).div_ceil(two - one)).into_bytes();
        Self {
            signature: sign(SECRET, &body),
            secrets: Secrets::new(SECRET, Some("the one before")).expect("secrets are not blank"),
            body,
        }
    }

    fn receive(&self) -> Normalised {
        let header = Some(self.signature.as_bytes());
        verify(header, black_box(&self.body), &self.secrets).expect("the signature is good");
        normalise("push", black_box(&self.body)).expect("the body is a push")
    }

    fn least(&self) -> bool {
        let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
        let tag = mac.chain_update(black_box(&self.body)).finalize();
        let fields: Needed<'_> =
            serde_json::from_slice(black_box(&self.body)).expect("the body is a push");
        black_box(&fields);
        black_box(tag).into_bytes()[0] == 0
    }
}

/// Medians of both, run in turns so that the machine's moods hit both alike.
fn in_turns(webhook: &Webhook) -> (Duration, Duration) {
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(webhook.receive());
        ours.push(start.elapsed());
        let start = Instant::now();
        black_box(webhook.least());
        floor.push(start.elapsed());
    }
    (median(ours), median(floor))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed for the cost of it")]
struct Needed<'a> {
    #[serde(borrow, rename = "ref")]
    reference: Cow<'a, str>,
    #[serde(borrow)]
    before: Cow<'a, str>,
    #[serde(borrow)]
    after: Cow<'a, str>,
    created: bool,
    forced: bool,
    #[serde(borrow)]
    head_commit: HeadCommit<'a>,
    #[serde(borrow)]
    repository: Project<'a>,
    #[serde(borrow)]
    pusher: Pusher<'a>,
    #[serde(borrow)]
    sender: Sender<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed for the cost of it")]
struct HeadCommit<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed for the cost of it")]
struct Project<'a> {
    id: u64,
    #[serde(borrow)]
    full_name: Cow<'a, str>,
    #[serde(borrow)]
    default_branch: Cow<'a, str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed for the cost of it")]
struct Pusher<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed for the cost of it")]
struct Sender<'a> {
    #[serde(borrow)]
    login: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}
