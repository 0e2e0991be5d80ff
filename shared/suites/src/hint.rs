//! Syntax errors, told helpfully. The parser reads Hurl as of version 4.0, so the likeliest reason
//! for an error in a file that runs elsewhere is a newer word; these are known by name.

/// A word of Hurl after 4.0, where it stands, and what to write instead.
const NEWER: &[(&str, &str)] = &[
    ("[Query]", "write [QueryStringParams]"),
    ("[Form]", "write [FormParams]"),
    ("[Multipart]", "write [MultipartFormData]"),
    ("```raw", "write ``` without raw, or a body as base64,...;"),
    ("aws-sigv4:", "delete it; signed requests are not supported"),
    ("base64Decode", "compare the encoded text"),
    ("base64Encode", "compare the text itself"),
    ("base64UrlSafeDecode", "compare the encoded text"),
    ("base64UrlSafeEncode", "compare the text itself"),
    ("charsetDecode", "write decode"),
    (
        "connect-timeout:",
        "delete it; the suite's own time limits apply",
    ),
    (
        "connect-to:",
        "delete it; the runner connects where the URL says",
    ),
    ("cookie-storage", "delete it"),
    ("dateFormat", "write format"),
    (
        "delay:",
        "delete it; use retry and retry-interval to wait for a state",
    ),
    ("digest:", "delete it; only [BasicAuth] is supported"),
    ("first", "write nth 0"),
    ("header:", "write the header below the request line"),
    ("http1.0:", "delete it; requests are made with HTTP/1.1"),
    ("http1.1:", "delete it; requests are made with HTTP/1.1"),
    ("http2:", "delete it; requests are made with HTTP/1.1"),
    ("http3:", "delete it; requests are made with HTTP/1.1"),
    (
        "ip",
        "delete it; the address a test reaches is the runner's choice",
    ),
    (
        "ipv4:",
        "delete it; the address a test reaches is the runner's choice",
    ),
    (
        "ipv6:",
        "delete it; the address a test reaches is the runner's choice",
    ),
    ("isDate", "check the text with matches /.../"),
    ("isIpv4", "check the text with matches /.../"),
    ("isIpv6", "check the text with matches /.../"),
    (
        "isIsoDate",
        "check the text with matches /^\\d{4}-\\d{2}-\\d{2}T/",
    ),
    ("isList", "write isCollection"),
    ("isNumber", "write isInteger or isFloat"),
    ("isObject", "write isCollection"),
    ("isUuid", "check the text with matches /^[0-9a-f-]{36}$/"),
    (
        "jsonpath",
        "use jsonpath as the query of the capture or assert, not as a filter",
    ),
    (
        "last",
        "write nth with the position, or a jsonpath ending in [-1]",
    ),
    ("limit-rate:", "delete it"),
    ("location", "check the header \"Location\" instead"),
    (
        "location-trusted:",
        "write location: true; credentials stay with the first host",
    ),
    ("max-time:", "delete it; the suite's own time limits apply"),
    ("negotiate:", "delete it; only [BasicAuth] is supported"),
    ("netrc", "delete it; only [BasicAuth] is supported"),
    ("ntlm:", "delete it; only [BasicAuth] is supported"),
    ("output:", "delete it; nothing is written during a test"),
    ("pinnedpubkey:", "delete it"),
    ("rawbytes", "write bytes"),
    (
        "redacted",
        "delete it; give the value as a secret of the suite",
    ),
    ("redirects", "check url after location: true"),
    (
        "repeat:",
        "delete it; write the entry as often as it shall run",
    ),
    ("replaceRegex", "use regex to take the part you need"),
    (
        "resolve:",
        "delete it; the address a test reaches is the runner's choice",
    ),
    ("skip:", "delete the entry, or comment it out"),
    (
        "toFloat",
        "compare the text, or let the answer hold a number",
    ),
    ("toHex", "compare with hex,...;"),
    ("toString", "compare the value itself"),
    (
        "unix-socket:",
        "delete it; only http and https are supported",
    ),
    ("urlQueryParam", "use regex to take the part you need"),
    ("user:", "write a [BasicAuth] section"),
    ("utf8Decode", "write decode \"utf-8\""),
    ("utf8Encode", "compare the text itself"),
    ("verbosity:", "delete it; there is no terminal to print to"),
    ("version", "write HTTP/1.1 before the status"),
];

/// What is wrong with `line`, and the fix, given the parser's own words for it.
pub(crate) fn explain(line: &str, parser_says: &str) -> (String, String) {
    let newer = line
        .split_whitespace()
        .skip(usize::from(is_query_first(line)))
        .find_map(|word| {
            NEWER
                .iter()
                .find(|(name, _)| *name == word || (name.ends_with('-') && word.starts_with(name)))
        });
    if let Some((word, fix)) = newer {
        let word = word.trim_end_matches(':');
        return (
            format!("{word} is newer than the Hurl read here, which is 4.0"),
            (*fix).to_owned(),
        );
    }
    if line.split_whitespace().any(|word| word == "countEquals") {
        return (
            "countEquals is no longer Hurl".to_owned(),
            "write count ==".to_owned(),
        );
    }
    if line.contains("}}}") {
        let fix = "put a space between }} and }";
        return ("}}} cannot be told apart here".to_owned(), fix.to_owned());
    }
    let says = parser_says
        .trim_end_matches('.')
        .replace("'line_terminator'", "the end of the line")
        .replace("'eof'", "a request");
    (
        format!("this is not valid Hurl: {says}"),
        "see docs/suites.md for what is supported".to_owned(),
    )
}

/// The line to blame for an error the parser found on `line`: it drops the third brace of `}}}` and
/// misses it only later in the same body.
pub(crate) fn culprit(lines: &[String], line: usize) -> usize {
    let up_to = &lines[..line.min(lines.len())];
    let Some(index) = up_to.iter().rposition(|text| text.contains("}}}")) else {
        return line;
    };
    let ends_body = |text: &String| text.trim_start().starts_with("HTTP");
    if up_to[index + 1..].iter().rev().skip(1).any(ends_body) {
        line
    } else {
        index + 1
    }
}

/// Whether the first word is one of 4.0's own, so that only what follows can be newer.
fn is_query_first(line: &str) -> bool {
    const OLD: [&str; 3] = ["jsonpath", "header", "version:"];
    line.split_whitespace()
        .next()
        .is_some_and(|word| OLD.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_word_is_named_with_its_substitute() {
        let (what, fix) = explain("[Query]", "the section is not valid");
        assert!(what.contains("[Query] is newer"), "{what}");
        assert_eq!(fix, "write [QueryStringParams]");
        let (_, fix) = explain("jsonpath \"$.a\" isNumber", "expecting a predicate");
        assert_eq!(fix, "write isInteger or isFloat");
    }
}
