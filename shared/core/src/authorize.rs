//! The one place that decides who may do what to which stage.

use crate::command::Command;
use crate::name::{RepoName, StageId};
use crate::pause::PauseCommand;
use crate::policy::Policy;
use crate::principal::Principal;
use crate::stage::Stage;
use crate::stage_file::{Reference, StageFile, Window, WindowKind};

/// Proof that a wish was allowed for a stage, or for what else `T` names. Only [`authorize`] and
/// [`authorize_pause`] make one, and whatever changes something on somebody's behalf asks for it.
#[derive(Debug)]
pub struct Authorized<'a, T = StageId> {
    principal: &'a Principal,
    of: &'a T,
}

impl<'a, T> Authorized<'a, T> {
    pub fn principal(&self) -> &'a Principal {
        self.principal
    }
}

impl<'a> Authorized<'a> {
    pub fn stage(&self) -> &'a StageId {
        self.of
    }
}

/// Why somebody may not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forbidden {
    pub why: String,
    /// Who may.
    pub who: String,
}

/// Decides whether `principal` may have `command` done to `stage`. `closed` are the windows that an
/// override would let something through; none for any other command.
///
/// # Errors
/// [`Forbidden`], with who may.
pub fn authorize<'a>(
    principal: &'a Principal,
    command: &Command,
    stage: &'a StageId,
    policy: Option<&Policy<'_>>,
    closed: &[&Window],
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
        (Principal::Person { .. }, Command::Override { .. }) => {
            policy.is_some_and(|policy| in_the_way(principal, closed, policy).is_none())
        }
        (
            Principal::Person { name },
            Command::Pin { .. } | Command::Unpin | Command::Destroy { .. },
        ) => enders(policy)
            .iter()
            .any(|role| policy.is_some_and(|policy| holds(policy, role, name))),
        (Principal::Person { .. }, _) => true,
        (Principal::Automation | Principal::Pipeline, _) => false,
    };
    if allowed {
        let of = stage;
        return Ok(Authorized { principal, of });
    }
    let window = policy.and_then(|policy| in_the_way(principal, closed, policy));
    let (what, roles) = match (window, policy) {
        (Some(window), _) => (window.name.as_str(), window.overriders.as_slice()),
        (None, _) if is_about_its_end(command) => (stage.stage.as_str(), enders(policy)),
        (None, Some(policy)) => {
            let approvals = policy.rule.approvals.as_ref();
            let by = approvals.map_or(&[][..], |approvals| &approvals.by);
            (stage.stage.as_str(), by)
        }
        (None, None) => (stage.stage.as_str(), &[][..]),
    };
    Err(Forbidden {
        why: format!("{} may not {} {what}", principal.name(), command.verb()),
        who: if roles.is_empty() {
            "an operator".to_owned()
        } else {
            format!("a holder of {}", roles.join(", "))
        },
    })
}

/// The same for the end of a stage: whose own stage it is may end it as well.
///
/// # Errors
/// [`Forbidden`], with who may.
pub fn authorize_end<'a>(
    principal: &'a Principal,
    command: &Command,
    stage: &'a Stage,
    policy: Option<&Policy<'_>>,
) -> Result<Authorized<'a>, Forbidden> {
    let owner = stage.spec.actor.as_ref();
    if let (Principal::Person { name }, Command::Destroy { .. }, Some(owner)) =
        (principal, command, owner)
        && owner.as_str().eq_ignore_ascii_case(name)
        && is_named_by_its_owner(policy)
    {
        let of = &stage.id;
        return Ok(Authorized { principal, of });
    }
    let decided = authorize(principal, command, &stage.id, policy, &[]);
    decided.map_err(
        |forbidden| match owner.filter(|_| is_named_by_its_owner(policy)) {
            Some(owner) => Forbidden {
                who: format!("{owner}, or {}", forbidden.who),
                ..forbidden
            },
            None => forbidden,
        },
    )
}

/// Whether each person has a stage of their own there: whoever pushed last to a shared one does not
/// own it.
fn is_named_by_its_owner(policy: Option<&Policy<'_>>) -> bool {
    let mut references = policy.into_iter().flat_map(|it| it.rule.stage.references());
    references.any(|reference| *reference == Reference::Actor)
}

fn is_about_its_end(command: &Command) -> bool {
    matches!(
        command,
        Command::Pin { .. } | Command::Unpin | Command::Destroy { .. }
    )
}

/// Roles whose holders may let a stage last for good, and end it.
fn enders<'a>(policy: Option<&Policy<'a>>) -> &'a [String] {
    let expires = policy.and_then(|policy| policy.rule.expires.as_ref());
    expires.map_or(&[][..], |expires| &expires.by)
}

/// A window that `principal` may let nothing through: each of those that deny must be theirs, and
/// one of those that would allow.
fn in_the_way<'w>(
    principal: &Principal,
    closed: &[&'w Window],
    policy: &Policy<'_>,
) -> Option<&'w Window> {
    let allows = |window: &&Window| window.kind == WindowKind::Allow;
    let mine = |window: &&Window| may_override(principal, window, policy);
    let opened = closed.iter().any(|window| allows(window) && mine(window));
    let left = |window: &&&'w Window| !(mine(window) || opened && allows(window));
    closed.iter().find(left).copied()
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
pub(crate) fn may_override(principal: &Principal, window: &Window, policy: &Policy<'_>) -> bool {
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
pub fn authorize_pause<'a>(
    principal: &'a Principal,
    command: &PauseCommand,
    app: &'a RepoName,
) -> Result<Authorized<'a, RepoName>, Forbidden> {
    match principal {
        Principal::Operator { .. } | Principal::Person { .. } => {
            let of = app;
            Ok(Authorized { principal, of })
        }
        Principal::Automation | Principal::Pipeline => Err(Forbidden {
            why: format!("{} may not {} {app}", principal.name(), command.verb()),
            who: "an operator".to_owned(),
        }),
    }
}

/// Decides whether `principal` may say what the pipelines of `app` were made from: whoever may, says
/// which steps deploy.
///
/// # Errors
/// [`Forbidden`] for all but operators.
pub fn authorize_apply(principal: &Principal, app: &RepoName) -> Result<(), Forbidden> {
    match principal {
        Principal::Operator { .. } => Ok(()),
        Principal::Person { .. } | Principal::Automation | Principal::Pipeline => Err(Forbidden {
            why: format!("{} may not apply pipelines of {app}", principal.name()),
            who: "an operator".to_owned(),
        }),
    }
}
