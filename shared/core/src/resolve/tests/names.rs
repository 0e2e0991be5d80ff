//! The names of stages made from texts of others, against the sentences of the documentation: a
//! name that lost nothing and belongs to nobody else is itself, any other has a hash, and two
//! texts never share one.

use std::collections::BTreeMap;

use super::*;

const CASES: usize = 20_000;
/// The longest name of a stage.
const LONGEST: usize = 24;

const STAGES: &str = r#"
  personal: { name: "${actor}", from: { branch: "feature/**" }, pipeline: p, verify: [s] }
  mine: { name: "a-${actor}", from: { branch: "{fix,Fix/{a,b}}/*" }, pipeline: p, verify: [s] }
  topic: { name: "b-${branch.slug}", from: { branch: "{t*,deep/**/t*}" }, pipeline: p, verify: [s] }
  pair: { name: "x-${actor}-${branch.slug}", from: { branch: "pair/**" }, pipeline: p, verify: [s] }
  review: { name: "pr-${pr}", from: { pull_request: { base: main, labels: [ok] } }, pipeline: p, verify: [s] }
  prod: { from: { branch: main }, pipeline: p, verify: [s] }
  tagged: { name: release, from: { tag: "v*" }, pipeline: p, verify: [s] }
"#;

/// What a stage is named after: the rule, and what its references stood for.
type Identity = (String, String, String);

/// What the name must be.
#[derive(Debug)]
enum Expected {
    Exactly(String),
    Hashed,
}

/// A change that leads somewhere, told without patterns: its rule is known beforehand.
struct Change {
    trigger: Trigger,
    rule: &'static str,
    /// The template with its references filled in.
    raw: String,
    identity: Identity,
}

struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("small") % n
    }
    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Logins that are nobody else's name, are somebody's, or almost; and of every length about the
/// limit.
fn actor(draw: &mut Draw) -> String {
    let some = [
        "alice",
        "Alice",
        "ALICE",
        "bob",
        "prod",
        "PROD",
        "release",
        "review",
        "a-bob",
        "b-x",
        "x-y",
        "pr-5",
        "pr-x",
        "a",
        "a-",
        "-a",
        "a--b",
        "dependabot[bot]",
        "ünï",
        "",
        "🙂",
        "0",
        "personal",
        "..",
        "a b",
    ];
    match draw.below(3) {
        0 => "m".repeat(1 + draw.below(40)),
        1 => format!("{}{}", draw.pick(&["m", "M", "m-", "m_"]), draw.below(300)),
        _ => draw.pick(&some).to_owned(),
    }
}

/// One segment of a branch, beginning with `first`.
fn segment(draw: &mut Draw, first: &str) -> String {
    match draw.below(3) {
        0 => format!("{first}{}", "n".repeat(draw.below(40))),
        1 => format!(
            "{first}{}{}",
            draw.pick(&["", "-", "_", "N", "é"]),
            draw.below(300)
        ),
        _ => format!(
            "{first}{}",
            draw.pick(&["runk", "", "-", "--x", "🙂", "$(x)", ".lock"])
        ),
    }
}

fn change(draw: &mut Draw) -> Change {
    let actor = actor(draw);
    let who = actor.to_ascii_lowercase();
    let (rule, reference) = match draw.below(7) {
        0 | 1 => (
            "personal",
            format!("refs/heads/feature/{}", segment(draw, "f")),
        ),
        2 => {
            let folder = draw.pick(&["fix", "Fix/a", "Fix/b"]);
            (
                "mine",
                format!("refs/heads/{folder}/{}", segment(draw, "x")),
            )
        }
        3 => {
            let folder = draw.pick(&["", "deep/", "deep/er/", "deep/t/T/"]);
            (
                "topic",
                format!("refs/heads/{folder}{}", segment(draw, "t")),
            )
        }
        4 => ("pair", format!("refs/heads/pair/{}", segment(draw, "p"))),
        5 => ("review", "refs/heads/anything".to_owned()),
        _ if draw.below(2) == 0 => ("prod", "refs/heads/main".to_owned()),
        _ => ("tagged", format!("refs/tags/{}", segment(draw, "v"))),
    };
    let branch = reference
        .strip_prefix("refs/heads/")
        .unwrap_or_default()
        .to_owned();
    let number = (draw.below(40) as u64).pow(1 + u32::from(draw.below(3) == 0) * 7);
    let (raw, named_after) = match rule {
        "personal" => (who.clone(), (who, String::new())),
        "mine" => (format!("a-{who}"), (who, String::new())),
        "topic" => (format!("b-{branch}"), (branch, String::new())),
        "pair" => (format!("x-{who}-{branch}"), (who, branch)),
        "review" => (format!("pr-{number}"), (number.to_string(), String::new())),
        "tagged" => ("release".to_owned(), Default::default()),
        fixed => (fixed.to_owned(), Default::default()),
    };
    let event = match rule {
        "review" => Event::PullRequest {
            number,
            base: "main".to_owned(),
            labels: vec!["other".to_owned(), "ok".to_owned()],
            fork: false,
        },
        "tagged" if draw.below(2) == 0 => Event::Tag,
        _ => Event::Push,
    };
    Change {
        trigger: Trigger {
            event,
            reference: RefName::new(reference),
            actor: Some(Actor::new(actor)),
            deleted: false,
        },
        rule,
        raw,
        identity: (rule.to_owned(), named_after.0, named_after.1),
    }
}

