//! What a reader must never get, whatever shows it.

/// True for what steers a terminal, turns the direction of text, or hides in it.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2061}'..='\u{206f}' | '\u{ad}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Ends the run when a text of several lines holds any such character.
///
/// # Panics
/// When it does.
pub fn assert_harmless(what: &str, text: &str) {
    let found = text.chars().find(|c| *c != '\n' && is_harmful(*c));
    assert_eq!(found, None, "in the {what} {text:?}");
}
