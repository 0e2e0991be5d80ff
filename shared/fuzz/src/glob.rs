//! Patterns over branch names: the compiled matcher agrees with a naive one.
//!
//! An input is two patterns and any number of names, a line each.

use greenroom_core::stage_file::Pattern;

/// # Panics
/// When a promise is broken.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut lines = text.split('\n');
    let patterns: Vec<Pattern> = lines.by_ref().take(2).filter_map(compiled).collect();
    let names: Vec<&str> = lines.take(64).collect();
    for pattern in &patterns {
        let alternatives = alternatives(pattern.as_str());
        for name in &names {
            let matches = pattern.matches(name);
            if is_a_name(name) {
                let naive = alternatives.iter().any(|one| naive(one, name));
                assert_eq!(matches, naive, "{pattern} and {name:?}");
            }
            if let Some(literal) = pattern.literal() {
                assert_eq!(matches, *name == literal, "{pattern} and {name:?}");
            }
        }
    }
    if let [one, other] = patterns.as_slice() {
        let covers = one.covers(other);
        for name in names.iter().filter(|name| is_a_name(name)) {
            assert!(
                !covers || !other.matches(name) || one.matches(name),
                "{one} covers {other} and does not match {name:?}"
            );
        }
    }
}

/// The pattern, if it is one; reading it twice gives the same.
fn compiled(text: &str) -> Option<Pattern> {
    let again = Pattern::parse(text);
    match Pattern::parse(text) {
        Ok(pattern) => {
            assert_eq!(pattern.as_str(), text);
            assert_eq!(again.as_ref().ok(), Some(&pattern));
            Some(pattern)
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!said.is_empty() && !said.chars().any(char::is_control));
            assert_eq!(again.err(), Some(error));
            None
        }
    }
}

/// What git lets a branch be called, as far as slashes go.
fn is_a_name(name: &str) -> bool {
    !name.split('/').any(str::is_empty)
}

/// The pattern with its first braces replaced by each of their choices, and so on.
fn alternatives(pattern: &str) -> Vec<String> {
    let Some(open) = pattern.find('{') else {
        return vec![pattern.to_owned()];
    };
    let (mut depth, mut from, mut choices) = (0, open + 1, Vec::new());
    for (at, c) in pattern.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        let ends = depth == 0;
        if ends || (c == ',' && depth == 1) {
            choices.push(&pattern[from..at]);
            from = at + 1;
        }
        if ends {
            break;
        }
    }
    let (head, tail) = (&pattern[..open], &pattern[from..]);
    choices
        .iter()
        .flat_map(|choice| alternatives(&format!("{head}{choice}{tail}")))
        .collect()
}

fn naive(pattern: &str, name: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let name: Vec<&str> = name.split('/').collect();
    // Which beginnings of the name the beginning of the pattern covers.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for (index, part) in pattern.iter().enumerate() {
        let last = index + 1 == pattern.len();
        let mut next = vec![false; name.len() + 1];
        for at in (0..=name.len()).filter(|at| reached[*at]) {
            if *part == "**" {
                // At the end it stands for at least one segment.
                for covered in next.iter_mut().skip(at + usize::from(last)) {
                    *covered = true;
                }
            } else if name.get(at).is_some_and(|segment| within(part, segment)) {
                next[at + 1] = true;
            }
        }
        reached = next;
    }
    reached[name.len()]
}

/// Whether one segment matches, with `*` for any run of characters.
fn within(pattern: &str, segment: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == segment,
        Some((head, tail)) => segment.strip_prefix(head).is_some_and(|rest| {
            let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.into_iter().any(|at| within(tail, &rest[at..]))
        }),
    }
}
