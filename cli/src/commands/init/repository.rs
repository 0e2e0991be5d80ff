//! What the git repository one is in says about itself.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use crate::exit::{Failure, Stop};

/// A repository, as far as a stage file needs to know it.
#[derive(Debug)]
pub struct Repository {
    /// Its top folder.
    pub top: PathBuf,
    /// `owner/name`
    pub app: String,
    /// Short name of the branch that releases come from.
    pub main: String,
    /// Whether the top folder holds a Makefile.
    pub has_makefile: bool,
    /// What was guessed, and should be looked at.
    pub notes: Vec<String>,
}

impl Repository {
    /// The repository that the current folder belongs to.
    pub fn here() -> Result<Self, Stop> {
        let top = git(&["rev-parse", "--show-toplevel"])?.ok_or_else(|| {
            Failure::usage("this folder belongs to no git repository")
                .help("`git init` makes one; or go to the one you mean")
        })?;
        let top = PathBuf::from(top);
        let mut notes = Vec::new();
        let app = match git(&["remote", "get-url", "origin"])?
            .as_deref()
            .and_then(github_name)
        {
            Some(app) => app,
            None => {
                let folder = top
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned());
                let guess = format!("local/{}", legal(folder.as_deref().unwrap_or("app")));
                notes.push(format!(
                    "no remote `origin` says OWNER/REPO: the app is called {guess}"
                ));
                guess
            }
        };
        let branches = branches()?;
        let main = main(&branches)?;
        for wanted in ["develop", main.as_str()] {
            if !branches.contains(wanted) {
                notes.push(format!(
                    "there is no branch {wanted} yet; its stage stays empty until there is"
                ));
            }
        }
        let has_makefile = top.join("Makefile").exists();
        if !has_makefile {
            notes.push(
                "there is no Makefile: say under `pipelines` how to build and deploy".to_owned(),
            );
        }
        if !top.join("tests/smoke").exists() {
            notes.push(
                "there are no tests/smoke/*.hurl yet: a stage turns green by its tests".to_owned(),
            );
        }
        Ok(Self {
            has_makefile,
            top,
            app,
            main,
            notes,
        })
    }
}

/// The branch that releases come from: what the remote says, else what people call it.
fn main(branches: &BTreeSet<String>) -> Result<String, Stop> {
    let said = git(&[
        "symbolic-ref",
        "--quiet",
        "--short",
        "refs/remotes/origin/HEAD",
    ])?;
    if let Some(said) = said
        .as_deref()
        .and_then(|said| said.strip_prefix("origin/"))
    {
        return Ok(said.to_owned());
    }
    let usual = ["main", "master"]
        .into_iter()
        .find(|name| branches.contains(*name));
    if let Some(usual) = usual {
        return Ok(usual.to_owned());
    }
    let current = git(&["symbolic-ref", "--quiet", "--short", "HEAD"])?;
    let usable = |name: &String| name != "develop" && !name.contains('/');
    Ok(current.filter(usable).unwrap_or_else(|| "main".to_owned()))
}

/// Short names of the branches here and at the remote.
fn branches() -> Result<BTreeSet<String>, Stop> {
    let list = git(&[
        "for-each-ref",
        "--format=%(refname)",
        "refs/heads",
        "refs/remotes/origin",
    ])?;
    let short = |name: &str| {
        let name = name
            .strip_prefix("refs/heads/")
            .or_else(|| name.strip_prefix("refs/remotes/origin/"))?;
        (name != "HEAD").then(|| name.to_owned())
    };
    Ok(list.unwrap_or_default().lines().filter_map(short).collect())
}

/// `owner/name` of a repository's address; `None` for a path on this machine.
fn github_name(url: &str) -> Option<String> {
    let trimmed = url.trim_end_matches('/');
    let trimmed = trimmed.strip_suffix(".git").unwrap_or(trimmed);
    let path = match trimmed.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split_once('/')?.1,
        None => {
            trimmed
                .split_once(':')
                .filter(|(host, _)| !host.contains('/'))?
                .1
        }
    };
    let mut parts = path.rsplit('/');
    let (name, owner) = (parts.next()?, parts.next()?);
    (!name.is_empty() && !owner.is_empty()).then(|| format!("{owner}/{name}"))
}

/// A folder's name in the letters that a repository's may have.
fn legal(folder: &str) -> String {
    let kept: String = folder
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .take(100)
        .collect();
    let kept = kept.trim_matches(['.', '-']);
    if kept.is_empty() {
        "app".to_owned()
    } else {
        kept.to_owned()
    }
}

/// What git answers; `None` if it says no.
fn git(args: &[&str]) -> Result<Option<String>, Stop> {
    let answer = Command::new("git").args(args).output().map_err(|error| {
        Failure::usage("the program git cannot be run")
            .why(error.to_string())
            .help("install git; it must be on the PATH")
    })?;
    let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    Ok((answer.status.success() && !text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::{github_name, legal};

    #[test]
    fn addresses_of_every_kind_say_owner_and_name() {
        let same = "acme/orders";
        for url in [
            "https://github.com/acme/orders.git",
            "https://token@github.com/acme/orders/",
            "git@github.com:acme/orders.git",
            "ssh://git@github.com:22/acme/orders",
        ] {
            assert_eq!(github_name(url).as_deref(), Some(same), "{url}");
        }
        for path in [
            "/srv/git/orders.git",
            "../orders",
            "file:///srv/acme/orders",
            "orders",
        ] {
            assert_eq!(github_name(path), None, "{path}");
        }
    }

    #[test]
    fn any_folder_gives_a_legal_name() {
        assert_eq!(legal("my shop"), "my-shop");
        assert_eq!(legal("..."), "app");
        assert_eq!(legal("größe"), "gr--e");
    }
}
