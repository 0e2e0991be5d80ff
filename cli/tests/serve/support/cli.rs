//! The client commands of the same binary.

use std::path::Path;

use tokio::process::Command;

use super::server::GREENROOM;

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn ok(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Holds that it ended so, and that what it said has all of `words`.
    pub fn refused(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in {}", self.err);
        }
        self
    }
}

/// Runs `greenroom WORDS --data DATA`, as `who`.
pub async fn run(data: &Path, who: &str, words: &[&str]) -> Said {
    let mut command = Command::new(GREENROOM);
    command
        .args(words)
        .arg("--data")
        .arg(data)
        .env_clear()
        .env("GREENROOM_USER", who)
        .env("NO_COLOR", "1");
    let output = command.output().await.expect("it can be started");
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