fn expected(change: &Change) -> Expected {
    let raw = change.raw.as_str();
    let is_fixed = matches!(change.rule, "prod" | "tagged");
    let is_legal = (1..=LONGEST).contains(&raw.len())
        && raw.split('-').all(|part| {
            !part.is_empty() && part.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9'))
        });
    // A name with more of its own in it belongs to whoever has that.
    let after = |prefix: &str| raw.strip_prefix(prefix).filter(|rest| !rest.is_empty());
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let is_another_s = change.rule == "personal"
        && (["prod", "release"].contains(&raw)
            || ["a-", "b-", "x-"]
                .iter()
                .any(|prefix| after(prefix).is_some())
            || after("pr-").is_some_and(is_number));
    if is_fixed || is_legal && !is_another_s && change.rule != "pair" {
        Expected::Exactly(raw.to_owned())
    } else {
        Expected::Hashed
    }
}

fn is_hashed(name: &str) -> bool {
    let digits = name.rsplit('-').next().unwrap_or_default();
    digits.len() == 6 && digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

/// What is wrong with a name; `taken` has all that were given before.
fn wrong(
    change: &Change,
    name: Option<&str>,
    taken: &mut BTreeMap<String, Identity>,
) -> Option<String> {
    let Some(name) = name else {
        return Some("it has no name".to_owned());
    };
    let is_legal = name.len() <= LONGEST
        && name.split('-').all(|part| {
            !part.is_empty() && part.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9'))
        });
    if !is_legal {
        return Some(format!("`{name}` is no name"));
    }
    match expected(change) {
        Expected::Exactly(exactly) if exactly != name => {
            return Some(format!("`{name}` is not `{exactly}`"));
        }
        Expected::Hashed if !is_hashed(name) || name == change.raw => {
            return Some(format!("`{name}` has no hash"));
        }
        _ => {}
    }
    let first = taken
        .entry(name.to_owned())
        .or_insert_with(|| change.identity.clone());
    (*first != change.identity).then(|| format!("`{name}` is that of {first:?} too"))
}

#[test]
fn every_name_is_itself_or_hashed_and_nobody_elses() {
    let file = with_stages(STAGES);
    let mut draw = Draw(1);
    let mut taken = BTreeMap::new();
    for _ in 0..CASES {
        let change = change(&mut draw);
        let got = resolve(&file, &change.trigger);
        assert_eq!(rule_of(&got), Some(change.rule), "{:?}", change.trigger);
        let name = got.stage.as_ref().map(StageName::as_str);
        if let Some(wrong) = wrong(&change, name, &mut taken) {
            panic!("{wrong}: {:?}", change.trigger);
        }
        // A deletion is told to the stage that the reference led to.
        let mut gone = change.trigger.clone();
        gone.deleted = true;
        assert_eq!(resolve(&file, &gone).stage, got.stage);
        // Code of strangers gets none, and neither does what is named after nobody.
        let mut strange = change.trigger.clone();
        if let Event::PullRequest { fork, .. } = &mut strange.event {
            *fork = true;
            assert_eq!(resolve(&file, &strange).stage, None);
        }
        let mut nobody = change.trigger;
        nobody.actor = None;
        let needs_actor = ["personal", "mine", "pair"].contains(&change.rule);
        assert_eq!(resolve(&file, &nobody).stage.is_none(), needs_actor);
    }
    assert!(taken.len() > 1_000, "{} names", taken.len());
}

#[test]
fn a_name_that_is_cut_or_shared_or_has_lost_its_case_is_noticed() {
    let mut noticed = [0; 3];
    let mut draw = Draw(2);
    let mut taken: [BTreeMap<String, Identity>; 3] = Default::default();
    for _ in 0..2_000 {
        let change = change(&mut draw);
        let lower = change.raw.to_ascii_lowercase();
        let kept = lower
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-');
        let cut: String = kept.take(LONGEST).collect();
        let names = [
            // Cut, and no hash.
            Some(cut.trim_end_matches('-')),
            // One for all who lost something.
            Some("x-000000"),
            Some(change.raw.as_str()),
        ];
        for (index, name) in names.into_iter().enumerate() {
            noticed[index] += u32::from(wrong(&change, name, &mut taken[index]).is_some());
        }
    }
    assert!(noticed.iter().all(|times| *times > 100), "{noticed:?}");
}
