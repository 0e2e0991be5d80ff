//! What tells the pipelines that stand from those that are wanted.

use std::collections::BTreeMap;

use greenroom_core::definition::{Applied, Definition, DefinitionHash};
use serde::Serialize;

/// One pipeline that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Change {
    pub pipeline: String,
    #[serde(rename = "change")]
    pub kind: Kind,
    /// What it was rendered from; none of what is new.
    pub from: Option<DefinitionHash>,
    /// What it is to be rendered from; none of what goes.
    pub to: Option<DefinitionHash>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Added,
    Changed,
    Removed,
}

impl Kind {
    pub fn symbol(self) -> char {
        match self {
            Self::Added => '+',
            Self::Changed => '~',
            Self::Removed => '-',
        }
    }

    /// `is added`, or `was added` when it is `done`.
    pub fn words(self, done: bool) -> String {
        let verb = if done { "was" } else { "is" };
        match self {
            Self::Added => format!("{verb} added"),
            Self::Changed => format!("{verb} changed: it was rendered from something else"),
            Self::Removed => format!("{verb} removed: the stage file has it no more"),
        }
    }
}

/// Every difference, by name.
pub fn changes(applied: &Applied, wanted: &[Definition]) -> Vec<Change> {
    let mut all: BTreeMap<&str, Change> = BTreeMap::new();
    for (name, hash) in applied {
        let change = Change {
            pipeline: name.clone(),
            kind: Kind::Removed,
            from: Some(hash.clone()),
            to: None,
        };
        all.insert(name, change);
    }
    for definition in wanted {
        let from = applied.get(&definition.name);
        if from == Some(&definition.hash) {
            all.remove(definition.name.as_str());
            continue;
        }
        let change = Change {
            pipeline: definition.name.clone(),
            kind: from.map_or(Kind::Added, |_| Kind::Changed),
            from: from.cloned(),
            to: Some(definition.hash.clone()),
        };
        all.insert(&definition.name, change);
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> DefinitionHash {
        DefinitionHash::new(text)
    }

    fn definition(name: &str, of: &str) -> Definition {
        Definition {
            name: name.to_owned(),
            hash: hash(of),
        }
    }

    #[test]
    fn what_is_new_other_or_gone_is_told_by_name_and_what_stands_is_not() {
        let applied = [("b", "1"), ("c", "1"), ("d", "1")];
        let applied = applied.map(|(name, of)| (name.to_owned(), hash(of)));
        let wanted = [
            definition("d", "2"),
            definition("a", "1"),
            definition("c", "1"),
        ];
        let change = |name: &str, kind, from: Option<&str>, to: Option<&str>| Change {
            pipeline: name.to_owned(),
            kind,
            from: from.map(hash),
            to: to.map(hash),
        };
        assert_eq!(
            changes(&applied.into(), &wanted),
            [
                change("a", Kind::Added, None, Some("1")),
                change("b", Kind::Removed, Some("1"), None),
                change("d", Kind::Changed, Some("1"), Some("2")),
            ]
        );
    }

    #[test]
    fn what_stands_as_it_should_needs_nothing() {
        let applied = Applied::from([("a".to_owned(), hash("1"))]);
        assert_eq!(changes(&applied, &[definition("a", "1")]), []);
        assert_eq!(changes(&Applied::new(), &[]), []);
    }
}
