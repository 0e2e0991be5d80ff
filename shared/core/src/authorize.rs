//! The one place that decides who may do what to which stage.

use crate::command::Command;
use crate::name::StageId;
use crate::policy::Policy;
use crate::principal::Principal;
use crate::stage_file::StageFile;

/// Proof that a wish was allowed. Only [`authorize`] makes one, and whatever changes a stage on
/// somebody's behalf asks for it.
#[derive(Debug)]
pub struct Authorized<'a> {
    principal: &'a Principal,
    stage: &'a StageId,
}

impl<'a> Authorized<'a> {
    pub fn principal(&self) -> &'a Principal {
        self.principal
    }
    pub fn stage(&self) -> &'a StageId {
        self.stage
    }
}

/// Why somebody may not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forbidden {
    pub why: String,
    /// Who may.
    pub who: String,
}

/// Decides whether `principal` may have `command` done to `stage`.
pub fn authorize<'a>(
    principal: &'a Principal,
    command: &Command,
    stage: &'a StageId,
    policy: Option<&Policy<'_>>,
) -> Result<Authorized<'a>, Forbidden> {
    let allowed = match (principal, command) {
        (Principal::Pipeline, Command::Admit { .. }) => true,
        (_, Command::Admit { .. }) => false,
        (Principal::Operator { .. }, _) => true,
        (Principal::Person { name }, Command::Approve { .. } | Command::Reject { .. }) => {
            let by = policy
                .and_then(|policy| policy.rule.approvals.as_ref())
                .map_or(&[][..], |approvals| &approvals.by);
            by.is_empty()
                || policy.is_some_and(|policy| by.iter().any(|role| holds(policy, role, name)))
        }
        (Principal::Person { .. }, _) => true,
        (Principal::Automation | Principal::Pipeline, _) => false,
    };
    if allowed {
        Ok(Authorized { principal, stage })
    } else {
        let roles = policy
            .and_then(|policy| policy.rule.approvals.as_ref())
            .map_or_else(String::new, |approvals| approvals.by.join(", "));
        Err(Forbidden {
            why: format!(
                "{} may not {} {}",
                principal.name(),
                command.verb(),
                stage.stage
            ),
            who: if roles.is_empty() {
                "an operator".to_owned()
            } else {
                format!("a holder of {roles}")
            },
        })
    }
}

/// Decides whether `principal` may give a revision this mark, or take it back. A mark belongs to
/// the app and to no stage. `bad` is anybody's to say: it only ever stops something.
pub fn authorize_mark(
    principal: &Principal,
    mark: &str,
    file: Option<&StageFile>,
) -> Result<(), Forbidden> {
    let by = file
        .and_then(|file| file.marks.get(mark))
        .map_or(&[][..], |rule| &rule.by);
    let allowed = match principal {
        Principal::Operator { .. } => true,
        Principal::Person { name } => {
            by.is_empty() || file.is_some_and(|file| by.iter().any(|role| is_in(file, role, name)))
        }
        Principal::Automation | Principal::Pipeline => false,
    };
    if allowed {
        return Ok(());
    }
    Err(Forbidden {
        why: format!("{} may not mark a release {mark}", principal.name()),
        who: if by.is_empty() {
            "a person".to_owned()
        } else {
            format!("a holder of {}", by.join(", "))
        },
    })
}

fn holds(policy: &Policy<'_>, role: &str, name: &str) -> bool {
    is_in(policy.file, role, name)
}

fn is_in(file: &StageFile, role: &str, name: &str) -> bool {
    file.roles.get(role).is_some_and(|people| {
        // A login is the same whatever its case.
        people
            .iter()
            .any(|person| person.as_str().eq_ignore_ascii_case(name))
    })
}
