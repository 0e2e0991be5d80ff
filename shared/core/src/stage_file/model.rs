//! A stage file that has been validated: every name it uses exists, every template is legal.
//!
//! The raw types with their positions in the text are private to parsing; nothing outside
//! this module ever sees a stage file that does not hold.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::evidence::Percent;
use crate::name::{
    Actor, ChannelName, ConfigHash, PipelineName, RecipeHash, RepoName, RuleName, SecretName,
    SettingsHash, StageName, SuiteName,
};
use crate::rota::Rota;
use crate::schedule::Schedule;
use crate::stage_file::{Access, Diagnostic, Pattern, Resource, Route, Template};

/// `greenroom.yaml`, in force.
#[derive(Clone, Debug)]
pub struct StageFile {
    pub app: RepoName,
    /// SHA-256 of the file's bytes, 16 hex digits.
    pub hash: ConfigHash,
    /// Named sets of stage variables.
    pub variables: BTreeMap<String, BTreeMap<String, Template>>,
    pub pipelines: BTreeMap<PipelineName, Pipeline>,
    pub suites: BTreeMap<SuiteName, Suite>,
    pub channels: BTreeMap<ChannelName, Channel>,
    /// Who holds a role that `approvals.by` names. An operator holds every role.
    pub roles: BTreeMap<String, Vec<Actor>>,
    /// In file order: the first rule that matches wins.
    pub rules: Vec<Rule>,
    /// The schedules of the rules that have one, read once.
    pub schedules: BTreeMap<RuleName, Schedule>,
    /// What holds and was hardly meant, in the order of the text.
    pub warnings: Vec<Diagnostic>,
    /// Times when stages may change, or may not.
    pub windows: BTreeMap<String, Window>,
    /// Words that people may give to revisions; `bad` is not among them and always there.
    pub marks: BTreeMap<String, MarkRule>,
    /// People who take turns.
    pub rotas: BTreeMap<String, Rota>,
    /// The rota whose person on duty messages on a channel name.
    pub on_duty: BTreeMap<ChannelName, String>,
    /// What several stages use.
    pub resources: BTreeMap<String, Resource>,
    /// Stages that people speak of together, in the order they are listed.
    pub groups: BTreeMap<String, Vec<StageName>>,
}

impl StageFile {
    /// Whether this mark lets commits of forks in somewhere.
    pub fn lets_forks_in(&self, mark: &str) -> bool {
        let by_it = |rule: &Rule| match &rule.from {
            From::PullRequest { forks, .. } => forks.as_deref() == Some(mark),
            _ => false,
        };
        self.rules.iter().any(by_it)
    }
}

/// Who may give a mark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkRule {
    /// Roles; empty means anybody.
    pub by: Vec<String>,
}

/// A way to build and deploy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pipeline {
    pub name: PipelineName,
    pub steps: Vec<Step>,
    /// A pipeline of CodePipeline that exists already and deploys instead of steps; then all steps
    /// there are have `once`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<String>,
    /// How a stage that expires is taken away again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teardown: Option<Teardown>,
    /// How people are led to a side of a toggle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Switch>,
}

/// What leads people to the side of a toggle that `GREENROOM_STAGE` names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Switch {
    /// Run in a clean checkout of what stands on that side, with its variables.
    pub steps: Vec<Step>,
}

/// How a stage is taken away again, and what shows that nothing is left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Teardown {
    /// Run in a clean checkout of the default branch, with the stage's variables.
    pub steps: Vec<Step>,
    /// A command that writes what is left, a line each.
    pub leftovers: String,
}

/// One command of a pipeline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    pub name: String,
    /// Run by `sh -c` in a clean checkout of the revision.
    pub run: String,
    /// Runs once per revision and recipe, without stage variables: the build pipeline.
    #[serde(default)]
    pub once: bool,
    /// Path, relative to the checkout, of what this step builds; only with `once`.
    #[serde(default)]
    pub artifact: Option<String>,
    /// Names this step may write to its output file.
    #[serde(default)]
    pub outputs: Vec<String>,
    /// After this the step's process group is killed. Default 15 minutes.
    pub timeout: SignedDuration,
    /// What it leaves for gates to look at; only with `once`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports: Option<Reports>,
}

/// Reports in the checkout, after the step. At most one of `lcov` and `cobertura`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reports {
    /// Glob of JUnit XML files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub junit: Option<String>,
    /// Glob of lcov tracefiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lcov: Option<String>,
    /// Glob of Cobertura XML files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cobertura: Option<String>,
    /// Path of an OpenAPI 3 document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openapi: Option<String>,
    /// With `openapi`: globs of all suites that stages of this pipeline verify with. Their
    /// requests are held against the document; they are part of what is built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suites: Vec<String>,
}

/// Integration tests that run against a deployed stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suite {
    pub name: SuiteName,
    /// Glob of Hurl files inside the repository, relative to its root.
    pub files: String,
    pub base_url: Template,
    /// Variables of the suite; `base_url` and the stage's variables are added.
    pub variables: BTreeMap<String, Template>,
    /// How long a service may take to come up before a suite counts as errored. Default 30 s.
    pub ready: SignedDuration,
    /// Of one request. Default 10 s.
    pub request_timeout: SignedDuration,
    /// Of the whole suite. Default 10 minutes.
    pub timeout: SignedDuration,
    /// How often an *errored* attempt is tried again before the stage is told unverified. Default 2.
    pub retries: u32,
}

