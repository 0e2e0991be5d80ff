//! What the demo prints.

use std::time::Instant;

/// A narrator with a clock.
#[derive(Debug)]
pub struct Say {
    since: Instant,
}

impl Default for Say {
    fn default() -> Self {
        Self {
            since: Instant::now(),
        }
    }
}

impl Say {
    /// A chapter.
    pub fn act(&self, title: &str) {
        println!("\n== {title}");
    }
    /// What is done now.
    pub fn step(&self, text: &str) {
        println!("\n[{:6.1}s] {text}", self.since.elapsed().as_secs_f64());
    }
    /// What came of it.
    pub fn line(&self, text: &str) {
        for line in text.lines() {
            println!("          {line}");
        }
    }
}
