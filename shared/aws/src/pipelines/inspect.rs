//! A pipeline that somebody made: whether it can be started as a stage's, and asks the fence before it
//! changes anything. One call, and nothing is changed.

use aws_sdk_codepipeline::operation::get_pipeline::GetPipelineError;
use aws_sdk_codepipeline::types::{
    ActionCategory, ActionDeclaration, ExecutionMode, PipelineDeclaration, PipelineType,
};
use greenroom_app::ports::pipelines::PipelineError;
use greenroom_app::ports::source::{Access, Mend};

use super::CodePipelines;
use super::failure::unavailable;

/// The variables that a start of a deployment gives; CodePipeline refuses a start with another.
const VARIABLES: [&str; 8] = [
    "GREENROOM_RUN",
    "GREENROOM_STAGE",
    "GREENROOM_NONCE",
    "GREENROOM_REVISION",
    "GREENROOM_DIGEST",
    "GREENROOM_ACTOR",
    "GREENROOM_BRANCH",
    "GREENROOM_PR",
];
/// What the question to the fence must be filled with.
const ASKS: [&str; 4] = [
    "#{variables.GREENROOM_RUN}",
    "#{variables.GREENROOM_NONCE}",
    "#{codepipeline.PipelineExecutionId}",
    "#{Source.CommitId}",
];
const SOURCE: &str = "Source";
const DOCS: &str = "docs/pipelines.md, \"A pipeline of your own\"";

impl CodePipelines {
    pub(super) async fn inspected(&self, name: &str) -> Result<Access, PipelineError> {
        let answer = self.pipelines.get_pipeline().name(name).send().await;
        match answer {
            Ok(answer) => match answer.pipeline {
                Some(pipeline) => Ok(judge(&pipeline)),
                None => Ok(absent(name)),
            },
            Err(error) => match error.as_service_error() {
                Some(GetPipelineError::PipelineNotFoundException(_)) => Ok(absent(name)),
                _ => Err(unavailable(&error)),
            },
        }
    }
}

fn absent(name: &str) -> Access {
    let what = format!("AWS has no pipeline {name} in this region");
    let fix = "make it, or correct `existing` in the stage file".to_owned();
    Access {
        problems: vec![Mend { what, fix }],
        warnings: Vec::new(),
    }
}

fn judge(pipeline: &PipelineDeclaration) -> Access {
    let mut access = Access::default();
    let mut problem = |what: String, fix: String| access.problems.push(Mend { what, fix });
    if pipeline.pipeline_type != Some(PipelineType::V2) {
        let fix = "change its type to V2".to_owned();
        problem(
            "it is no pipeline of type V2 and takes no variables".to_owned(),
            fix,
        );
    }
    if pipeline.execution_mode != Some(ExecutionMode::Parallel) {
        let what = "its execution mode is not PARALLEL, so executions wait for or supersede others";
        problem(
            what.to_owned(),
            "set its execution mode to PARALLEL".to_owned(),
        );
    }
    let declared = |name: &&&str| {
        let mut all = pipeline.variables.iter().flatten();
        all.any(|variable| variable.name == ***name)
    };
    let missing: Vec<&str> = VARIABLES
        .iter()
        .filter(|name| !declared(name))
        .copied()
        .collect();
    if !missing.is_empty() {
        let names = missing.join(", ");
        let what = format!("it does not declare the variables {names}, and refuses to be started");
        problem(what, "declare them, without a default".to_owned());
    }
    if !actions(pipeline).any(|(_, it)| is_source(it) && it.name == SOURCE) {
        let what = format!("it has no source action called {SOURCE}, so no commit can be named");
        problem(
            what,
            format!("call its source action {SOURCE}, namespace {SOURCE}; {DOCS}"),
        );
    }
    fence(pipeline, &mut access);
    begun_by_itself(pipeline, &mut access);
    access
}

/// The fence has to be asked before anything that is no source.
fn fence(pipeline: &PipelineDeclaration, access: &mut Access) {
    let Some(at) = actions(pipeline).find_map(|(at, action)| asks(action).then_some(at)) else {
        let what = "it never asks the fence: nothing keeps what nobody claimed from being deployed";
        let fix = format!("add the action Admit right after the source; {DOCS}");
        access.problems.push(Mend {
            what: what.to_owned(),
            fix,
        });
        return;
    };
    let early = actions(pipeline)
        .find(|(place, action)| *place <= at && !is_source(action) && !asks(action));
    if let Some((_, action)) = early {
        access.problems.push(Mend {
            what: format!(
                "the action {} runs before the fence has answered",
                action.name
            ),
            fix: "move it to a stage after the one that asks the fence".to_owned(),
        });
    }
}

/// What begins executions that nobody claimed.
fn begun_by_itself(pipeline: &PipelineDeclaration, access: &mut Access) {
    let detects = actions(pipeline).any(|(_, action)| {
        let configured = action.configuration.as_ref();
        let told = configured.and_then(|it| it.get("DetectChanges"));
        is_source(action) && told.is_none_or(|told| told != "false")
    });
    if detects
        || pipeline
            .triggers
            .as_ref()
            .is_some_and(|all| !all.is_empty())
    {
        access.warnings.push(Mend {
            what: "changes begin executions by themselves, which the fence then refuses".to_owned(),
            fix: "remove its triggers, and set DetectChanges of its source to false".to_owned(),
        });
    }
}

/// Each action with its place: its stage, and its order in that.
fn actions(
    pipeline: &PipelineDeclaration,
) -> impl Iterator<Item = ((usize, i32), &ActionDeclaration)> {
    let stages = pipeline.stages.iter().enumerate();
    stages.flat_map(|(place, stage)| {
        let actions = stage.actions.iter();
        actions.map(move |action| ((place, action.run_order.unwrap_or(1)), action))
    })
}

fn is_source(action: &ActionDeclaration) -> bool {
    let kind = action.action_type_id.as_ref();
    kind.is_some_and(|kind| kind.category == ActionCategory::Source)
}

fn asks(action: &ActionDeclaration) -> bool {
    let kind = action.action_type_id.as_ref();
    let invokes = kind
        .is_some_and(|kind| kind.category == ActionCategory::Invoke && kind.provider == "Lambda");
    let configured = action.configuration.as_ref();
    let told = configured.and_then(|it| it.get("UserParameters"));
    invokes && told.is_some_and(|told| ASKS.iter().all(|part| told.contains(part)))
}
