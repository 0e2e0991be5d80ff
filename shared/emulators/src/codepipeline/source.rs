//! Source actions: the files of one commit.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use super::declaration::Action;
use super::options::Sources;
use super::run::{Failure, Outcome};
use super::service::Service;
use super::state::Source;

/// What a source action came to: what it made is kept by the name of its artifact.
pub(super) async fn fetch(
    service: &Service,
    action: &Action,
    wanted: Option<&str>,
) -> Result<(Outcome, Source), Failure> {
    let repository = action.configured("FullRepositoryId");
    let branch = action.configured("BranchName");
    let archive = service
        .folder
        .path()
        .join(format!("{}.tar.gz", service.new_id()));
    let found = match &service.options.sources {
        Sources::Git(folder) => from_git(folder, wanted.unwrap_or(branch), &archive).await,
        Sources::GitHub { url, token } => {
            let hub = GitHub {
                service,
                url,
                token: token.as_deref(),
                repository,
            };
            hub.fetch(wanted, branch, &archive).await
        }
    };
    let revision = found.map_err(|why| Failure {
        code: "JobFailed".to_owned(),
        message: format!("[GitHub] The source of {repository} could not be downloaded: {why}"),
        external_id: None,
    })?;
    let outputs: BTreeMap<String, String> = [
        ("CommitId", revision.as_str()),
        ("BranchName", branch),
        ("FullRepositoryName", repository),
        ("ConnectionArn", action.configured("ConnectionArn")),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let name = action
        .output_artifacts
        .first()
        .map_or_else(String::new, |one| one.name.clone());
    let outcome = Outcome {
        outputs,
        external_id: Some(revision.clone()),
        summary: None,
    };
    Ok((
        outcome,
        Source {
            name,
            revision,
            archive,
        },
    ))
}

async fn from_git(folder: &Path, of: &str, archive: &Path) -> Result<String, String> {
    let commit = format!("{of}^{{commit}}");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(folder)
            .args(arguments)
            .kill_on_drop(true);
        command
    };
    let run = |mut command: Command| async move {
        let done = command.output().await.map_err(|error| error.to_string())?;
        if done.status.success() {
            Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&done.stderr).trim().to_owned())
        }
    };
    let revision = run(git(&["rev-parse", "--verify", &commit])).await?;
    let mut pack = git(&["archive", "--format=tar.gz", "--prefix=source/", "-o"]);
    pack.arg(archive).arg(&revision);
    run(pack).await?;
    Ok(revision)
}

struct GitHub<'a> {
    service: &'a Service,
    url: &'a str,
    token: Option<&'a str>,
    repository: &'a str,
}

impl GitHub<'_> {
    async fn get(&self, path: &str) -> Result<bytes::Bytes, String> {
        let address = format!("{}/repos/{}/{path}", self.url, self.repository);
        let mut request = self
            .service
            .http
            .get(&address)
            .header("user-agent", "codepipeline");
        if let Some(token) = self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("{path}: status {}", answer.status().as_u16()));
        }
        answer.bytes().await.map_err(|error| error.to_string())
    }

    async fn fetch(
        &self,
        wanted: Option<&str>,
        branch: &str,
        archive: &Path,
    ) -> Result<String, String> {
        let revision = match wanted {
            Some(revision) => revision.to_owned(),
            None => {
                let body = self.get(&format!("commits/{branch}")).await?;
                let body: Value =
                    serde_json::from_slice(&body).map_err(|error| error.to_string())?;
                body["sha"]
                    .as_str()
                    .ok_or("the commit has no sha")?
                    .to_owned()
            }
        };
        let bytes = self.get(&format!("tarball/{revision}")).await?;
        tokio::fs::write(archive, &bytes)
            .await
            .map_err(|error| error.to_string())?;
        Ok(revision)
    }
}

/// Puts the files of a source into a folder that is made for them, without the folder that holds
/// them in the archive.
pub(super) fn unpack(archive: &Path, into: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(into)?;
    let file = std::fs::File::open(archive)?;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let inside: std::path::PathBuf = path.components().skip(1).collect();
        let plain = inside
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if inside.as_os_str().is_empty()
            || !plain
            || entry.header().entry_type().is_pax_global_extensions()
        {
            continue;
        }
        let target = into.join(inside);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        entry.unpack(target)?;
    }
    Ok(())
}
