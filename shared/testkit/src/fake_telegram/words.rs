//! The words Telegram makes active on its own: mentions, commands, hashtags, cashtags, links and
//! mail addresses, everywhere but inside `code`, `pre` and links.

use super::markup::Entity;

/// Endings that make a word with dots a link; Telegram knows them all, this is a sample.
const DOMAINS: &[&str] = &["com", "org", "net", "io", "me", "dev", "app", "example"];

/// The words of `text` that Telegram would make active; `entities` are those of the same reading.
pub fn active(text: &str, entities: &[Entity]) -> Vec<String> {
    let covered: Vec<_> = entities
        .iter()
        .filter(|entity| matches!(entity.kind, "code" | "pre" | "text_link"))
        .map(|entity| entity.start..entity.start + entity.text.len())
        .collect();
    let mut found = Vec::new();
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        if !covered.iter().any(|range| range.contains(&at)) && begins_one(text, at, c, before) {
            let word = text[at..].split_whitespace().next().unwrap_or("");
            found.push(word.to_owned());
        }
        before = Some(c);
    }
    found
}

fn begins_one(text: &str, at: usize, c: char, before: Option<char>) -> bool {
    let rest = &text[at + c.len_utf8()..];
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
    let joined = before.is_some_and(is_word);
    match c {
        '@' => !name.is_empty(),
        '#' => !joined && name.chars().any(char::is_alphabetic),
        '$' => !joined && !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase()),
        '/' => !joined && !matches!(before, Some('/' | '<' | '>')) && !name.is_empty(),
        ':' => joined && rest.starts_with("//"),
        '.' => joined && DOMAINS.contains(&name.to_ascii_lowercase().as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::markup::parse;
    use super::*;

    #[test]
    fn plain_words_become_active_and_code_does_not() {
        let found = |source: &str| {
            let (text, entities) = parse(source).unwrap();
            active(&text, &entities)
        };
        assert_eq!(found("hi @ana"), ["@ana"]);
        assert_eq!(found("/start now"), ["/start"]);
        assert_eq!(found("see t.me/x"), [".me/x"]);
        assert_eq!(found("https://x.example"), ["://x.example", ".example"]);
        assert_eq!(found("#tag $USD"), ["#tag", "$USD"]);
        assert!(found("<code>@ana /start https://x.example</code>").is_empty());
        assert!(found("(#17) greenroom.yaml 4 of 12").is_empty());
    }
}
