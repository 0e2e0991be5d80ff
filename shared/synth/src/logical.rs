//! Logical ids: letters and digits that stay the same as long as the pipeline's name does.

use crate::Job;

/// `<what><title><hash>`, such as `ProjectStageDevA1B2C3`.
pub(crate) fn id(job: &Job<'_>, what: &str) -> String {
    let mut id = what.to_owned();
    let mut upper = true;
    for c in job.title.chars() {
        if c.is_ascii_alphanumeric() {
            id.push(if upper { c.to_ascii_uppercase() } else { c });
        }
        upper = !c.is_ascii_alphanumeric();
    }
    // `a-b` and `aB` would read the same; the name's own hash tells them apart.
    let name = &job.definition.name;
    let hash = name
        .rsplit_once('-')
        .map_or(name.as_str(), |(_, hash)| hash);
    id.extend(hash.chars().take(6));
    id
}
