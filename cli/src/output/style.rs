//! Colours and symbols. A symbol always says what its colour says.

use anstyle::{AnsiColor, Style};

pub const PLAIN: Style = Style::new();
pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const RED: Style = AnsiColor::Red.on_default().bold();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();

/// How something is, at one glance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    Good,
    /// Nothing can be said.
    Empty,
    /// A person should look.
    Care,
    Bad,
    /// Something is checked and as it should be.
    Check,
}

impl Mark {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Good => "●",
            Self::Empty => "○",
            Self::Care => "▲",
            Self::Bad => "✕",
            Self::Check => "✓",
        }
    }

    pub fn style(self) -> Style {
        match self {
            Self::Good | Self::Check => GREEN,
            Self::Empty => DIM,
            Self::Care => YELLOW,
            Self::Bad => RED,
        }
    }

    /// The symbol in its colour.
    pub fn shown(self) -> String {
        let style = self.style();
        format!("{style}{}{style:#}", self.symbol())
    }
}
