//! 100,000 generated cases against an oracle that shares nothing with the real thing: its own
//! glob matcher over characters, its own order, its own reading of the rules.

use super::*;

/// A rule as the generator made it, in the oracle's own words.
#[derive(Clone, Debug)]
struct Plain {
    name: String,
    template: String,
    from: Lead,
}

#[derive(Clone, Debug)]
enum Lead {
    Local,
    Branch(String),
    Refreshed(String),
    Tag(String),
    PullRequest(String, Vec<String>),
    Promote,
}

/// A small generator of pseudo-random numbers (xorshift); the seed is part of the test.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).expect("small")
    }
    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Matches one character at a time, with the whole rest as argument.
fn glob(pattern: &str, text: &str) -> bool {
    if let Some(open) = pattern.find('{') {
        let mut depth = 0;
        let (mut start, mut choices) = (open + 1, Vec::new());
        for (at, c) in pattern.char_indices().skip_while(|(at, _)| *at < open) {
            match c {
                '{' => depth += 1,
                ',' if depth == 1 => {
                    choices.push(&pattern[start..at]);
                    start = at + 1;
                }
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                choices.push(&pattern[start..at]);
                let (head, tail) = (&pattern[..open], &pattern[at + 1..]);
                return choices
                    .iter()
                    .any(|choice| glob(&format!("{head}{choice}{tail}"), text));
            }
        }
        unreachable!("generated patterns are balanced");
    }
    let pattern: Vec<&str> = pattern.split('/').collect();
    let text: Vec<&str> = text.split('/').collect();
    segments(&pattern, &text)
}

fn segments(pattern: &[&str], text: &[&str]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        // At the end at least one segment, elsewhere any number.
        Some((&"**", [])) => !text.is_empty(),
        Some((&"**", rest)) => (0..=text.len()).any(|skip| segments(rest, &text[skip..])),
        Some((one, rest)) => text.split_first().is_some_and(|(segment, tail)| {
            let (one, segment): (Vec<char>, Vec<char>) =
                (one.chars().collect(), segment.chars().collect());
            within(&one, &segment) && segments(rest, tail)
        }),
    }
}

fn within(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|skip| within(rest, &text[skip..])),
        Some((c, rest)) => text.first() == Some(c) && within(rest, &text[1..]),
    }
}

/// What the first matching rule is, and whether it can give a stage.
fn oracle<'a>(rules: &'a [Plain], trigger: &Trigger) -> (Option<&'a str>, bool) {
    let full = trigger.reference.as_str();
    let branch = full.strip_prefix("refs/heads/");
    let tag = full.strip_prefix("refs/tags/");
    for rule in rules {
        let hit = match (&rule.from, &trigger.event) {
            (Lead::Local | Lead::Promote, _) => false,
            (Lead::Branch(p), Event::Push | Event::Tag) => branch.is_some_and(|b| glob(p, b)),
            (Lead::Refreshed(p), Event::Schedule { rule: due }) => {
                due.as_str() == rule.name && branch.is_some_and(|b| glob(p, b))
            }
            (Lead::Tag(p), Event::Push | Event::Tag) => tag.is_some_and(|t| glob(p, t)),
            (Lead::PullRequest(p, wanted), Event::PullRequest { base, labels, .. }) => {
                glob(p, base) && wanted.iter().all(|w| labels.iter().any(|l| l == w))
            }
            _ => false,
        };
        if hit {
            let fork = matches!(trigger.event, Event::PullRequest { fork: true, .. });
            let nameless = rule.template.contains("${actor}") && trigger.actor.is_none()
                || rule.template.contains("${branch.slug}") && branch.is_none();
            return (Some(&rule.name), !fork && !nameless);
        }
    }
    let is_push = matches!(trigger.event, Event::Push);
    let local = rules.iter().find(|rule| matches!(rule.from, Lead::Local));
    (
        local
            .filter(|_| is_push && branch.is_some())
            .map(|rule| rule.name.as_str()),
        false,
    )
}

const SEGMENTS: [&str; 14] = [
    "feature",
    "fix",
    "main",
    "develop",
    "release",
    "a",
    "v1",
    "v1.2",
    "Feature",
    "x_y",
    "$(rm -rf ~)",
    "..",
    "🙂",
    "feature-x",
];
const PARTS: [&str; 17] = [
    "feature",
    "fix",
    "main",
    "*",
    "**",
    "v*",
    "*a*",
    "f*x",
    "{fix,main}",
    "{a,{v1,x_y}}",
    "🙂",
    "release",
    "{feature/*,fix}",
    "{**,main}",
    "{a/{**,fix},*-x}",
    "Feature",
    "*.*",
];

fn pattern(random: &mut Random) -> String {
    let count = 1 + random.below(5) / 2;
    let parts: Vec<&str> = (0..count).map(|_| *random.pick(&PARTS)).collect();
    parts.join("/")
}

fn name(random: &mut Random) -> String {
    let count = 1 + random.below(5) / 2;
    let parts: Vec<&str> = (0..count).map(|_| *random.pick(&SEGMENTS)).collect();
    parts.join("/")
}

