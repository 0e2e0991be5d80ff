//! Pipelines that stages name and nobody rendered: whether they can do what is asked of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::ports::Ports;
use crate::ports::pipelines::Pipelines;
use crate::ports::source::{Access, Mend};
use crate::records::AppRecord;

/// A pipeline that exists by itself, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ExistingView {
    pub pipeline: String,
    /// The keys of the stages that it deploys.
    pub stages: Vec<String>,
    /// False where no pipelines stand by themselves.
    pub checked: bool,
    pub problems: Vec<Mend>,
    pub warnings: Vec<Mend>,
}

impl<P: Ports> App<P> {
    /// The existing pipelines that the app's stage file in force names, by name.
    ///
    /// # Errors
    /// The stage file cannot be read. A pipeline that cannot be looked at has that for a problem.
    pub async fn existing_pipelines(&self, app: &AppRecord) -> Result<Vec<ExistingView>, Error> {
        let Some(hash) = &app.config else {
            return Ok(Vec::new());
        };
        let file = self.stage_file(app.id, hash).await?;
        let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for rule in &file.rules {
            let pipeline = rule.pipeline.as_ref().and_then(|it| file.pipelines.get(it));
            if let Some(existing) = pipeline.and_then(|it| it.existing.as_deref()) {
                named
                    .entry(existing)
                    .or_default()
                    .push(rule.name.to_string());
            }
        }
        let mut all = Vec::new();
        for (pipeline, stages) in named {
            let seen = match self.ports.pipelines().inspect(pipeline).await {
                Ok(seen) => seen,
                Err(error) => Some(Access {
                    problems: vec![Mend {
                        what: error.to_string(),
                        fix: "try again in a moment, or give the function's role \
                              codepipeline:GetPipeline on it"
                            .to_owned(),
                    }],
                    warnings: Vec::new(),
                }),
            };
            let checked = seen.is_some();
            let Access { problems, warnings } = seen.unwrap_or_default();
            all.push(ExistingView {
                pipeline: pipeline.to_owned(),
                stages,
                checked,
                problems,
                warnings,
            });
        }
        Ok(all)
    }
}
