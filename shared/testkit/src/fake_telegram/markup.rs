//! Telegram's HTML mode, read as the Bot API reads it, with its own complaints.

/// Markup that was understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entity {
    /// `bold`, `italic`, `underline`, `strikethrough`, `spoiler`, `code`, `pre`, `text_link`,
    /// `blockquote`.
    pub kind: &'static str,
    /// The text it covers.
    pub text: String,
    /// Of a `text_link`.
    pub url: Option<String>,
    /// Where it begins in the text, in bytes.
    pub(super) start: usize,
}

struct Open {
    name: String,
    kind: &'static str,
    url: Option<String>,
    start: usize,
}

fn kind_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "tg-spoiler" => "spoiler",
        "code" => "code",
        "pre" => "pre",
        "a" => "text_link",
        "blockquote" => "blockquote",
        _ => return None,
    })
}

/// The text people see and the markup on it.
///
/// # Errors
/// The complaint, in Telegram's words.
pub fn parse(source: &str) -> Result<(String, Vec<Entity>), String> {
    let (mut text, mut entities, mut open) = (String::new(), Vec::new(), Vec::<Open>::new());
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        match c {
            '&' => {
                let (decoded, length) = entity(&source[at..]);
                text.push(decoded);
                at += length;
            }
            '<' => {
                let length = source[at..]
                    .find('>')
                    .ok_or_else(|| format!("Unclosed start tag at byte offset {at}"))?;
                let tag = &source[at + 1..at + length];
                if let Some(name) = tag.strip_prefix('/') {
                    close(name, at, &text, &mut open, &mut entities)?;
                } else {
                    open.push(start_tag(tag, at, text.len())?);
                }
                at += length + 1;
            }
            c => {
                text.push(c);
                at += c.len_utf8();
            }
        }
    }
    if let Some(left) = open.pop() {
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            left.name
        ));
    }
    entities.sort_by_key(|entity| entity.start);
    Ok((text, entities))
}

fn close(
    name: &str,
    at: usize,
    text: &str,
    open: &mut Vec<Open>,
    entities: &mut Vec<Entity>,
) -> Result<(), String> {
    let Some(opened) = open.pop() else {
        return Err(format!("Unexpected end tag at byte offset {at}"));
    };
    let name = name.trim().to_ascii_lowercase();
    if !name.is_empty() && name != opened.name {
        return Err(format!(
            "Unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{name}>\"",
            opened.name
        ));
    }
    if text.len() > opened.start {
        entities.push(Entity {
            kind: opened.kind,
            text: text[opened.start..].to_owned(),
            url: opened.url,
            start: opened.start,
        });
    }
    Ok(())
}

fn start_tag(tag: &str, at: usize, start: usize) -> Result<Open, String> {
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let name = name.to_ascii_lowercase();
    let Some(kind) = kind_of(&name) else {
        return Err(format!(
            "Unsupported start tag \"{name}\" at byte offset {at}"
        ));
    };
    let mut url = None;
    if !attributes.trim().is_empty() {
        let (key, value) = attributes.trim().split_once('=').ok_or_else(|| {
            format!("Expected equal sign in declaration of an attribute of the tag \"{name}\" at byte offset {at}")
        })?;
        let value = value
            .strip_prefix('"')
            .and_then(|v| v.strip_suffix('"'))
            .filter(|v| !v.contains('"'))
            .ok_or_else(|| format!("Unclosed start tag at byte offset {at}"))?;
        if name == "a" && key == "href" {
            let mut decoded = String::new();
            let mut rest = value;
            while let Some(c) = rest.chars().next() {
                let (c, length) = if c == '&' {
                    entity(rest)
                } else {
                    (c, c.len_utf8())
                };
                decoded.push(c);
                rest = &rest[length..];
            }
            url = Some(decoded);
        }
    }
    Ok(Open {
        name,
        kind,
        url,
        start,
    })
}

/// The character an `&` at the beginning of `source` stands for and how many bytes it takes; an
/// unknown one is taken literally, as Telegram does.
fn entity(source: &str) -> (char, usize) {
    for (name, c) in [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
        ("&quot;", '"'),
    ] {
        if source.starts_with(name) {
            return (c, name.len());
        }
    }
    let numeric = source
        .strip_prefix("&#")
        .and_then(|rest| rest.split_once(';'))
        .and_then(|(digits, _)| {
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => digits.parse().ok(),
            };
            Some((char::from_u32(code?)?, digits.len() + 3))
        });
    numeric.unwrap_or(('&', 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_markup_gives_text_and_entities_in_order() {
        let (text, entities) = parse(
            "<b>a &lt; b</b> <code>x&#39;y</code><a href=\"https://x.example/?a&amp;b\">l</a>",
        )
        .unwrap();
        assert_eq!(text, "a < b x'yl");
        let kinds: Vec<_> = entities.iter().map(|e| (e.kind, e.text.as_str())).collect();
        assert_eq!(
            kinds,
            [("bold", "a < b"), ("code", "x'y"), ("text_link", "l")]
        );
        assert_eq!(entities[2].url.as_deref(), Some("https://x.example/?a&b"));
    }

    #[test]
    fn complaints_are_telegrams_own() {
        for (source, complaint) in [
            (
                "<b>x",
                "Can't find end tag corresponding to start tag \"b\"",
            ),
            ("x</b>", "Unexpected end tag at byte offset 1"),
            (
                "<b><i>x</b></i>",
                "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\"",
            ),
            ("é<p>", "Unsupported start tag \"p\" at byte offset 2"),
            ("1 < 2", "Unclosed start tag at byte offset 2"),
        ] {
            assert_eq!(parse(source).unwrap_err(), complaint, "{source}");
        }
    }
}
