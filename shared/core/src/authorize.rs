//! The one place that decides who may do what to which stage.

use crate::command::Command;
use crate::name::StageId;
use crate::policy::Policy;
use crate::principal::Principal;

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

fn holds(policy: &Policy<'_>, role: &str, name: &str) -> bool {
    policy.file.roles.get(role).is_some_and(|people| {
        // A login is the same whatever its case.
        people
            .iter()
            .any(|person| person.as_str().eq_ignore_ascii_case(name))
    })
}
