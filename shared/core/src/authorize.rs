//! The one place that decides who may do what to which stage.

use std::collections::BTreeSet;

use crate::command::Command;
use crate::name::{RepoName, StageId};
use crate::pause::PauseCommand;
use crate::policy::Policy;
use crate::principal::Principal;
use crate::stage_file::StageFile;
use crate::stage_file::Window;

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
        // Of at least one window; which of them are closed, and whether that one is all, is asked
        // of `may_override` when it is known.
        (Principal::Person { .. }, Command::Override { .. }) => policy.is_some_and(|policy| {
            let mut windows = policy.windows.iter();
            windows.any(|window| may_override(principal, window, policy))
        }),
        (Principal::Person { .. }, _) => true,
        (Principal::Automation | Principal::Pipeline, _) => false,
    };
    if allowed {
        Ok(Authorized { principal, stage })
    } else {
        let roles = policy.map_or_else(String::new, |policy| who_may(command, policy).join(", "));
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

/// The roles whose holders may, if roles decide.
fn who_may(command: &Command, policy: &Policy<'_>) -> Vec<String> {
    if let Command::Override { .. } = command {
        let windows = policy.windows.iter();
        let roles: BTreeSet<_> = windows.flat_map(|window| &window.overriders).collect();
        return roles.into_iter().cloned().collect();
    }
    let approvals = policy.rule.approvals.as_ref();
    approvals.map_or_else(Vec::new, |approvals| approvals.by.clone())
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

/// Whether `principal` may let a release through `window`.
pub fn may_override(principal: &Principal, window: &Window, policy: &Policy<'_>) -> bool {
    match principal {
        Principal::Operator { .. } => true,
        Principal::Person { name } => {
            let mut roles = window.overriders.iter();
            roles.any(|role| holds(policy, role, name))
        }
        Principal::Automation | Principal::Pipeline => false,
    }
}

/// Decides whether `principal` may stop or resume everything of `app`. Stopping is safe, and whoever
/// sees a reason may; so may whoever sees that it is over, as with a lock.
///
/// # Errors
/// [`Forbidden`] for Greenroom itself and for pipelines.
pub fn authorize_pause(
    principal: &Principal,
    command: &PauseCommand,
    app: &RepoName,
) -> Result<(), Forbidden> {
    match principal {
        Principal::Operator { .. } | Principal::Person { .. } => Ok(()),
        Principal::Automation | Principal::Pipeline => Err(Forbidden {
            why: format!("{} may not {} {app}", principal.name(), command.verb()),
            who: "an operator".to_owned(),
        }),
    }
}
