//! Lays a flat situation out as the values the core decides over.

mod work;

use std::sync::LazyLock;

use greenroom_core::build::Build;
use greenroom_core::definition::{Definition, Outdated};
use greenroom_core::name::*;
use greenroom_core::pause::Pause;
use greenroom_core::policy::{Policy, View};
use greenroom_core::release::{Outputs, Release};
use greenroom_core::stage as core;
use greenroom_core::stage::{Health, Stage, Verified};
use greenroom_core::stage_file::StageFile;
use jiff::{SignedDuration, Timestamp};

use crate::situation::*;
pub use work::cause;
use work::{build, candidate, ended, run};

/// Soaks that the stage files have.
pub const SOAKS: [Option<i64>; 4] = [None, Some(SECOND), Some(10 * MINUTE), Some(1440 * MINUTE)];
pub const NEEDS: [Option<usize>; 4] = [None, Some(1), Some(2), Some(3)];
/// Holders of the role whose yes is asked for.
pub const OWNERS: [Person; 3] = ["alice", "bob", "carol"];

/// What stages demand of builds; half of them nothing.
pub const DEMANDS: [u8; 10] = [0, 0, 0, 0, 0, 1, 2, 4, 8, 15];

type Key = (Option<i64>, Option<usize>, bool, u8);

static FILES: LazyLock<Vec<(Key, StageFile)>> = LazyLock::new(|| {
    let mut files = Vec::new();
    for soak in SOAKS {
        for need in NEEDS {
            for owners_only in [false, true] {
                for demands in [0, 1, 2, 4, 8, 15] {
                    let key = (soak, need, owners_only, demands);
                    files.push((key, file(key)));
                }
            }
        }
    }
    files
});

fn file((soak, need, owners_only, demands): Key) -> StageFile {
    let gates = [
        "tests: passed",
        "coverage: 80",
        "endpoints: tested",
        "docs: complete",
    ];
    let gates = gates
        .iter()
        .zip(SHOWN)
        .filter(|(_, (bit, _))| demands & bit != 0);
    let gates: Vec<&str> = gates.map(|(gate, _)| *gate).collect();
    let gates = match gates.as_slice() {
        [] => String::new(),
        some => format!("gates: {{ {} }},", some.join(", ")),
    };
    let soak = soak.map_or(String::new(), |soak| format!("soak: {}s,", soak / SECOND));
    let by = if owners_only { "by: [owner]" } else { "" };
    let approvals = need.map_or(String::new(), |count| {
        format!("approvals: {{ count: {count}, {by} }},")
    });
    let text = format!(
        r#"
version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - name: build
        run: make
        once: true
        artifact: dist/
        reports: {{ junit: "*.xml", lcov: coverage.info, openapi: api.yaml }}
      - {{ name: deploy, run: make deploy }}
  plain:
    steps:
      - {{ name: deploy, run: make deploy }}
suites:
  smoke: {{ files: "t/*.hurl", base_url: "http://127.0.0.1:1" }}
roles:
  owner: [alice, bob, carol]
stages:
  dev: {{ from: {{ branch: develop }}, {approvals} {gates} pipeline: service, verify: [smoke] }}
  tagged: {{ from: {{ tag: "v*" }}, {approvals} pipeline: plain, verify: [smoke] }}
  preprod: {{ from: {{ branch: master }}, pipeline: service, verify: [smoke] }}
  prod: {{ from: {{ promote: preprod }}, {soak} {approvals} {gates} pipeline: service, verify: [smoke] }}
"#
    );
    StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a valid stage file")
}

/// One window of each kind for each time at which one begins.
static WINDOWS: LazyLock<StageFile> = LazyLock::new(|| {
    let mut text = String::from(
        "version: 1\napp: acme/orders\npipelines: { plain: { steps: [{ name: d, run: d }] } }\n\
         stages: { dev: { from: { branch: d }, pipeline: plain } }\nwindows:\n",
    );
    for (n, begin) in BEGINS.into_iter().enumerate() {
        let cron = instant(begin).strftime("%-S %-M %-H %-d %-m *").to_string();
        for kind in ["allow", "deny"] {
            text.push_str(&format!(
                "  {kind}-{n}: {{ {kind}: {{ cron: \"{cron}\", for: 1h, timezone: UTC }}, reason: why }}\n"
            ));
        }
    }
    StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a valid stage file")
});

fn window(window: Window) -> &'static greenroom_core::stage_file::Window {
    let n = BEGINS.iter().position(|begin| *begin == window.begin);
    let kind = if window.allows { "allow" } else { "deny" };
    &WINDOWS.windows[&format!("{kind}-{}", n.expect("a beginning"))]
}

