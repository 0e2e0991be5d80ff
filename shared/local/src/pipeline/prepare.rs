//! What happens before the first step: is the request one that can work, may it run, are the
//! bytes those that were verified, are the secrets there.

use std::path::PathBuf;
use std::time::Duration;

use greenroom_app::ports::pipelines::{AdmissionRequest, Observation, Purpose, StartRequest};
use greenroom_app::ports::secrets::{SecretError, Secrets};
use greenroom_app::ports::source::SourceError;
use greenroom_core::name::SecretName;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::admission::AdmissionError;
use super::environment::{Environment, OURS};
use super::flow::{Flow, errored};
use super::folder::remove_tree;
use super::mask::Mask;
use crate::artifact::ArtifactError;

/// Says why a request will never work.
pub(super) fn check(request: &StartRequest) -> Result<(), String> {
    if request.repository.git.is_none() {
        return Err(format!(
            "{} has no git address to check out from",
            request.repository.name
        ));
    }
    if needs_fence(request) && request.steps.is_empty() {
        return Err(format!(
            "{} is a pipeline of CodePipeline, which only an installation on AWS can start",
            request.definition.name
        ));
    }
    let makes_artifact = |step: &&greenroom_core::stage_file::Step| step.artifact.is_some();
    let makers: Vec<_> = request.steps.iter().filter(makes_artifact).collect();
    if let (Purpose::Build, [one, another, ..]) = (&request.purpose, &makers[..]) {
        return Err(format!(
            "a build makes one artifact, but both step {} and step {} name one",
            one.name, another.name
        ));
    }
    if let Some(step) = request.steps.iter().find(|step| step.run.contains('\0')) {
        return Err(format!("step {} holds a NUL character", step.name));
    }
    let legal = |name: &String| !name.is_empty() && !name.contains(['=', '\0']);
    let mut names = request.variables.keys().chain(request.secrets.keys());
    if let Some(name) = names.find(|name| !legal(name)) {
        return Err(format!("{name:?} cannot be the name of a variable"));
    }
    let mut names = request.variables.keys().chain(request.secrets.keys());
    if let Some(name) = names.find(|name| name.starts_with(OURS)) {
        return Err(format!(
            "{name} is not a stage's to set: {OURS}* is Greenroom's own"
        ));
    }
    let values = &request.variables;
    if let Some((name, _)) = values.iter().find(|(_, value)| value.contains('\0')) {
        return Err(format!("the value of {name} holds a NUL character"));
    }
    Ok(())
}

pub(super) fn needs_fence(request: &StartRequest) -> bool {
    matches!(request.purpose, Purpose::Deploy { .. })
}

/// How long to wait before each further try.
type Waits = std::vec::IntoIter<Duration>;

impl<S: Secrets> Flow<S> {
    /// Waits before a further try; false when patience is at its end.
    async fn wait(&mut self, waits: &mut Waits) -> Result<bool, Observation> {
        let Some(wait) = waits.next() else {
            return Ok(false);
        };
        let sleep = tokio::time::sleep(wait);
        self.stop.unless_told(sleep).await.map(|()| true)
    }

    fn waits(&self) -> Waits {
        self.inner.settings.patience.clone().into_iter()
    }

    /// A clean checkout of exactly the commit.
    pub(super) async fn check_out(&mut self) -> Result<(), Observation> {
        let (into, mut waits) = (self.folder.checkout(), self.waits());
        let (git, repository) = (self.inner.git.clone(), self.request.repository.clone());
        let done = loop {
            let checkout = git.checkout(&repository, &self.request.revision, &into);
            match self.stop.unless_told(checkout).await? {
                Err(SourceError::Unavailable { .. }) if self.wait(&mut waits).await? => {
                    remove_tree(&into);
                }
                done => break done,
            }
        };
        done.map_err(|error| errored(error.to_string()))?;
        let (name, revision) = (&self.request.repository.name, &self.request.revision);
        self.journal
            .say(&format!("checked out {revision} of {name}"));
        if self.folder.checkout().join(".gitmodules").exists() {
            self.journal.say(
                "the commit has submodules; their folders are empty, Greenroom does not fetch them",
            );
        }
        Ok(())
    }

