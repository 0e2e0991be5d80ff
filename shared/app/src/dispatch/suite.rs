//! Running one attempt at a suite.

use std::time::Duration;

use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::StageId;
use greenroom_core::stage::Stage;
use greenroom_core::stage_file::{Rendered, Suite, Values};
use greenroom_core::verdict::{SuiteReport, Verdict};
use jiff::SignedDuration;

use super::Done;
use super::fail::{Failure, source_error};
use super::pipeline::{of_run, values, variables};
use crate::App;
use crate::outbox::removal;
use crate::ports::Ports;
use crate::ports::source::Source;
use crate::ports::suites::{SuiteRequest, Suites};
use crate::records::OutboxEntry;
use crate::stages::Input;
use crate::table::Versioned;

impl<P: Ports> App<P> {
    pub(super) async fn run_suite(&self, entry: &Versioned<OutboxEntry>) -> Result<Done, Failure> {
        let Effect::RunSuite {
            stage,
            generation,
            suite,
            attempt,
            round,
            ..
        } = &entry.record.effect
        else {
            return Err(Failure::never("not a suite"));
        };
        let id = StageId {
            app: entry.record.owner.app,
            stage: stage.clone(),
        };
        let report = match self.suite_request(&id, entry).await {
            Ok(Some(request)) => self.ports.suites().run(&request).await,
            Ok(None) => return Ok(Done::Over(Vec::new())),
            Err(failure) if failure.permanent => errored(&failure.why),
            Err(failure) => return Err(failure),
        };
        let (suite, attempt) = (suite.clone(), *attempt);
        let fact = match *round {
            Some(round) => Fact::WatchReported {
                round,
                suite,
                attempt,
                report,
            },
            None => Fact::VerdictReported {
                generation: *generation,
                suite,
                attempt,
                report,
            },
        };
        self.step(&id, None, &Input::Facts(&[fact]), &removal(entry))
            .await?;
        Ok(Done::Recorded)
    }

    /// Everything the attempt needs; `None` when its run, or its round of the watch, is over.
    async fn suite_request(
        &self,
        id: &StageId,
        entry: &Versioned<OutboxEntry>,
    ) -> Result<Option<SuiteRequest>, Failure> {
        let Effect::RunSuite {
            generation,
            suite,
            revision,
            config,
            round,
            ..
        } = &entry.record.effect
        else {
            return Ok(None);
        };
        let loaded = self.load_stage(id, None).await?;
        let Some(values) = subject(&loaded.stage, *generation, *round) else {
            return Ok(None);
        };
        let app = self.app(id.app).await?;
        let file = self.stage_file(id.app, config).await?;
        let rule = file.rule(&loaded.stage.spec.rule).ok_or_else(|| {
            Failure::never("the stage file that governs the run has no such rule")
        })?;
        let suite = file.suites.get(suite).ok_or_else(|| {
            Failure::never("the stage file that governs the run has no such suite")
        })?;
        let files = self
            .ports
            .source()
            .files_at(&app.repository, revision, &suite.files)
            .await
            .map_err(|error| Failure::from(source_error(&error)))?;
        if files.is_empty() {
            return Err(Failure::never(format!(
                "no file of {} matches {}",
                revision.short(),
                suite.files
            )));
        }
        let (mut plain, secrets) = variables(&file, rule, &values)?;
        for (name, template) in &suite.variables {
            plain.insert(name.clone(), text(template, &values)?);
        }
        plain.insert("stage".to_owned(), id.stage.to_string());
        plain.insert("revision".to_owned(), revision.to_string());
        Ok(Some(SuiteRequest {
            id: entry.record.id.clone(),
            suite: suite.name.clone(),
            files,
            base_url: text(&suite.base_url, &values)?,
            variables: plain,
            secrets,
            ready: duration(suite.ready),
            request_timeout: duration(suite.request_timeout),
            timeout: suite_timeout(suite),
        }))
    }
}

/// What the templates of suites are filled with, for the run or the round they are to look at; `None`
/// when it is over.
fn subject(stage: &Stage, generation: u64, round: Option<u64>) -> Option<Values> {
    if let Some(round) = round {
        let current = stage.watch.round.as_ref()?;
        let stands = stage.stands()?;
        let is_it = current.number == round && stands.generation == generation;
        return is_it.then(|| values(stage, stands.reference.as_ref(), &stands.outputs));
    }
    let run = stage.run.as_ref()?;
    (run.generation == generation).then(|| of_run(stage, run))
}

fn suite_timeout(suite: &Suite) -> Duration {
    duration(suite.timeout)
}

fn duration(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or_default()
}

fn text(
    template: &greenroom_core::stage_file::Template,
    values: &Values,
) -> Result<String, Failure> {
    match template.render(values) {
        Ok(Rendered::Text(text)) => Ok(text),
        Ok(Rendered::Secret(name)) => Err(Failure::never(format!(
            "{name} is a secret; it cannot be used here"
        ))),
        Err(missing) => Err(Failure::never(missing.to_string())),
    }
}

fn errored(why: &str) -> SuiteReport {
    SuiteReport {
        verdict: Verdict::Errored,
        total: 0,
        failures: Vec::new(),
        failed: 0,
        duration: SignedDuration::ZERO,
        error: Some(why.to_owned()),
    }
}
