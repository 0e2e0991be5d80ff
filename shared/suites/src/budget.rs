//! What a text may cost before the parser sees it.
//!
//! `hurl_core` recurses on nested JSON, parses an XML body again at each `>`, and copies its whole
//! buffer for each hexadecimal digit. None of that can be capped from outside, so the shapes that
//! make it expensive are counted here, in one linear pass, and refused.

/// A file larger than this is refused unread.
pub const FILE_BYTES_MAX: usize = 256 * 1024;
/// Each attempt at a section reads all comments and blank lines again.
const LINES_MAX: usize = 10_000;
/// Deeper JSON than this is refused; also serde_json's own limit for answers.
pub(crate) const NESTING_MAX: usize = 128;
/// Bytes an XML body's repeated parsing may touch: about a second.
const XML_WORK_MAX: usize = 100_000_000;
/// Bytes the copies made for hexadecimal digits may touch: about a second.
const HEX_WORK_MAX: usize = 4_000_000_000;

/// A budget that a text exceeds: the line it happens on, what, and the way out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excess {
    pub line: usize,
    pub what: String,
    pub fix: String,
}

/// The first budget that `text` exceeds, if any.
pub(crate) fn check(text: &str) -> Option<Excess> {
    if text.len() > FILE_BYTES_MAX {
        return Some(excess(
            1,
            format!(
                "the file has {} bytes, at most {FILE_BYTES_MAX} are read",
                text.len()
            ),
            "split it",
        ));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        let what = format!("the file has {lines} lines, at most {LINES_MAX} are read");
        return Some(excess(1, what, "split it"));
    }
    nesting(text)
        .or_else(|| xml(text))
        .or_else(|| hexadecimal(text))
        .or_else(|| numbers(text))
}

fn excess(line: usize, what: impl Into<String>, fix: &str) -> Excess {
    Excess {
        line,
        what: what.into(),
        fix: fix.to_owned(),
    }
}

/// JSON strings never span lines in Hurl, so a lexer that forgets its strings at each line end is
/// exact inside JSON; outside it can only count too much.
fn nesting(text: &str) -> Option<Excess> {
    let mut depth = 0usize;
    for (number, line) in text.lines().enumerate() {
        let mut quoted = false;
        let mut escaped = false;
        for c in line.chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '[' | '{' if !quoted => depth += 1,
                ']' | '}' if !quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > NESTING_MAX {
                let what = format!("brackets are nested more than {NESTING_MAX} deep");
                return Some(excess(
                    number + 1,
                    what,
                    "send a flatter body, or close what is open",
                ));
            }
        }
    }
    None
}

fn xml(text: &str) -> Option<Excess> {
    let mut fenced = false;
    let mut offset = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && trimmed.starts_with('<') {
            let rest = &text[offset..];
            let work = rest.matches('>').count().saturating_mul(rest.len());
            if work > XML_WORK_MAX {
                let what = "an XML body followed by this much text takes too long to read";
                return Some(excess(
                    number + 1,
                    what,
                    "put the body between ```xml and ```",
                ));
            }
        }
        offset += line.len();
    }
    None
}

fn hexadecimal(text: &str) -> Option<Excess> {
    let mut digits = 0usize;
    for (number, line) in text.lines().enumerate() {
        for mark in ["hex,", "\\u{"] {
            let runs = line
                .match_indices(mark)
                .map(|(at, _)| line[at + mark.len()..].trim_start());
            digits += runs
                .map(|run| run.bytes().take_while(u8::is_ascii_hexdigit).count())
                .sum::<usize>();
        }
        // The parser's buffer has four bytes a character.
        if digits.saturating_mul(text.len()).saturating_mul(4) > HEX_WORK_MAX {
            let what = format!("{digits} hexadecimal digits up to here take too long to read");
            return Some(excess(number + 1, what, "write the bytes as base64,...;"));
        }
    }
    None
}

/// The parser panics on an unsigned number above 64 bits where it expects one.
fn numbers(text: &str) -> Option<Excess> {
    const QUERIES: [&str; 13] = [
        "HTTP", "status", "url", "header", "cookie", "body", "jsonpath", "regex", "variable",
        "duration", "bytes", "sha256", "md5",
    ];
    const OPTIONS: [&str; 4] = ["retry", "retry-interval", "max-redirs", "variable"];
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let word = trimmed
            .split(|c: char| c.is_whitespace() || c == ':' || c == '/')
            .next()
            .unwrap_or_default();
        let expects_number = QUERIES.contains(&word)
            || (OPTIONS.contains(&word) && trimmed.contains(':'))
            || trimmed.contains(" nth ");
        if expects_number && has_long_number(line) {
            let what = "a number this large does not fit 64 bits";
            return Some(excess(
                number + 1,
                what,
                "compare it as a string, or with a regular expression",
            ));
        }
    }
    None
}

fn has_long_number(line: &str) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    let mut run = String::new();
    for c in line.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_digit() && !quoted {
            run.push(c);
            continue;
        }
        if run.len() >= 19 && run.parse::<i64>().is_err() {
            return true;
        }
        run.clear();
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\' && !escaped;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_do_not_count_as_nesting() {
        let text = format!("POST http://a\n{{\"a\": \"{}\"}}\n", "[".repeat(1000));
        assert_eq!(check(&text), None);
    }

    #[test]
    fn deep_json_is_refused_on_its_line() {
        let text = format!("POST http://a\n{}\n", "[".repeat(200));
        assert_eq!(check(&text).map(|e| e.line), Some(2));
    }

    #[test]
    fn a_number_above_63_bits_is_refused_where_the_parser_reads_one() {
        assert_eq!(
            check("GET http://a\nHTTP 99999999999999999999\n").map(|e| e.line),
            Some(2)
        );
        assert_eq!(
            check("GET http://a\nX-Trace: 99999999999999999999\nHTTP 200\n"),
            None
        );
    }

    #[test]
    fn a_large_file_is_refused() {
        assert!(check(&" ".repeat(FILE_BYTES_MAX + 1)).is_some());
        assert!(check(&" ".repeat(FILE_BYTES_MAX)).is_none());
    }
}
