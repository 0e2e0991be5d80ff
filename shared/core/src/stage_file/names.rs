//! Stage names that only one rule can give.

use crate::name::StageName;
use crate::stage_file::slug::suffixed;
use crate::stage_file::template::Part;
use crate::stage_file::{Reference, Rule, StageFile, Template};

/// `name` as `rule` gave it, unless it belongs to another rule: a person who is called `prod`
/// must not push to the stage `prod`. A fixed name always belongs to its rule; between two
/// templates the one with more text of its own has the right to the name, then the earlier.
pub fn collision_free(file: &StageFile, rule: &Rule, name: StageName) -> StageName {
    if rule.stage.as_literal().is_some() {
        return name;
    }
    let own = literal_length(&rule.stage);
    let mut is_earlier = true;
    let taken = file.rules.iter().any(|other| {
        if other.name == rule.name {
            is_earlier = false;
            return false;
        }
        if other.stage.as_literal().is_some() {
            return other.is_of(&name);
        }
        let length = literal_length(&other.stage);
        let has_right = length > own || (length == own && is_earlier);
        has_right && has_shape(&other.stage, name.as_str())
    });
    if taken {
        suffixed(name.as_str(), &format!("{}\0{name}", rule.name))
    } else {
        name
    }
}

/// How many characters of a template are its own.
pub(crate) fn literal_length(template: &Template) -> usize {
    let own = |part: &Part| match part {
        Part::Text(text) => text.len(),
        Part::Reference(_) => 0,
    };
    template.parts().iter().map(own).sum()
}

/// Whether a template could give `name`, judged by its ends and, for a lone `${pr}`, by digits.
pub(crate) fn has_shape(template: &Template, name: &str) -> bool {
    let (prefix, suffix) = ends(template);
    let Some(middle) = name
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_suffix(suffix))
    else {
        return false;
    };
    let mut references = template.references();
    match (references.next(), references.next()) {
        (Some(Reference::PullRequest), None) => {
            !middle.is_empty() && middle.bytes().all(|b| b.is_ascii_digit())
        }
        _ => !middle.is_empty(),
    }
}

/// The literals before the first and after the last reference.
pub(crate) fn ends(template: &Template) -> (&str, &str) {
    let first = match template.parts().first() {
        Some(Part::Text(text)) => text.as_str(),
        _ => "",
    };
    let last = match template.parts().last() {
        Some(Part::Text(text)) if template.parts().len() > 1 => text.as_str(),
        _ => "",
    };
    (first, last)
}
