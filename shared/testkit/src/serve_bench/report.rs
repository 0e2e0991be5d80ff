//! What was measured, next to what was wanted.

use std::fmt::Write as _;

use serde::Serialize;

/// One number and its goal.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Line {
    pub what: String,
    pub measured: f64,
    pub unit: &'static str,
    pub goal: Option<Goal>,
    /// `None` when there is no goal.
    pub met: Option<bool>,
}

/// What is wanted of a number.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

/// All numbers of one run.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Report {
    pub lines: Vec<Line>,
}

impl Report {
    /// Adds a number, and tells it at once: a run takes minutes.
    pub fn add(
        &mut self,
        what: impl Into<String>,
        measured: f64,
        unit: &'static str,
        goal: Option<Goal>,
    ) {
        let met = goal.map(|goal| match goal {
            Goal::AtLeast(least) => measured >= least,
            Goal::AtMost(most) => measured <= most,
        });
        let line = Line {
            what: what.into(),
            measured,
            unit,
            goal,
            met,
        };
        eprintln!("  {}", row(&line));
        self.lines.push(line);
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let _ = writeln!(text, "{}", row(line));
        }
        let missed = self
            .lines
            .iter()
            .filter(|line| line.met == Some(false))
            .count();
        let goals = self.lines.iter().filter(|line| line.met.is_some()).count();
        let _ = writeln!(text, "{} of {goals} goals met", goals - missed);
        text
    }

    /// The table for machines.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

fn row(line: &Line) -> String {
    let number = format!("{} {}", rounded(line.measured), line.unit);
    let goal = match line.goal {
        Some(Goal::AtLeast(least)) => format!("at least {}", rounded(least)),
        Some(Goal::AtMost(most)) => format!("at most {}", rounded(most)),
        None => String::new(),
    };
    let met = match line.met {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "",
    };
    format!("{:<58} {number:>16}  {goal:<14} {met}", line.what)
        .trim_end()
        .to_owned()
}

/// Three digits that mean something.
fn rounded(number: f64) -> String {
    let size = number.abs();
    if size >= 100.0 || number.fract() == 0.0 {
        format!("{number:.0}")
    } else if size >= 10.0 {
        format!("{number:.1}")
    } else {
        format!("{number:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_at_its_edge_and_missed_beyond() {
        let mut report = Report::default();
        report.add("fsyncs", 8.0, "acks", Some(Goal::AtLeast(8.0)));
        report.add("memory", 40.1, "MB", Some(Goal::AtMost(40.0)));
        report.add("for the eye", 3.0, "s", None);
        let met: Vec<_> = report.lines.iter().map(|line| line.met).collect();
        assert_eq!(met, [Some(true), Some(false), None]);
        assert!(report.table().ends_with("1 of 2 goals met\n"));
    }
}
