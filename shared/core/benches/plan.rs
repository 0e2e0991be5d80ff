//! One fact on its way through the core: where it leads, what is written down, what is next.
//! The file has twenty stages and the push leads to the last one; the number of past runs of the
//! stage must not matter.

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use greenroom_core::fact::Fact;
use greenroom_core::name::{Actor, AppId, Nonce, RefName, Revision, StageId};
use greenroom_core::plan::plan;
use greenroom_core::policy::{Policy, View};
use greenroom_core::record::record;
use greenroom_core::release::Release;
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage::{Cause, Deployed, Health, Spec, Stage, Verified};
use greenroom_core::stage_file::StageFile;
use jiff::{SignedDuration, Timestamp};

fn main() {
    divan::main();
}

fn stage_file() -> StageFile {
    let mut text = String::from(
        "version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make build, once: true, artifact: dist/ }
      - { name: deploy, run: make deploy }
suites:
  smoke: { files: \"t/*.hurl\", base_url: \"http://127.0.0.1:1\" }
stages:
",
    );
    for n in 0..19 {
        writeln!(
            text,
            "  s{n}: {{ from: {{ branch: \"team{n}/**\" }}, name: \"s{n}\", pipeline: service, verify: [smoke] }}"
        )
        .expect("a string takes all");
    }
    text.push_str(
        "  last:\n    from: { branch: master, refresh: { cron: \"0 6 * * 1-5\", timezone: Europe/Rome } }\n    pipeline: service\n    verify: [smoke]\n",
    );
    StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a valid stage file")
}

fn stage(name: &str, past: u64, policy: &Policy<'_>, now: Timestamp) -> Stage {
    let id = StageId {
        app: AppId(1),
        stage: name.into(),
    };
    let spec = Spec {
        rule: name.into(),
        actor: None,
        pull_request: None,
        fork: None,
    };
    let mut stage = Stage::new(id, spec, now);
    let green = |n: u64| Verified {
        release: Release {
            revision: Revision::new(format!("{n:040x}")),
            recipe: policy.build_recipe.clone(),
            artifact: None,
        },
        terms: policy.terms.clone(),
        generation: n,
        since: now,
    };
    stage.generation = past;
    stage.greens = (0..past.min(5)).map(|n| green(past - n)).collect();
    stage.verified = stage.greens.first().cloned();
    stage.deployed = stage.verified.as_ref().map(|verified| Deployed {
        release: verified.release.clone(),
        generation: past,
        at: now,
        complete: true,
        outputs: std::collections::BTreeMap::new(),
        reference: None,
        took_over: None,
        terms: None,
        is_back: false,
    });
    stage.health = Health::Green;
    stage
}

/// The last of twenty rules matches a push.
#[divan::bench(args = [1, 1_000, 1_000_000])]
fn a_push(bencher: Bencher<'_, '_>, past: u64) {
    decide(bencher, "s18", "refs/heads/team18/x", past);
}

/// The stage has a schedule as well.
#[divan::bench(args = [1, 1_000, 1_000_000])]
fn a_head_of_a_scheduled_stage(bencher: Bencher<'_, '_>, past: u64) {
    decide(bencher, "last", "refs/heads/master", past);
}

fn decide(bencher: Bencher<'_, '_>, name: &str, reference: &str, past: u64) {
    let file = stage_file();
    let rule = name.into();
    let created: Timestamp = "2026-03-02T08:00:00Z".parse().expect("an instant");
    let now: Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
    let none = SignedDuration::ZERO;
    let policy = Policy::of(&file, &rule, none).expect("a rule");
    let stage = stage(name, past, &policy, created);
    let actor = Some(Actor::new("carol"));
    let trigger = Trigger {
        event: Event::Push,
        reference: RefName::new(reference),
        actor: actor.clone(),
        deleted: false,
    };
    let fact = Fact::HeadObserved {
        reference: RefName::new(reference),
        revision: Revision::new("f".repeat(40)),
        actor: actor.clone(),
        cause: Cause::Push { actor },
        at: now,
    };
    let nonce = Nonce::new("0123456789abcdef");
    bencher.with_inputs(|| stage.clone()).bench_values(|stage| {
        let resolution = resolve(black_box(&file), black_box(&trigger));
        let stage = record(stage, black_box(&fact));
        let policy = Policy::of(&file, &rule, none);
        let view = View {
            stage: &stage,
            upstream: None,
            build: None,
            nonce: &nonce,
            now,
            pause: None,
            marks: greenroom_core::mark::Marks::NONE,
            through: None,
            toggle: None,
            uses: &[],
        };
        (resolution, plan(&view, policy.as_ref()))
    });
}

/// Only the slice of the stage file, which every plan needs.
#[divan::bench(args = ["s18", "last"])]
fn the_policy_of_a_stage(bencher: Bencher<'_, '_>, name: &str) {
    let file = stage_file();
    let rule = name.into();
    bencher.bench(|| Policy::of(black_box(&file), &rule, SignedDuration::ZERO).map(|it| it.terms));
}
