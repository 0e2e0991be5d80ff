//! Runs `git` on a served repository, away from whatever configuration the machine has.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Variables that lead git to another repository, as in a hook.
const STRAY: [&str; 5] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
];

/// A repository on disk.
#[derive(Clone, Debug)]
pub(super) struct Git {
    folder: PathBuf,
}

/// A reference as it stands; `kind` is `commit` or `tag`.
#[derive(Debug)]
pub(super) struct Reference {
    pub name: String,
    pub object: String,
    pub kind: String,
}

impl Git {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// What git printed; `None` when it did not end well.
    pub(super) fn run(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        let output = self.command(arguments).output().ok()?;
        output.status.success().then_some(output.stdout)
    }

    /// The texts of these commits, by one git.
    pub(super) fn commits(&self, shas: &[&str]) -> Vec<String> {
        let asked: String = shas.iter().map(|sha| format!("{sha}\n")).collect();
        let mut answer = self
            .fed(&["cat-file", "--batch"], asked)
            .unwrap_or_default();
        let mut texts = Vec::new();
        // `<sha> commit <size>`, a newline, the text, a newline.
        while let Some(line) = answer.iter().position(|byte| *byte == b'\n') {
            let head = String::from_utf8_lossy(&answer[..line]).into_owned();
            let size = head.rsplit(' ').next().and_then(|size| size.parse().ok());
            let text: Vec<u8> = answer.drain(..).skip(line + 1).collect();
            let size = size.unwrap_or(0).min(text.len());
            texts.push(String::from_utf8_lossy(&text[..size]).into_owned());
            answer = text[(size + 1).min(text.len())..].to_vec();
        }
        texts
    }

    fn fed(&self, arguments: &[&str], input: String) -> Option<Vec<u8>> {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().ok()?;
        let mut stdin = child.stdin.take()?;
        // Both ends may be full at once, so they are served at once.
        let feeding = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().ok()?;
        let fed = feeding.join().is_ok_and(|fed| fed.is_ok());
        (fed && output.status.success()).then_some(output.stdout)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        for name in STRAY {
            command.env_remove(name);
        }
        command
            .args(["-c", "safe.directory=*", "-c", "core.quotePath=false"])
            .args(arguments)
            .current_dir(&self.folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        command
    }

    pub(super) fn text(&self, arguments: &[&str]) -> Option<String> {
        let output = self.run(arguments)?;
        Some(
            String::from_utf8_lossy(&output)
                .trim_end_matches('\n')
                .to_owned(),
        )
    }

    /// The full id of the object of this kind that `name` leads to.
    pub(super) fn object(&self, name: &str, kind: &str) -> Option<String> {
        let leads_to = format!("{name}^{{{kind}}}");
        let safe = !name.is_empty() && !name.starts_with('-');
        safe.then(|| {
            self.text(&[
                "rev-parse",
                "--quiet",
                "--verify",
                "--end-of-options",
                &leads_to,
            ])
        })?
    }

    pub(super) fn is_empty(&self) -> bool {
        let some = self.text(&["for-each-ref", "--count=1", "refs/heads", "refs/tags"]);
        some.is_none_or(|some| some.is_empty())
    }

    /// References whose name begins with `prefix`, by name.
    pub(super) fn references(&self, prefix: &str) -> Vec<Reference> {
        let format = "--format=%(objectname) %(objecttype) %(refname)";
        let all = self.text(&["for-each-ref", format]).unwrap_or_default();
        let rows = all.lines().filter_map(|row| {
            let mut words = row.splitn(3, ' ');
            let (object, kind, name) = (words.next()?, words.next()?, words.next()?);
            Some(Reference {
                name: name.to_owned(),
                object: object.to_owned(),
                kind: kind.to_owned(),
            })
        });
        rows.filter(|reference| reference.name.starts_with(prefix))
            .collect()
    }

    /// The branch that `HEAD` names, short; it may have no commit.
    pub(super) fn default_branch(&self) -> String {
        let head = self.text(&["symbolic-ref", "--quiet", "--short", "HEAD"]);
        head.unwrap_or_else(|| "main".to_owned())
    }
}