/// The values of one situation.
pub struct Laid {
    pub stage: Stage,
    pub upstream: Option<Stage>,
    pub build: Option<Build>,
    pub nonce: Nonce,
    pub now: Timestamp,
    pub pause: Option<Pause>,
    pub policy: Option<Policy<'static>>,
}

impl Laid {
    pub fn view(&self) -> View<'_> {
        View {
            stage: &self.stage,
            upstream: self.upstream.as_ref(),
            build: self.build.as_ref(),
            nonce: &self.nonce,
            now: self.now,
            pause: self.pause.as_ref(),
            marks: greenroom_core::mark::Marks::NONE,
            through: None,
            toggle: None,
            uses: &[],
        }
    }
}

/// An instant of a situation.
pub fn instant(at: i64) -> Timestamp {
    let beginning = Timestamp::from_second(1_772_438_400).expect("an instant");
    beginning
        .checked_add(SignedDuration::from_nanos(at))
        .expect("a near instant")
}

/// A commit whose digits are all `n`.
pub fn revision(n: u8) -> Revision {
    Revision::new(format!("{n:x}").repeat(40))
}

pub fn policy(s: &Situation) -> Option<Policy<'static>> {
    let key = (s.soak, s.need, s.owners_only, s.demands);
    let (_, file) = FILES.iter().find(|(it, _)| *it == key).expect("a file");
    let rule = RuleName::new(rule(s.takes));
    let mut policy = Policy::of(file, &rule, SignedDuration::from_nanos(s.clock_error))?;
    policy.windows = s.window.map(window).into_iter().collect();
    let (stage, build) = s.outdated;
    policy.outdated = Outdated {
        stage: stage.then(Definition::default),
        build: build.then(Definition::default),
        teardown: None,
        switch: None,
    };
    Some(policy)
}

fn rule(takes: Takes) -> &'static str {
    match takes {
        Takes::Promotions => "prod",
        Takes::Branch => "dev",
        Takes::Tags => "tagged",
        Takes::Nothing => "gone",
    }
}

pub fn lay(s: &Situation) -> Laid {
    let policy = policy(s);
    let names = Names::of(policy.as_ref());
    Laid {
        stage: stage(s, &names),
        upstream: s.upstream.map(|it| upstream(&it, &names)),
        build: s.build.map(|it| build(&it, s.shows, &names)),
        nonce: Nonce::new("a-nonce"),
        now: instant(s.now),
        pause: s.pause.map(|until| Pause {
            by: "dora".to_owned(),
            reason: "because".to_owned(),
            since: instant(-20 * MINUTE),
            until: until.map(instant),
        }),
        policy,
    }
}

/// What the numbers of a situation stand for.
pub struct Names {
    recipe: RecipeHash,
    terms: core::Terms,
    upstream_terms: core::Terms,
}

impl Names {
    pub fn of(policy: Option<&Policy<'_>>) -> Self {
        let none = || core::Terms {
            recipe: RecipeHash::new("none"),
            settings: SettingsHash::new("none"),
        };
        let upstream = policy.and_then(|it| it.upstream.as_ref());
        Self {
            recipe: policy.map_or_else(|| RecipeHash::new("none"), |it| it.build_recipe.clone()),
            terms: policy.map_or_else(none, |it| it.terms.clone()),
            upstream_terms: upstream.map_or_else(none, |it| it.terms.clone()),
        }
    }

    fn recipe(&self, n: u8) -> RecipeHash {
        match n {
            0 => self.recipe.clone(),
            n => RecipeHash::new(format!("other-{n}")),
        }
    }

    pub fn release(&self, bytes: Bytes) -> Release {
        Release {
            revision: revision(bytes.revision),
            recipe: self.recipe(bytes.recipe),
            artifact: digest(bytes.artifact),
        }
    }

    fn verified(&self, of: Bytes, under: core::Terms, since: i64) -> Verified {
        Verified {
            release: self.release(of),
            terms: under,
            generation: 3,
            since: instant(since),
        }
    }
}

fn digest(n: u8) -> Option<Digest> {
    (n > 0).then(|| Digest::new(format!("sha256:{n:064x}")))
}

fn under(terms: Terms, in_force: &core::Terms) -> core::Terms {
    let mut under = in_force.clone();
    match terms {
        Terms::InForce => {}
        Terms::OtherRecipe => under.recipe = RecipeHash::new("another"),
        Terms::OtherSettings => under.settings = SettingsHash::new("another"),
    }
    under
}

