use proptest::prelude::*;

use super::*;

/// What hostile texts are made of.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "<b>",
        "</b>",
        "</code>",
        "</pre>",
        "<script>alert(1)</script>",
        "&lt;",
        "&amp",
        "&#60;",
        "<a href=\"https://evil.example\">",
        "\" onmouseover=\"x",
        "'",
        "\u{1b}[31m",
        "\u{1b}[2J",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;https://evil.example\u{1b}\\",
        "\u{9b}31m",
        "\r\n",
        "\n",
        "\r\nBcc: victim@evil.example\r\n",
        "\u{0}",
        "\u{8}",
        "@everyone",
        "@ana",
        "＠ana",
        "/start",
        "/start@bot",
        "#tag",
        "$USD",
        "https://evil.example/x?a=b&c=d",
        "www.evil.example",
        "tg://user?id=1",
        "t.me/evil",
        "mailto:a@b.example",
        "a@b.example",
        "10.0.0.1",
        "\u{202e}gnp.exe",
        "\u{2066}",
        "\u{200f}",
        "\u{200b}",
        "\u{200d}",
        "\u{2060}",
        "\u{feff}",
        "\u{ad}",
        "\u{2028}",
        "\u{e0041}",
        "\u{fe0f}",
        "😀",
        "👨‍👩‍👧",
        "e\u{301}\u{301}\u{301}\u{301}",
        " ",
        "   ",
        "\t",
        "x",
        "fix",
        "3.14",
        "`",
        "*",
        "_",
        "[x](http://evil.example)",
        "\\",
    ])
    .prop_map(str::to_owned);
    let piece = prop_oneof![3 => nasty, 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// True for what must reach no reader: it steers a terminal, turns text, or hides in it.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e007f}')
}

/// The words that a chat or mail program would make active, found by a reader of its own that
/// errs on the side of finding.
fn active_words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let word = |i: usize| {
        chars
            .get(i)
            .is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
    };
    let mut found = Vec::new();
    for i in 0..chars.len() {
        let word_before = i > 0 && word(i - 1);
        let rest: String = chars[i..].iter().take(12).collect();
        let active = match chars[i] {
            '@' | '#' | '$' => word(i + 1),
            '/' => !word_before && word(i + 1),
            ':' => rest.starts_with("://") || (word_before && rest.starts_with(":a@")),
            '.' => word_before && chars.get(i + 1).is_some_and(char::is_ascii_alphabetic),
            _ => false,
        };
        if active {
            found.push(rest);
        }
    }
    found
}

#[test]
fn a_cut_text_says_so_and_keeps_to_the_limit_in_utf16_units() {
    let emoji = "😀".repeat(250);
    let line = Untrusted::new(&emoji).line(21);
    assert_eq!(line.as_str(), format!("{}…", "😀".repeat(10)));
    assert_eq!(utf16_units(line.as_str()), 21);
    assert_eq!(Untrusted::new("exactly").line(7).as_str(), "exactly");
    assert_eq!(Untrusted::new("exactly8").line(7).as_str(), "exactl…");
    assert_eq!(Untrusted::new("ab").line(0).as_str(), "…");
}

#[test]
fn lines_are_joined_and_escape_sequences_vanish_whole() {
    let shown = |text: &str| Untrusted::new(text).line(100).as_str().to_owned();
    assert_eq!(shown("fix\r\n\r\n  the\tthing "), "fix the thing");
    assert_eq!(shown("\u{1b}[1;31merror\u{1b}[0m: no"), "error: no");
    assert_eq!(
        shown("\u{1b}]8;;https://x.example\u{1b}\\here\u{1b}]8;;\u{7}"),
        "here"
    );
    assert_eq!(shown("\u{1b}c reset"), "\u{fffd}c reset");
    assert_eq!(shown("a\u{202e}b"), "a\u{fffd}b");
    assert_eq!(shown("pr\u{200b}od"), "prod");
    assert_eq!(shown("\u{0}"), "\u{fffd}");
}

#[test]
fn a_megabyte_is_looked_at_no_further_than_needed() {
    let line = Untrusted::new(&"\u{200b}".repeat(1 << 20)).line(50);
    assert_eq!(line.as_str(), "…");
    let tail = Untrusted::new(&"y\n".repeat(1 << 20)).tail(3, 50);
    assert_eq!(tail.len(), 3);
}

#[test]
fn the_tail_of_a_log_keeps_its_last_lines_and_their_indentation() {
    let log = "compiling\r\n\u{1b}[31merror\u{1b}[0m: oh\n    at line 3\n\n";
    let tail: Vec<String> = Untrusted::new(log)
        .tail(2, 40)
        .iter()
        .map(|line| line.as_str().to_owned())
        .collect();
    assert_eq!(tail, ["error: oh", "    at line 3"]);
}

#[test]
fn what_shows_nothing_is_empty_and_makes_no_empty_code() {
    let nothing = Untrusted::new("\u{200b}\u{1b}[31m\u{feff}").line(50);
    assert!(nothing.is_empty());
    assert_eq!(telegram_code(&nothing), "");
    assert_eq!(telegram_pre(&[nothing.clone(), nothing]), "");
    assert!(!Untrusted::new("x").line(50).is_empty());
}

