//! A strict reader of the markup that we write: what it cannot read, nobody should send.

/// A piece of a message as the reader sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token {
    Open(String),
    Close(String),
    Text(String),
}

/// Tags that may appear, with the attributes they may have.
const TAGS: &[(&str, &[&str])] = &[
    ("html", &["lang"]),
    ("head", &[]),
    ("body", &["style"]),
    ("meta", &["charset"]),
    ("h3", &[]),
    ("p", &[]),
    ("br", &[]),
    ("ul", &[]),
    ("li", &[]),
    ("b", &[]),
    ("code", &[]),
    ("pre", &[]),
    ("a", &["href"]),
];
const VOID: &[&str] = &["meta", "br"];

/// Reads well-formed markup: every tag known, closed in order, nothing inside `code` and `pre`
/// but text, every `&` one of five entities, no stray `<`, `>` or quote.
pub(super) fn read(markup: &str) -> Result<Vec<Token>, String> {
    let mut rest = markup.strip_prefix("<!DOCTYPE html>\n").unwrap_or(markup);
    let (mut tokens, mut open, mut text) = (Vec::new(), Vec::<String>::new(), String::new());
    while let Some(c) = rest.chars().next() {
        match c {
            '<' => {
                if !text.is_empty() {
                    tokens.push(Token::Text(std::mem::take(&mut text)));
                }
                let end = rest.find('>').ok_or("a tag without end")?;
                let tag = &rest[1..end];
                rest = &rest[end + 1..];
                if let Some(name) = tag.strip_prefix('/') {
                    let expected = open
                        .pop()
                        .ok_or_else(|| format!("</{name}> closes nothing"))?;
                    if expected != name {
                        return Err(format!("</{name}> where </{expected}> is due"));
                    }
                    tokens.push(Token::Close(name.to_owned()));
                } else {
                    let name = start_tag(tag)?;
                    if open.iter().any(|o| o == "code" || o == "pre") {
                        return Err(format!("<{name}> inside code"));
                    }
                    if !VOID.contains(&name) {
                        open.push(name.to_owned());
                    }
                    tokens.push(Token::Open(tag.to_owned()));
                }
            }
            '&' => {
                let end = rest.find(';').ok_or("an entity without end")?;
                text.push(match &rest[..=end] {
                    "&amp;" => '&',
                    "&lt;" => '<',
                    "&gt;" => '>',
                    "&quot;" => '"',
                    "&#39;" => '\'',
                    other => return Err(format!("entity {other}")),
                });
                rest = &rest[end + 1..];
            }
            '>' => return Err("a stray >".to_owned()),
            c => {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if !text.is_empty() {
        tokens.push(Token::Text(text));
    }
    match open.pop() {
        Some(name) => Err(format!("<{name}> is never closed")),
        None => Ok(tokens),
    }
}

/// The name of a start tag whose attributes are all allowed.
fn start_tag(tag: &str) -> Result<&str, String> {
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let (_, allowed) = TAGS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("tag <{name}>"))?;
    if attributes.is_empty() {
        return Ok(name);
    }
    let (key, value) = attributes
        .split_once('=')
        .ok_or("attribute without value")?;
    let inner = value
        .strip_prefix('"')
        .and_then(|v| v.strip_suffix('"'))
        .ok_or("unquoted attribute")?;
    if !allowed.contains(&key) || inner.contains('"') {
        return Err(format!("attribute {attributes} of <{name}>"));
    }
    Ok(name)
}

/// What the reader sees and what is a stranger's: the text inside `code` and `pre` is taken out,
/// all the rest stays.
pub(super) fn skeleton(tokens: &[Token]) -> Vec<Token> {
    let mut quoted = false;
    let mut kept = Vec::new();
    for token in tokens {
        match token {
            Token::Open(tag) if tag == "code" || tag == "pre" => quoted = true,
            Token::Close(tag) if tag == "code" || tag == "pre" => quoted = false,
            Token::Text(_) if quoted => continue,
            _ => {}
        }
        kept.push(token.clone());
    }
    kept
}

pub(super) fn visible(tokens: &[Token]) -> String {
    tokens
        .iter()
        .filter_map(|token| match token {
            Token::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}