fn blank(name: &str) -> Stage {
    let id = StageId {
        app: AppId(7),
        stage: StageName::new(name),
    };
    let spec = core::Spec {
        rule: RuleName::new(name),
        actor: None,
        pull_request: None,
        fork: None,
    };
    Stage::new(id, spec, instant(-100_000 * MINUTE))
}

fn stage(s: &Situation, names: &Names) -> Stage {
    let mut stage = blank(rule(s.takes));
    let release = |bytes: Bytes| names.release(bytes);
    let green = |bytes: Bytes| names.verified(bytes, names.terms.clone(), -5000 * MINUTE);
    stage.generation = 3;
    stage.head = s.head.map(|n| core::Head {
        reference: reference(s.takes),
        revision: revision(n),
        actor: None,
        seen_at: instant(-MINUTE),
        untouched: None,
    });
    stage.candidate = s.waits.map(|it| candidate(&it, s.takes, names));
    stage.run = s.run.map(|it| run(&it, names));
    stage.last = s.last.map(|it| ended(&it, names));
    stage.deployed = s.deployed.map(|it| core::Deployed {
        release: release(it),
        generation: 2,
        at: instant(-5000 * MINUTE),
        complete: true,
        outputs: Outputs::new(),
        reference: None,
        took_over: None,
        terms: None,
        is_back: false,
    });
    stage.verified = s.green.map(green);
    stage.greens = s.greens.iter().copied().map(green).collect();
    stage.tried = s.tried.map(release);
    stage.rejected = s.rejected.map(|it| core::Rejected {
        by: "dora".to_owned(),
        reason: "because".to_owned(),
        at: instant(-10 * MINUTE),
        release: release(it),
    });
    stage.lock = s.lock.map(|it| core::Lock {
        by: it.by.to_owned(),
        reason: "because".to_owned(),
        since: instant(-20 * MINUTE),
        until: it.until.map(instant),
    });
    stage.unstopped = s.unstopped.then(|| core::Unstopped {
        generation: 1,
        execution: ExecutionId::new("another"),
        since: instant(-MINUTE),
    });
    stage.hold = s.held.then(|| core::Hold {
        by: "dora".to_owned(),
        reason: "because".to_owned(),
        since: instant(-30 * MINUTE),
    });
    stage.approvals = s.approvals.iter().map(|it| approval(it, names)).collect();
    stage.refresh.wish = s.reading.then(|| core::RefreshWish {
        slot: None,
        by: Some("dora".to_owned()),
        asked_at: instant(-MINUTE),
        sent: true,
    });
    let through = s.window.zip(s.through);
    stage.overridden = through.map(|(it, bytes)| core::Override {
        by: "dora".to_owned(),
        at: instant(-MINUTE),
        reason: "because".to_owned(),
        release: names.release(bytes),
        windows: vec![window(it).name.clone()],
        until: None,
    });
    if let (Some(run), Some(of)) = (&mut stage.run, s.run.map(|run| run.of)) {
        let overridden = stage.overridden.clone();
        run.overridden = overridden.filter(|_| s.through == Some(of));
    }
    stage.brk = s.broken.then(|| broken(names));
    stage.health = if s.broken {
        Health::Red
    } else if s.green.is_some() {
        Health::Green
    } else {
        Health::Unknown
    };
    stage
}

fn reference(takes: Takes) -> RefName {
    RefName::new(match takes {
        Takes::Tags => "refs/tags/v1",
        _ => "refs/heads/develop",
    })
}

fn approval(yes: &Yes, names: &Names) -> core::Approval {
    core::Approval {
        by: yes.by.to_owned(),
        at: instant(-15 * MINUTE),
        release: names.release(yes.to),
        terms: under(yes.under, &names.terms),
    }
}

fn broken(names: &Names) -> core::Break {
    let failing = core::Failing::Step {
        build: false,
        step: "deploy".to_owned(),
        why: "exit 1".to_owned(),
    };
    core::Break {
        episode: 1,
        since: instant(-40 * MINUTE),
        release: names.release(Bytes {
            revision: 9,
            recipe: 0,
            artifact: 9,
        }),
        last_green: None,
        fingerprint: failing.fingerprint(),
        failing,
        reds: 1,
        told: Vec::new(),
        acknowledged: None,
        overridden: None,
        untold: None,
        flapped: None,
    }
}

fn upstream(upstream: &Upstream, names: &Names) -> Stage {
    let mut stage = blank("preprod");
    stage.verified = upstream
        .verified
        .map(|it| names.verified(it.of, under(it.under, &names.upstream_terms), it.since));
    stage.health = match (upstream.red, upstream.verified) {
        (true, _) => Health::Red,
        (false, Some(_)) => Health::Green,
        (false, None) => Health::Unknown,
    };
    stage
}
