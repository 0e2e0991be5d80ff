//! Who may ask for what, against a table with a cell for every command of every kind of asker
//! under every kind of rule.

use greenroom_core::authorize::{authorize, authorize_apply};
use greenroom_core::command::Command;
use greenroom_core::name::*;
use greenroom_core::policy::Policy;
use greenroom_core::principal::Principal;
use greenroom_core::stage_file::{StageFile, Window};
use jiff::SignedDuration;

const FILE: &str = r#"
version: 1
app: acme/orders
pipelines:
  plain: { steps: [{ name: deploy, run: make deploy }] }
roles:
  owner: [alice, Bob]
  lead: [carol]
stages:
  free: { from: { branch: a }, pipeline: plain }
  open: { from: { branch: b }, pipeline: plain, approvals: { count: 1 }, expires: { idle: 7d, by: [lead] } }
  owned:
    from: { branch: c }
    pipeline: plain
    approvals: { count: 1, by: [owner] }
    windows: [night, strict]
  shared:
    from: { branch: d }
    pipeline: plain
    approvals: { count: 1, by: [owner, lead] }
    windows: [strict]
windows:
  night:
    deny: { cron: "0 20 * * *", for: 10h, timezone: UTC }
    reason: nobody is here
    override: [lead]
  strict: { deny: { cron: "0 0 1 1 *", for: 1d, timezone: UTC }, reason: a holiday }
"#;

/// Whose yes and no are asked for, by rule; `None`: anybody's.
const WHOSE: [(&str, Option<&[&str]>); 5] = [
    ("free", None),
    ("open", None),
    ("owned", Some(&["alice", "ALICE", "bob", "Bob"])),
    ("shared", Some(&["alice", "ALICE", "bob", "Bob", "carol"])),
    ("gone", None),
];

/// Names that are somebody's, almost somebody's, and nobody's.
const NAMES: [&str; 9] = [
    "alice", "ALICE", "bob", "Bob", "carol", "owner", "alic", "alice ", "",
];

fn commands() -> Vec<Command> {
    let reason = || "because".to_owned();
    vec![
        Command::Admit {
            generation: 1,
            nonce: Nonce::new("n"),
            execution: ExecutionId::new("e"),
            revision: Revision::new("1".repeat(40)),
        },
        Command::Promote,
        Command::Approve { revision: None },
        Command::Reject {
            revision: None,
            reason: reason(),
        },
        Command::Rollback {
            to: None,
            reason: reason(),
        },
        Command::Retry,
        Command::Abort { reason: reason() },
        Command::Lock {
            reason: reason(),
            until: None,
        },
        Command::Unlock,
        Command::Refresh,
        Command::Acknowledge { note: None },
        Command::Override {
            reason: reason(),
            revision: None,
        },
        Command::Deploy {
            revision: Revision::new("1".repeat(40)),
            reference: None,
        },
        Command::Extend { until: None },
        Command::Park {
            reason: reason(),
            until: None,
        },
        Command::Unpark,
        Command::Toggle,
        Command::Settle,
        Command::Pin { reason: reason() },
        Command::Unpin,
        Command::Destroy { reason: reason() },
        Command::Mute {
            reason: reason(),
            until: jiff::Timestamp::MAX,
        },
        Command::Unmute,
    ]
}

/// The table: asker by asker, command by command.
fn table(principal: &Principal, verb: &str, rule: &str, whose: Option<&[&str]>) -> bool {
    match (principal, verb) {
        (Principal::Pipeline, "admit") => true,
        (Principal::Pipeline | Principal::Automation, _) | (_, "admit") => false,
        (Principal::Operator { .. }, _) => true,
        (Principal::Person { name }, "approve" | "reject") => {
            whose.is_none_or(|whose| whose.contains(&name.as_str()))
        }
        // Where nothing is closed nobody is in the way; `strict` is nobody's to override.
        (Principal::Person { name }, "override") => match rule {
            "owned" => name == "carol",
            "shared" | "gone" => false,
            _ => true,
        },
        // Only where the stage file names somebody; whose stage it is is asked elsewhere.
        (Principal::Person { name }, "pin" | "unpin" | "destroy") => {
            rule == "open" && name == "carol"
        }
        (Principal::Person { .. }, _) => true,
    }
}

/// The windows that close the stage of a rule.
fn closed<'a>(file: &'a StageFile, rule: &str) -> Vec<&'a Window> {
    let name = match rule {
        "owned" => "night",
        "shared" => "strict",
        _ => return Vec::new(),
    };
    let all = file.windows.values();
    all.filter(|window| window.name == name).collect()
}

