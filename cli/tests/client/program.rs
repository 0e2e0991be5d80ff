//! The program itself, run against a server and a data folder that know each other.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::server::{Server, TOKEN};

/// What one call did.
#[derive(Debug)]
pub struct Ran {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// For snapshots: nothing in it changes from one run to the next.
    pub fn shown(&self) -> String {
        format!(
            "exit: {}\n--- stdout\n{}--- stderr\n{}",
            self.exit, self.stdout, self.stderr
        )
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// A server, and the folder that says where it is.
#[derive(Debug)]
pub struct Place {
    pub server: Server,
    pub folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let server = Server::start();
        let folder = TempDir::new().expect("a folder");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a data folder");
        fs::write(data.join("address"), format!("{}\n", server.address)).expect("an address");
        fs::write(data.join("token"), format!("{TOKEN}\n")).expect("a token");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let only_ours = |mode| fs::Permissions::from_mode(mode);
            fs::set_permissions(&data, only_ours(0o700)).expect("permissions");
            fs::set_permissions(data.join("token"), only_ours(0o600)).expect("permissions");
        }
        Self { server, folder }
    }

    /// Runs `greenroom <words> --data data`.
    pub fn run(&self, words: &str) -> Ran {
        self.run_wide(words, 80)
    }

    pub fn run_wide(&self, words: &str, columns: usize) -> Ran {
        let mut command = self.command(words);
        command
            .args(["--data", "data"])
            .env("COLUMNS", columns.to_string());
        self.told(command.output().expect("the program runs"))
    }

    /// The program with an environment of nothing but what tests need.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command
            .args(words.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("GREENROOM_USER", "alice")
            .stdin(Stdio::null());
        command
    }

    pub fn told(&self, output: Output) -> Ran {
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("UTF-8");
            undated(&text.replace(&self.server.address, "http://SERVER"))
        };
        Ran {
            exit: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    pub fn write(&self, name: &str, text: &str) {
        let mut file = fs::File::create(self.folder.path().join(name)).expect("a file");
        file.write_all(text.as_bytes()).expect("written");
    }
}

/// How far away the last day there is, and the first one, is told in days, another number each day:
/// seven digits and five stay what they are.
fn undated(text: &str) -> String {
    let mut shown = String::new();
    let mut digits = String::new();
    for found in text.chars() {
        if found.is_ascii_digit() {
            digits.push(found);
            continue;
        }
        shown.push_str(match (found, digits.len()) {
            ('d', 7) => "2912117",
            ('d', 5) => "20778",
            _ => &digits,
        });
        digits.clear();
        shown.push(found);
    }
    shown + &digits
}