    /// Asks the fence; nothing of a deployment runs before it said yes.
    pub(super) async fn ask_fence(&mut self) -> Result<(), Observation> {
        let Purpose::Deploy {
            app,
            stage,
            generation,
            nonce,
            ..
        } = &self.request.purpose
        else {
            return Ok(());
        };
        let question = AdmissionRequest {
            app: app.clone(),
            stage: stage.clone(),
            generation: *generation,
            nonce: nonce.clone(),
            execution: self.execution.clone(),
            revision: self.request.revision.clone(),
            definition: None,
        };
        let Some(fence) = self.inner.admission.get().cloned() else {
            return Err(errored("the fence is not connected".to_owned()));
        };
        let mut waits = self.waits();
        let answer = loop {
            let answer = fence.admit(question.clone());
            match self.stop.unless_told(answer).await? {
                Err(AdmissionError::Unavailable { .. }) if self.wait(&mut waits).await? => {}
                answer => break answer,
            }
        };
        match answer {
            Ok(()) => {
                self.journal.say("the fence admitted this execution");
                Ok(())
            }
            Err(AdmissionError::Refused { why }) => Err(refused(why)),
            Err(AdmissionError::Unavailable { why }) => {
                Err(errored(format!("the fence could not be asked: {why}")))
            }
        }
    }

    /// The artifact's files, after its bytes were found to be the right ones.
    pub(super) async fn fetch_artifact(&mut self) -> Result<Option<PathBuf>, Observation> {
        let Purpose::Deploy {
            artifact: Some(digest),
            ..
        } = &self.request.purpose
        else {
            return Ok(None);
        };
        let (store, wanted) = (self.inner.artifacts.clone(), digest.clone());
        let into = self.folder.artifact();
        let unpacked = tokio::task::spawn_blocking(move || store.unpack(&wanted, &into)).await;
        let unpacked = unpacked.map_err(|error| errored(error.to_string()))?;
        let path = unpacked.map_err(|error| match error {
            ArtifactError::Mismatch { .. } => refused(error.to_string()),
            ArtifactError::Io { what, source } => errored(format!("{what}: {source}")),
            other => errored(other.to_string()),
        })?;
        self.journal.say(&format!("the artifact is {digest}"));
        Ok(Some(path))
    }

    /// The stage's variables with the values its secrets have now, and what to hide in logs.
    /// A build gets neither.
    pub(super) async fn variables(&mut self) -> Result<(Environment, Mask), Observation> {
        if self.request.purpose == Purpose::Build {
            return Ok((Environment::new(), Mask::default()));
        }
        let mut variables = self.request.variables.clone();
        let mut values: Vec<SecretString> = Vec::new();
        for (variable, secret) in self.request.secrets.clone() {
            let value = self.secret(&secret).await?;
            if value.expose_secret().contains('\0') {
                return Err(errored(format!(
                    "the secret {secret} holds a NUL character"
                )));
            }
            variables.insert(variable, value.expose_secret().to_owned());
            values.push(value);
        }
        let mask = Mask::new(values.iter().map(ExposeSecret::expose_secret));
        Ok((variables, mask))
    }

    async fn secret(&mut self, name: &SecretName) -> Result<SecretString, Observation> {
        let (secrets, mut waits) = (self.inner.secrets.clone(), self.waits());
        let value = loop {
            match self.stop.unless_told(secrets.get(name)).await? {
                Err(SecretError::Unavailable { .. }) if self.wait(&mut waits).await? => {}
                value => break value,
            }
        };
        value.map_err(|error| errored(error.to_string()))
    }
}

fn refused(why: String) -> Observation {
    Observation::Refused {
        why,
        at: Timestamp::now(),
    }
}
