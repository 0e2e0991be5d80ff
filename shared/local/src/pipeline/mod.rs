mod terminal;
pub use terminal::plain_text;