/// Cells in which `allowed` and the table disagree.
fn disagreements(
    allowed: impl Fn(&Principal, &Command, &StageId, Option<&Policy<'_>>, &[&Window]) -> bool,
) -> Vec<String> {
    let file = StageFile::parse("greenroom.yaml", FILE.as_bytes()).expect("a valid stage file");
    let mut principals = vec![Principal::Automation, Principal::Pipeline];
    for name in NAMES.map(str::to_owned) {
        principals.push(Principal::Operator { name: name.clone() });
        principals.push(Principal::Person { name });
    }
    let mut all = Vec::new();
    for (rule, whose) in WHOSE {
        let policy = Policy::of(&file, &RuleName::new(rule), SignedDuration::ZERO);
        assert_eq!(policy.is_some(), rule != "gone");
        let closed = closed(&file, rule);
        let id = StageId {
            app: AppId(1),
            stage: StageName::new(rule),
        };
        for principal in &principals {
            for command in commands() {
                let expected = table(principal, command.verb(), rule, whose);
                if allowed(principal, &command, &id, policy.as_ref(), &closed) != expected {
                    all.push(format!("{principal:?} {} {rule}", command.verb()));
                }
            }
        }
    }
    all
}

#[test]
fn every_cell_of_the_table_is_what_is_decided() {
    let different = disagreements(|principal, command, stage, policy, closed| {
        let answer = authorize(principal, command, stage, policy, closed);
        if let Ok(proof) = &answer {
            // The proof is of exactly what was asked.
            assert_eq!((proof.principal(), proof.stage()), (principal, stage));
        }
        answer.is_ok()
    });
    assert_eq!(different, Vec::<String>::new());
}

#[test]
fn a_wrong_cell_is_noticed() {
    let everybody_is_operator = disagreements(|principal, command, stage, policy, closed| {
        let name = principal.name().to_owned();
        let operator = Principal::Operator { name };
        let principal = match principal {
            Principal::Person { .. } => &operator,
            other => other,
        };
        authorize(principal, command, stage, policy, closed).is_ok()
    });
    assert!(!everybody_is_operator.is_empty());
    let roles_are_forgotten = disagreements(|principal, command, stage, _, closed| {
        authorize(principal, command, stage, None, closed).is_ok()
    });
    assert!(!roles_are_forgotten.is_empty());
    let windows_are_forgotten = disagreements(|principal, command, stage, policy, _| {
        authorize(principal, command, stage, policy, &[]).is_ok()
    });
    assert!(!windows_are_forgotten.is_empty());
}

#[test]
fn of_several_allow_windows_one_that_is_theirs_is_enough_and_of_deny_windows_each_must_be() {
    let windows = r#"
  office: { allow: { cron: "0 9 * * *", for: 1h, timezone: UTC }, reason: r, override: [owner] }
  late: { allow: { cron: "0 21 * * *", for: 1h, timezone: UTC }, reason: r, override: [lead] }
"#;
    let text = format!("{}{windows}", FILE.trim_end());
    let file = StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a valid stage file");
    let policy = Policy::of(&file, &RuleName::new("owned"), SignedDuration::ZERO);
    let stage = StageId {
        app: AppId(1),
        stage: StageName::new("owned"),
    };
    let may = |name: &str, closed: &[&str]| {
        let person = Principal::Person {
            name: name.to_owned(),
        };
        let all = file.windows.values();
        let closed: Vec<_> = all
            .filter(|it| closed.contains(&it.name.as_str()))
            .collect();
        let command = Command::Override {
            reason: "because".to_owned(),
            revision: None,
        };
        authorize(&person, &command, &stage, policy.as_ref(), &closed).is_ok()
    };
    assert!(may("carol", &["office", "late"]));
    assert!(may("carol", &["office", "late", "night"]));
    assert!(!may("carol", &["office"]), "the owner's alone");
    assert!(!may("carol", &["office", "night"]));
    assert!(!may("alice", &["office", "night"]), "the lead's as well");
    assert!(!may("alice", &["office", "late", "strict"]));
}

#[test]
fn only_an_operator_says_what_pipelines_were_made_from() {
    let app = RepoName::new("acme/orders");
    let name = "alice".to_owned();
    let operator = Principal::Operator { name: name.clone() };
    assert!(authorize_apply(&operator, &app).is_ok());
    for other in [
        Principal::Person { name },
        Principal::Automation,
        Principal::Pipeline,
    ] {
        let no = authorize_apply(&other, &app).expect_err("no operator");
        assert_eq!(no.who, "an operator");
    }
}