fn rules(random: &mut Random) -> Vec<Plain> {
    let labels = |random: &mut Random| {
        let all = ["preview", "ok"];
        all.iter()
            .filter(|_| random.one_in(2))
            .map(|l| (*l).to_owned())
            .collect()
    };
    let mut all = vec![Plain {
        name: "up".to_owned(),
        template: "up".to_owned(),
        from: Lead::Branch("nowhere".to_owned()),
    }];
    for index in 0..random.below(8) {
        let from = match random.below(10) {
            0 => Lead::Local,
            1 => Lead::Refreshed((*random.pick(&["main", "develop", "release/a"])).to_owned()),
            2 => Lead::Promote,
            3 | 4 => Lead::Tag(pattern(random)),
            5 | 6 => Lead::PullRequest(pattern(random), labels(random)),
            _ => Lead::Branch(pattern(random)),
        };
        let template = match (&from, random.below(3)) {
            (Lead::Branch(_) | Lead::PullRequest(..), 0) => format!("a{index}-${{actor}}"),
            (Lead::Branch(_) | Lead::PullRequest(..), 1) => format!("b{index}-${{branch.slug}}"),
            _ => format!("r{index}"),
        };
        all.push(Plain {
            name: format!("r{index}"),
            template,
            from,
        });
    }
    all
}

fn yaml(rules: &[Plain]) -> String {
    let mut out = String::new();
    for rule in rules {
        let from = match &rule.from {
            Lead::Local => {
                out.push_str(&format!("  {}: {{ kind: local }}\n", rule.name));
                continue;
            }
            Lead::Branch(p) => format!("branch: \"{p}\""),
            Lead::Refreshed(p) => {
                format!("branch: \"{p}\", refresh: {{ cron: \"0 6 * * *\", timezone: UTC }}")
            }
            Lead::Tag(p) => format!("tag: \"{p}\""),
            Lead::PullRequest(p, labels) => {
                format!(
                    "pull_request: {{ base: \"{p}\", labels: [{}] }}",
                    labels.join(", ")
                )
            }
            Lead::Promote => "promote: up".to_owned(),
        };
        let (name, template) = (&rule.name, &rule.template);
        out.push_str(&format!(
            "  {name}: {{ name: \"{template}\", from: {{ {from} }}, pipeline: p, verify: [s] }}\n"
        ));
    }
    out
}

/// A name that has a good chance to match some rule: a pattern with its signs filled in.
fn likely(random: &mut Random, rules: &[Plain]) -> String {
    let pattern = match &random.pick(rules).from {
        Lead::Branch(p) | Lead::Refreshed(p) | Lead::Tag(p) | Lead::PullRequest(p, _) => p.clone(),
        Lead::Local | Lead::Promote => return name(random),
    };
    pattern
        .replace("{fix,main}", "main")
        .replace("{a,{v1,x_y}}", "x_y")
        .replace("**", "a/🙂")
        .replace('*', "a")
}

fn trigger(random: &mut Random, rules: &[Plain]) -> Trigger {
    let one = |random: &mut Random| {
        if random.one_in(2) {
            name(random)
        } else {
            likely(random, rules)
        }
    };
    let reference = match random.below(8) {
        0 => format!("refs/tags/{}", one(random)),
        1 => format!("refs/notes/{}", name(random)),
        _ => format!("refs/heads/{}", one(random)),
    };
    let event = match random.below(8) {
        0 => Event::Tag,
        1 | 2 => Event::PullRequest {
            number: random.next() % 1000,
            base: one(random),
            labels: ["preview", "ok", "other"]
                .iter()
                .filter(|_| random.one_in(2))
                .map(|l| (*l).to_owned())
                .collect(),
            fork: random.one_in(4),
        },
        3 => Event::Schedule {
            rule: RuleName::new(random.pick(rules).name.as_str()),
        },
        _ => Event::Push,
    };
    let actor =
        (!random.one_in(4)).then(|| Actor::new(*random.pick(&["alice", "Bob", "r1", "up"])));
    Trigger {
        event,
        reference: RefName::new(reference),
        actor,
        deleted: random.one_in(10),
    }
}

#[test]
fn a_hundred_thousand_cases_agree_with_the_oracle() {
    let mut random = Random(0x5eed_0001);
    let mut matched = 0;
    for _ in 0..250 {
        let plain = rules(&mut random);
        let file = with_stages(&yaml(&plain));
        for _ in 0..400 {
            let trigger = trigger(&mut random, &plain);
            let got = resolve(&file, &trigger);
            let (rule, staged) = oracle(&plain, &trigger);
            assert_eq!(
                (rule_of(&got), got.stage.is_some()),
                (rule, staged),
                "{plain:#?} {trigger:#?} {got:#?}"
            );
            assert_eq!(got, resolve(&file, &trigger));
            assert_eq!(
                got.tried.iter().filter(|t| t.matched).count(),
                usize::from(rule.is_some())
            );
            if let Some(stage) = &got.stage {
                assert!(crate::stage_file::is_stage_name(stage.as_str()), "{stage}");
                let own = plain.iter().find(|p| Some(p.name.as_str()) == rule);
                let fixed = own.filter(|p| !p.template.contains('$'));
                assert!(fixed.is_none_or(|p| p.template == stage.as_str()));
                matched += 1;
            }
        }
    }
    assert!(matched > 10_000, "the cases must not all miss: {matched}");
}