/// Where announcements go.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Telegram Bot API. `chat` is a numeric id or `@name`.
    Telegram {
        chat: String,
        token: SecretName,
        #[serde(default)]
        topic: Option<i64>,
    },
    /// SMTP; `server` is `host:port`.
    Mail {
        to: Vec<String>,
        from: String,
        server: String,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        password: Option<SecretName>,
        #[serde(default)]
        tls: MailTls,
    },
    /// An SNS topic; only on AWS.
    Sns { topic: String },
    /// The log of `greenroom serve`.
    Console,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// TLS from the first byte or by STARTTLS; refused otherwise.
    #[default]
    Required,
    /// Plain text; only to a loopback address.
    None,
}

/// An entry under `stages:`: how something leads to a stage, and what that stage is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    pub name: RuleName,
    /// The stage's name; the rule's own name unless `name:` says otherwise.
    pub stage: Template,
    pub from: From,
    /// `None` only for `kind: local`, which is never deployed.
    pub pipeline: Option<PipelineName>,
    /// Names of variable sets, later ones win.
    pub variables: Vec<String>,
    pub verify: Vec<SuiteName>,
    pub soak: Option<SignedDuration>,
    pub approvals: Option<Approvals>,
    /// Each channel once.
    pub alert: Vec<Route>,
    pub expires: Option<Expires>,
    /// Of one run, deploy and tests together. Default 1 hour.
    pub timeout: SignedDuration,
    /// Hash of the pipeline's steps and of every suite that a stage of this pipeline verifies
    /// with: the same for all stages of a pipeline, so that a release stays itself when it moves.
    pub recipe: RecipeHash,
    /// Hash of the rest of this entry, its variable sets included, its windows and its queue left
    /// out: they say when, not what, and void nothing that was proven or approved.
    pub settings: SettingsHash,
    /// What a release's build must have shown before it is deployed here.
    pub gates: Gates,
    /// Names of the windows that close its stages.
    pub windows: Vec<String>,
    /// Marks that a release must have before it is deployed here.
    pub marks: Vec<String>,
    /// The rule whose stage has to verify a release before it is deployed here.
    pub through: Option<RuleName>,
    /// How long after its suites have ended they run again on what stands. Not part of the
    /// settings: like the windows it says when, not what.
    pub watch: Option<SignedDuration>,
    /// What becomes of a change that waits when a newer one comes.
    pub queue: QueuePolicy,
    /// What changes none of these paths is not deployed; empty: whatever it changes. Not part of
    /// the settings either.
    pub paths: Vec<Pattern>,
    /// Its stage is one of two that people use in turn. Not part of the settings: it says where,
    /// and until when.
    pub toggle: Option<Sides>,
    /// Resources that its stages use, also those that are theirs.
    pub shares: BTreeMap<String, Access>,
}

/// The stage that takes turns with the rule's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sides {
    pub with: StageName,
    /// How long the side that people leave is kept as it stands.
    pub keep: Option<SignedDuration>,
}

/// What becomes of a change that waits when a newer one comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueuePolicy {
    /// The newer one takes its place and contains it.
    #[default]
    Newest,
    /// Both are deployed, one after the other.
    Fifo,
}

/// What a build must have shown; see [`crate::evidence`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Gates {
    /// Tests ran, and none failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tests: bool,
    /// At least this share of the lines ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Percent>,
    /// The stage's suites call each operation of the API.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub endpoints: bool,
    /// Each operation of the API has its schemas.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub docs: bool,
}

impl Gates {
    /// True when nothing is demanded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What leads to a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum From {
    /// `kind: local`: takes the branches that no other rule takes; nothing is deployed.
    Local,
    /// A push to a branch; with `refresh` only the schedule reads it.
    Branch {
        pattern: Pattern,
        refresh: Option<Refresh>,
    },
    Tag {
        pattern: Pattern,
    },
    /// A pull request whose base branch matches; all `labels` present.
    PullRequest {
        base: Pattern,
        labels: Vec<String>,
        /// The mark that each commit of a fork needs; without one, forks get no stage.
        forks: Option<String>,
    },
    /// The verified release of another rule's stage.
    Promote {
        rule: RuleName,
    },
    /// Pushes to such branches are built; a person selects which of the builds is deployed.
    Select {
        pattern: Pattern,
    },
}

/// Redeploying from a branch on a schedule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refresh {
    /// Five fields, or six with seconds first.
    pub cron: String,
    /// IANA time zone.
    pub timezone: String,
}

/// How many people must say yes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Approvals {
    pub count: u32,
    /// Roles whose holders may approve; empty means anybody who may act on the stage.
    pub by: Vec<String>,
}

/// When an idle stage goes away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Expires {
    pub idle: SignedDuration,
    pub warn: Option<SignedDuration>,
    /// It goes with the last branch, tag or pull request that led to it.
    #[serde(default)]
    pub with_branch: bool,
    /// Roles whose holders may pin it, and destroy those of others; operators may always.
    #[serde(default)]
    pub by: Vec<String>,
    /// Channels that hear of it.
    #[serde(default)]
    pub tell: Vec<ChannelName>,
}

/// A time that comes again and again, for stages that list it.
#[derive(Clone, Debug)]
pub struct Window {
    pub name: String,
    pub kind: WindowKind,
    /// Five fields, or six with seconds first.
    pub cron: String,
    /// IANA time zone.
    pub timezone: String,
    /// How long it lasts from each slot of `schedule`, in elapsed time.
    pub length: SignedDuration,
    pub reason: String,
    /// Roles whose holders may let a release through; empty means operators only.
    pub overriders: Vec<String>,
    /// `cron` and `timezone`, read once.
    pub schedule: Schedule,
}

/// What a window means for a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// The stage changes only during one of these.
    Allow,
    /// The stage does not change during it.
    Deny,
}
