//! Aligned columns without borders, one record per line. The last column takes what is left; where
//! too little is left it goes to lines of its own, broken only between words.

use anstyle::Style;

use super::style::DIM;
use super::text::{width, wrap};

/// Columns between columns.
const GAP: usize = 2;
/// A last column narrower than this goes to its own line.
const LAST_MIN: usize = 24;
/// Indentation of such a line.
const INDENT: usize = 4;

/// A text with its colour. It holds no escape sequences: those are not to be measured.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Style::new())
    }
}

/// The lines of a table, at most `columns` wide where words allow it.
pub fn render(header: &[&str], rows: &[Vec<Cell>], columns: usize) -> Vec<String> {
    let count = header.len();
    let widths: Vec<usize> = (0..count)
        .map(|index| {
            let cells = rows.iter().filter_map(|row| row.get(index));
            let widest = cells.map(|cell| width(&cell.text)).max().unwrap_or(0);
            widest.max(width(header[index]))
        })
        .collect();
    // A column without a name holds a symbol, which belongs to what follows it.
    let gap = |index: usize| if header[index].is_empty() { 1 } else { GAP };
    let widths: Vec<usize> = (0..count).map(|index| widths[index] + gap(index)).collect();
    let fixed: usize = widths.iter().take(count.saturating_sub(1)).sum();
    let last = widths.last().copied().unwrap_or(0).saturating_sub(GAP);
    let own_line = columns.saturating_sub(fixed) < LAST_MIN.min(last);
    let heads: Vec<Cell> = header.iter().map(|text| Cell::new(*text, DIM)).collect();
    let head = if own_line {
        &heads[..count - 1]
    } else {
        &heads
    };
    let mut lines = vec![line(head, &widths)];
    for row in rows {
        let Some((last, front)) = row.split_last() else {
            continue;
        };
        if own_line {
            lines.push(line(front, &widths));
            lines.extend(block(last, INDENT, columns));
        } else {
            let mut rest = block(last, fixed, columns).into_iter();
            let first = rest.next().unwrap_or_default();
            let front = padded(front, &widths);
            lines.push(
                format!("{front}{}", first.trim_start())
                    .trim_end()
                    .to_owned(),
            );
            lines.extend(rest);
        }
    }
    lines
}

/// A paragraph, each line indented.
pub fn block(cell: &Cell, indent: usize, columns: usize) -> Vec<String> {
    if cell.text.is_empty() {
        return Vec::new();
    }
    let style = cell.style;
    wrap(&cell.text, columns.saturating_sub(indent).max(1))
        .into_iter()
        .map(|line| format!("{:indent$}{style}{line}{style:#}", ""))
        .collect()
}

fn line(cells: &[Cell], widths: &[usize]) -> String {
    padded(cells, widths).trim_end().to_owned()
}

fn padded(cells: &[Cell], widths: &[usize]) -> String {
    let mut out = String::new();
    for (cell, column) in cells.iter().zip(widths) {
        let style = cell.style;
        let pad = column.saturating_sub(width(&cell.text));
        out.push_str(&format!("{style}{}{style:#}{:pad$}", cell.text, ""));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Cell, render};

    fn rows() -> Vec<Vec<Cell>> {
        vec![
            vec![
                "dev".into(),
                "3m".into(),
                "nothing is waiting here at all".into(),
            ],
            vec!["preprod".into(), "12h".into(), "".into()],
        ]
    }

    #[test]
    fn columns_are_aligned_and_the_last_one_is_broken_between_words() {
        let wide = render(&["STAGE", "AGE", "WAITS FOR"], &rows(), usize::MAX).join("\n");
        let plain = anstream::adapter::strip_str(&wide).to_string();
        assert_eq!(
            plain,
            "STAGE    AGE  WAITS FOR\ndev      3m   nothing is waiting here at all\npreprod  12h"
        );
        let narrow = render(&["STAGE", "AGE", "WAITS FOR"], &rows(), 40).join("\n");
        let plain = anstream::adapter::strip_str(&narrow).to_string();
        assert_eq!(
            plain,
            "STAGE    AGE  WAITS FOR\ndev      3m   nothing is waiting here at\n              all\npreprod  12h"
        );
    }

    #[test]
    fn a_last_column_without_room_gets_its_own_lines() {
        let lines = render(&["STAGE", "AGE", "WAITS FOR"], &rows(), 24).join("\n");
        let plain = anstream::adapter::strip_str(&lines).to_string();
        assert_eq!(
            plain,
            "STAGE    AGE\ndev      3m\n    nothing is waiting\n    here at all\npreprod  12h"
        );
    }
}