#[test]
fn ordinary_test_messages_read_unchanged_in_plain_text() {
    for text in [
        "expected 200, got 500",
        "expected 1.5, got 2.25",
        "GET x/orders/42 took 10 s",
        "line 3: no such key",
        "orders:12",
    ] {
        assert_eq!(plain(&Untrusted::new(text).line(100)), text);
    }
}

#[test]
fn a_command_after_a_letter_of_another_script_is_still_defused() {
    let shown = plain(&Untrusted::new("𠀀/start a/b").line(100));
    assert_eq!(shown, "𠀀/\u{2060}start a/b");
}

#[test]
fn a_header_holds_no_word_that_a_mail_program_would_decode() {
    // A change of direction, and a line break with a header behind it.
    for text in [
        "=?utf-8?b?4oCuZ25w?=",
        "a =?utf-8?q?x=0D=0ABcc:_y?= b",
        "==??",
    ] {
        let shown = header(&Untrusted::new(text).line(100));
        assert!(!shown.contains("=?"), "{shown}");
        assert_eq!(shown.replace('\u{ff1d}', "="), text);
        assert_eq!(utf16_units(&shown), utf16_units(text));
    }
    assert_eq!(header(&Untrusted::new("a=b?c").line(100)), "a=b?c");
}

#[test]
fn a_sequence_ends_where_a_terminal_ends_it_and_the_rest_is_text() {
    let shown = |text: &str| Untrusted::new(text).line(100).as_str().to_owned();
    assert_eq!(shown("\u{9b}31mred"), "red");
    assert_eq!(shown("\u{9d}0;title\u{7}red"), "red");
    assert_eq!(shown("\u{1b}]0;title\nnext line"), "next line");
    assert_eq!(shown("items[0] of [x](y)"), "items[0] of [x](y)");
}

#[test]
fn a_letter_carries_two_marks_and_no_more() {
    let shown = |text: &str| Untrusted::new(text).line(100).as_str().to_owned();
    assert_eq!(shown("e\u{301}\u{302}x"), "e\u{301}\u{302}x");
    assert_eq!(
        shown("e\u{301}\u{302}\u{303}\u{304}x\u{305}"),
        "e\u{301}\u{302}x\u{305}"
    );
}

#[test]
fn a_text_is_cut_by_what_was_read_of_it_and_not_by_its_bytes() {
    let many_bytes = "\u{200b}".repeat(30_000) + "end";
    assert_eq!(Untrusted::new(&many_bytes).line(50).as_str(), "end");
    let all = "y".repeat(60_000);
    assert_eq!(Untrusted::new(&all).line(60_000).as_str(), all);
}

#[test]
fn a_word_joiner_stands_where_a_program_would_begin_a_link_and_nowhere_else() {
    for (text, expected) in [
        ("@_ana #_x $_Y", "@|_ana #|_x $|_Y"),
        ("a # b, 5 $ or @ home", "a # b, 5 $ or @ home"),
        ("10.0.0.1 is not 10.5", "10.0.|0.|1 is not 10.5"),
        ("v1.example and 1.example", "v1.|example and 1.|example"),
        ("a.1 x_.de", "a.|1 x_.|de"),
        (
            "No such key. Try again... .hidden",
            "No such key. Try again... .hidden",
        ),
        ("tg:x :x -:x a_:x", "tg:|x :x -:x a_:|x"),
        ("a/b /c _/d -/e //f", "a/b /|c _/d -/|e /|/|f"),
    ] {
        let shown = plain(&Untrusted::new(text).line(100));
        assert_eq!(shown.replace('\u{2060}', "|"), expected);
    }
}

#[test]
fn only_addresses_of_the_web_are_linked() {
    assert!(WebAddress::parse("https://green.example/stages/preprod?x=1&y=2").is_some());
    assert!(WebAddress::parse("http://127.0.0.1:8080/").is_some());
    for bad in [
        "javascript:alert(1)",
        "tg://user?id=1",
        "https://",
        "https:///x",
        "https://a.example/\"onclick=",
        "https://a.example/<b>",
        "https://a.example/ b",
        "https://a.example/\n",
        "https://ä.example/",
    ] {
        assert_eq!(WebAddress::parse(bad), None, "{bad}");
    }
    assert_eq!(
        WebAddress::parse(&format!("https://{}", "a".repeat(600))),
        None
    );
}

proptest! {
    #[test]
    fn a_cleaned_line_has_nothing_harmful_in_it(text in hostile(), limit in 1usize..200) {
        let line = Untrusted::new(&text).line(limit);
        prop_assert!(!line.as_str().chars().any(is_harmful), "{:?}", line);
        prop_assert!(utf16_units(line.as_str()) <= limit);
        prop_assert_eq!(line.as_str().trim(), line.as_str());
    }

    #[test]
    fn cleaning_twice_changes_nothing(text in hostile()) {
        let once = Untrusted::new(&text).line(200);
        let twice = Untrusted::new(once.as_str()).line(200);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn plain_text_holds_no_active_word(text in hostile()) {
        let shown = plain(&Untrusted::new(&text).line(400));
        let found = active_words(&shown);
        prop_assert!(found.is_empty(), "{:?} in {:?}", found, shown);
    }

    #[test]
    fn plain_text_shows_the_same_letters(text in hostile()) {
        let line = Untrusted::new(&text).line(400);
        prop_assert_eq!(plain(&line).replace('\u{2060}', ""), line.as_str());
    }
}
