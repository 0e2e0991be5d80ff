//! Text of a program's making, made fit to be shown.

/// The text without terminal sequences and without control characters but newline and tab.
/// A carriage return, by which progress bars paint over themselves, becomes a new line.
pub fn plain_text(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut characters),
            // The one-character form of the most common sequence.
            '\u{9b}' => skip_control(&mut characters),
            '\r' => {
                if characters.peek().is_some_and(|next| *next != '\n') && !plain.ends_with('\n') {
                    plain.push('\n');
                }
            }
            '\n' | '\t' => plain.push(c),
            c if c.is_control() || turns_text(c) => {}
            c => plain.push(c),
        }
    }
    plain
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_sequence(characters: &mut Characters<'_>) {
    match characters.next() {
        Some('[') => skip_control(characters),
        // Titles, links, notifications: up to a bell or the string terminator `ESC \`.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = characters.next() {
                match c {
                    '\u{7}' | '\u{9c}' => return,
                    '\u{1b}' => {
                        characters.next_if_eq(&'\\');
                        return;
                    }
                    _ => {}
                }
            }
        }
        // Intermediate characters, then one final: `ESC ( B`.
        Some(c) if (' '..='/').contains(&c) => {
            while characters.next_if(|c| (' '..='/').contains(c)).is_some() {}
            characters.next();
        }
        _ => {}
    }
}

/// Parameters, then one final character.
fn skip_control(characters: &mut Characters<'_>) {
    while characters.next_if(|c| (' '..='?').contains(c)).is_some() {}
    characters.next_if(|c| ('@'..='~').contains(c));
}

/// Characters that turn text around, by which a log could be made to read otherwise.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_vanish_and_words_stay() {
        let cases = [
            ("\u{1b}[1;31merror\u{1b}[0m: x", "error: x"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("10%\r20%\r\ndone\r\n", "10%\n20%\ndone\n"),
            ("a\u{1b}(Bb\u{8}\u{0}c\td\u{9b}2Je", "abc\tde"),
            ("safe\u{202e}txt", "safetxt"),
            ("\u{1b}", ""),
            ("\u{1b}[31", ""),
            ("\u{1b}[31\nline", "\nline"),
        ];
        for (text, plain) in cases {
            assert_eq!(plain_text(text), plain, "{text:?}");
        }
    }
}
