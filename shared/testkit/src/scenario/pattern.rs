//! Patterns of sentences: words, and blanks in braces. A blank's name says what may stand there.

use super::blank;

/// What stood in the blanks of a pattern.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found(Vec<(&'static str, String)>);

/// Where a sentence leaves a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Miss {
    /// Words that fit before.
    pub fits: usize,
    pub expected: String,
    /// The pattern's own word there, if it is one.
    pub word: Option<&'static str>,
}

impl Found {
    /// What stood in a blank; patterns and their meanings stand side by side in one table, and a
    /// test reads all of it.
    pub fn get(&self, name: &str) -> String {
        let found = self.0.iter().find(|(blank, _)| *blank == name);
        found.map_or_else(String::new, |(_, text)| text.clone())
    }
}

/// The words of a sentence; what stands in quotes is one.
pub fn words(sentence: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = sentence.trim();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('"').and_then(|quoted| quoted.find('"')) {
            Some(end) => end + 2,
            None => rest.find(' ').unwrap_or(rest.len()),
        };
        let (word, more) = rest.split_at(end);
        words.push(word);
        rest = more.trim_start();
    }
    words
}

/// Fits a sentence into a pattern.
///
/// # Errors
/// Where it does not fit, and what was expected there.
pub fn fit(pattern: &'static str, sentence: &str) -> Result<Found, Miss> {
    let words = words(sentence);
    let mut found = Found::default();
    let mut at = 0;
    for part in pattern.split(' ') {
        let miss = |expected: String, word| Miss {
            fits: at,
            expected,
            word,
        };
        let left = words.get(at..).unwrap_or_default();
        let Some(name) = part.strip_prefix('{').and_then(|it| it.strip_suffix('}')) else {
            if !left
                .first()
                .is_some_and(|word| part.split('|').any(|one| one == *word))
            {
                return Err(miss(
                    format!("`{}`", part.replace('|', "` or `")),
                    Some(part),
                ));
            }
            at += 1;
            continue;
        };
        let (text, taken) = take(name, left).ok_or_else(|| miss(wanted(name), None))?;
        found.0.push((name, text));
        at += taken;
    }
    if at < words.len() {
        return Err(Miss {
            fits: at,
            expected: "the end of the sentence".to_owned(),
            word: None,
        });
    }
    Ok(found)
}

/// What stands in a blank, and how many words it takes.
fn take(name: &str, left: &[&str]) -> Option<(String, usize)> {
    let first = *left.first()?;
    let one = |is: bool| is.then(|| (first.to_owned(), 1));
    match name {
        "person" => one(blank::person(first).is_some()),
        "branch" | "from" | "into" | "tag" | "page" => one(blank::is_reference(first)),
        "stage" | "other" | "mark" => one(blank::is_stage(first)),
        "subject" => {
            let quoted = first.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
            quoted
                .filter(|it| !it.is_empty())
                .map(|it| (it.to_owned(), 1))
        }
        "day" => one(blank::DAYS.contains(&first)),
        "time" => one(blank::beginning("Monday", first).is_some()),
        "length" => {
            let unit = *left.get(1)?;
            blank::length(first, unit)?;
            Some((format!("{first} {unit}"), 2))
        }
        // Everything to the end of the sentence.
        "branches" | "text" => Some((left.join(" "), left.len())),
        _ => None,
    }
}

fn wanted(name: &str) -> String {
    match name {
        "person" => format!("somebody ({})", blank::people()),
        "branch" | "from" | "into" => "a branch".to_owned(),
        "tag" => "a tag".to_owned(),
        "stage" | "other" => "a stage".to_owned(),
        "mark" => "a mark".to_owned(),
        "subject" => "a commit's subject in quotes".to_owned(),
        "day" => "a day such as Monday".to_owned(),
        "time" => "a time such as 09:00".to_owned(),
        "length" => "a length such as `three days`".to_owned(),
        other => format!("the {other}"),
    }
}
