//! Text for a POSIX shell.
//!
//! Inside single quotes a shell reads nothing but the closing quote, so any text without a NUL
//! is itself there. Base64 would do as well, but nobody could read in the console what runs.

use greenroom_core::stage_file::{Reference, Template};

/// One word that is exactly `text`, which holds no NUL.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// One word that is the template with its references filled in from the start's variables.
/// `None` for a secret, and for what a start does not tell.
pub fn word(template: &Template) -> Option<String> {
    let mut out = String::new();
    for part in template.pieces() {
        match part {
            Ok(text) => out.push_str(&quote(text)),
            Err(reference) => {
                out.push_str("\"$");
                out.push_str(variable(reference)?);
                out.push('"');
            }
        }
    }
    if out.is_empty() {
        out.push_str("''");
    }
    Some(out)
}

/// The variable that [`greenroom_core::definition::start_variables`] tells a reference by.
fn variable(reference: &Reference) -> Option<&'static str> {
    match reference {
        Reference::Stage => Some("GREENROOM_STAGE"),
        Reference::Actor => Some("GREENROOM_ACTOR"),
        Reference::BranchSlug => Some("GREENROOM_BRANCH"),
        Reference::PullRequest => Some("GREENROOM_PR"),
        Reference::Secret(_) | Reference::Output(_) => None,
    }
}

#[cfg(test)]
mod tests;
