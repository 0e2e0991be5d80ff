//! What resolving costs on a file of twenty stages, and what reading that file costs.

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use greenroom_core::name::{Actor, RefName};
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage_file::StageFile;

fn main() {
    divan::main();
}

fn twenty_stages() -> String {
    let mut text = "version: 1\napp: acme/orders\npipelines: { p: { steps: [{ name: d, run: d }] } }\nstages:\n".to_owned();
    for index in 0..19 {
        let _ = writeln!(
            text,
            "  s{index}: {{ from: {{ branch: \"team-{index}/**\" }}, pipeline: p }}"
        );
    }
    text.push_str(
        "  own: { name: \"${actor}\", from: { branch: \"{feature,fix}/**\" }, pipeline: p }\n",
    );
    text
}

fn file() -> StageFile {
    StageFile::parse("greenroom.yaml", twenty_stages().as_bytes()).expect("a valid file")
}

fn push(reference: &str) -> Trigger {
    Trigger {
        event: Event::Push,
        reference: RefName::new(reference),
        actor: Some(Actor::new("Alice")),
        deleted: false,
    }
}

#[divan::bench(args = ["refs/heads/team-0/x", "refs/heads/feature/cs/VW-525_x", "refs/heads/nowhere", "refs/tags/v1"])]
fn resolve_on_twenty_stages(bencher: Bencher<'_, '_>, reference: &str) {
    let (file, trigger) = (file(), push(reference));
    bencher.bench_local(|| resolve(black_box(&file), black_box(&trigger)));
}

#[divan::bench]
fn parse_twenty_stages(bencher: Bencher<'_, '_>) {
    let text = twenty_stages();
    bencher.bench_local(|| StageFile::parse("greenroom.yaml", black_box(text.as_bytes())).is_ok());
}

#[divan::bench]
fn refuse_aliases_that_multiply(bencher: Bencher<'_, '_>) {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (inner, outer) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        let uses = vec![format!("*{inner}"); 9].join(", ");
        let _ = writeln!(text, "{outer}: &{outer} [{uses}]");
    }
    bencher.bench_local(|| StageFile::parse("greenroom.yaml", black_box(text.as_bytes())).is_err());
}
