//! The ways a character is written inside JSON, URLs and HTML, escaped once or several times over.

use std::collections::BTreeSet;

/// Longer runs of backslashes and of repeated escapes are not looked through.
const REPEATS_MAX: usize = 64;

/// If `text` begins with `wanted`, however its characters are written: the bytes that takes.
pub(crate) fn spelled(text: &str, wanted: &[char]) -> Option<usize> {
    // A spelling can be read in two ways (`&amp;` as `&` or as the start of `&amp;`), so all ends
    // are followed at once.
    let mut ends = BTreeSet::from([0usize]);
    for &c in wanted {
        ends = ends
            .into_iter()
            .flat_map(|end| {
                lengths(&text[end..], c)
                    .into_iter()
                    .map(move |length| end + length)
            })
            .collect();
        if ends.is_empty() {
            return None;
        }
    }
    ends.pop_last().filter(|length| *length > 0)
}

/// The lengths of all spellings of `c` that `text` begins with.
fn lengths(text: &str, c: char) -> Vec<usize> {
    if c.is_ascii_alphanumeric() {
        return if text.starts_with(c) { vec![1] } else { vec![] };
    }
    let slashes = text
        .bytes()
        .take(REPEATS_MAX)
        .take_while(|b| *b == b'\\')
        .count();
    let mut found: Vec<usize> = if c == '\\' {
        (1..=slashes).collect()
    } else {
        vec![]
    };
    let after = &text[slashes..];
    let ends = [
        after.starts_with(c).then(|| c.len_utf8()),
        (slashes > 0).then(|| short_escape(after, c)).flatten(),
        (slashes > 0).then(|| unicode_escape(after, c)).flatten(),
        (c == ' ' && after.starts_with('+')).then_some(1),
        percent(after, c),
        entity(after, c),
    ];
    found.extend(ends.into_iter().flatten().map(|length| slashes + length));
    found
}

/// After the backslash: `n` and its like.
fn short_escape(text: &str, c: char) -> Option<usize> {
    let letter = match c {
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        _ => return None,
    };
    text.starts_with(letter).then_some(1)
}

/// After the backslash: `u00fc`, twice for a character beyond 16 bits.
fn unicode_escape(text: &str, c: char) -> Option<usize> {
    let mut rest = text;
    for (index, unit) in c.encode_utf16(&mut [0; 2]).iter().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix('\\')?.trim_start_matches('\\');
        }
        rest = rest.strip_prefix('u')?;
        rest = strip_ignoring_case(rest, &format!("{unit:04x}"))?;
    }
    Some(text.len() - rest.len())
}

/// `%c3%bc`, or `%25c3%25bc` if it was escaped again, and so on.
fn percent(text: &str, c: char) -> Option<usize> {
    let mut rest = text;
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        rest = rest.strip_prefix('%')?;
        let digits = format!("{byte:02x}");
        let again = rest
            .as_bytes()
            .chunks_exact(2)
            .take(REPEATS_MAX)
            .take_while(|pair| *pair == b"25")
            .count();
        // A percent sign is itself `25`, so fewer repetitions may be meant.
        rest = (0..=again)
            .rev()
            .find_map(|times| strip_ignoring_case(rest.get(2 * times..)?, &digits))?;
    }
    Some(text.len() - rest.len())
}

/// `&lt;`, `&#60;`, `&#x3c;`, or `&amp;lt;` if it was escaped again, and so on.
fn entity(text: &str, c: char) -> Option<usize> {
    let mut rest = text.strip_prefix('&')?;
    let mut again = 0;
    while let Some(shorter) = rest.strip_prefix("amp;").filter(|_| again < REPEATS_MAX) {
        rest = shorter;
        again += 1;
    }
    if c == '&' && again > 0 {
        return Some(text.len() - rest.len());
    }
    let name = match c {
        '<' => Some("lt;"),
        '>' => Some("gt;"),
        '"' => Some("quot;"),
        '\'' => Some("apos;"),
        _ => None,
    };
    if let Some(rest) = name.and_then(|name| rest.strip_prefix(name)) {
        return Some(text.len() - rest.len());
    }
    let number = rest.strip_prefix('#')?;
    let code = u32::from(c);
    let rest = match number.strip_prefix(['x', 'X']) {
        Some(digits) => strip_ignoring_case(digits.trim_start_matches('0'), &format!("{code:x};"))?,
        None => number
            .trim_start_matches('0')
            .strip_prefix(&format!("{code};"))?,
    };
    Some(text.len() - rest.len())
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_found_in_each_of_its_spellings() {
        let spellings = [
            (
                '"',
                "\" \\\" \\\\\\\" &quot; &amp;amp;quot; &#34; &#x22; %22 %2522 \\u0022 \\&quot;",
            ),
            (
                'ü',
                "ü %C3%BC %c3%bc %25c3%25bc \\u00fc \\\\u00FC &#252; &#xfc;",
            ),
            (
                '🎭',
                "🎭 %F0%9F%8E%AD \\ud83c\\udfad \\\\ud83c\\\\udfad &#127917;",
            ),
            ('&', "& &amp; &amp;amp; %26 &#38; \\u0026"),
            ('%', "% %25 %2525 &#37;"),
            ('\\', "\\ \\\\ \\\\\\\\ %5C &#92;"),
            ('\n', "\\n \\\\n %0A &#10;"),
        ];
        for (c, all) in spellings {
            for spelling in all.split(' ') {
                assert_eq!(
                    spelled(spelling, &[c]),
                    Some(spelling.len()),
                    "{c} as {spelling}"
                );
            }
        }
        assert_eq!(spelled("+", &[' ']), Some(1));
        assert_eq!(spelled("v", &['ü']), None);
    }
}
