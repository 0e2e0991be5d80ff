//! What a stage file looks like: every key there is, before anything is checked against
//! anything else. The published JSON Schema is made from these types.

use crate::stage_file::alert::RawAlert;
use crate::stage_file::order::Line;
use crate::stage_file::record::{List, Named, record};
use crate::stage_file::resource::Access;
use crate::stage_file::scalar::{
    Chat, Complete, Kind, Length, Passed, Pattern, SecretReference, Share, Template, Tested, Text,
    Tls, VariableValue, Whole, YesNo,
};

record! {
    /// A Greenroom stage file: an app's stages, and how releases reach them.
    RawFile ("the stage file") {
        /// Version of this vocabulary; 1.
        required version: Whole,
        /// The app's repository on GitHub, `owner/name`.
        required app: Text,
        /// Named sets of variables; a stage lists those it uses.
        optional variables: Named<Named<VariableValue>>,
        /// How the app is built and deployed.
        optional pipelines: Named<RawPipeline>,
        /// Integration tests that stages verify with.
        optional suites: Named<RawSuite>,
        /// Where announcements go.
        optional channels: Named<RawChannel>,
        /// Who holds which role: lists of GitHub logins.
        optional roles: Named<List<Text>>,
        /// The stages, and what leads to each; the first one that matches wins.
        required stages: Named<RawStage>,
        /// Times when stages may change, or may not.
        optional windows: Named<RawWindow>,
        /// Words that people give to revisions, and who may.
        optional marks: Named<RawMark>,
        /// People who take turns in being on duty.
        optional rotas: Named<RawRota>,
        /// What several stages use, whose it is, and who may write to it.
        optional resources: Named<RawResource>,
        /// Stages that people speak of together, as `@name`.
        optional groups: Named<List<Text>>,
    }
}

record! {
    /// A way to build and deploy.
    RawPipeline ("a pipeline") {
        /// Run in this order; those with `once` first. Required, but with `existing`, where all of them
        /// are `once`.
        optional steps: List<RawStep>,
        /// On AWS: the name of a pipeline of CodePipeline that exists already, and deploys instead of
        /// steps.
        optional existing: Text,
        /// How a stage that expires is taken away again.
        optional teardown: RawTeardown,
        /// How people are led to a side of a toggle.
        optional switch: RawSwitch,
    }
}

record! {
    /// How people are led to the side of a toggle that `GREENROOM_STAGE` names.
    RawSwitch ("`switch`") {
        /// Run in this order, in a clean checkout of what stands on that side.
        required steps: List<RawStep>,
    }
}

record! {
    /// How a stage is taken away again, with the default branch's code.
    RawTeardown ("`teardown`") {
        /// Run in this order, in a clean checkout of the default branch.
        required steps: List<RawStep>,
        /// A command that writes what is left of the stage, a line each; nothing means that it is gone.
        required leftovers: Text,
    }
}

record! {
    /// One command of a pipeline.
    RawStep ("a step") {
        /// What the step is called in logs.
        required name: Text,
        /// The command, run by `sh -c` in a clean checkout of the revision.
        required run: Text,
        /// Run once per revision, without a stage, to build what every stage gets.
        optional once: YesNo,
        /// Path of what a `once` step builds; its bytes go to every stage unchanged.
        optional artifact: Text,
        /// Names the step may write to its output file.
        optional outputs: List<Text>,
        /// The step is killed after this long; 15 minutes unless told otherwise.
        optional timeout: Length,
        /// What a `once` step leaves for gates to look at.
        optional reports: RawReports,
    }
}

record! {
    /// Reports that a `once` step leaves in the checkout.
    RawReports ("`reports`") {
        /// Glob of JUnit XML files.
        optional junit: Text,
        /// Glob of lcov tracefiles; their lines are merged.
        optional lcov: Text,
        /// Glob of Cobertura XML files; their sums are added up.
        optional cobertura: Text,
        /// Path of an OpenAPI 3 document, YAML or JSON.
        optional openapi: Text,
    }
}

record! {
    /// Integration tests against a deployed stage.
    RawSuite ("a suite") {
        /// Glob of Hurl files, relative to the repository's root.
        required files: Text,
        /// Where the stage answers; may use `${stage}` and `${outputs.NAME}`.
        required base_url: Template,
        /// Variables of the tests.
        optional variables: Named<VariableValue>,
        /// How long a stage may take to come up; 30 seconds unless told otherwise.
        optional ready: Length,
        /// Limit of one request; 10 seconds unless told otherwise.
        optional request_timeout: Length,
        /// Limit of the whole suite; 10 minutes unless told otherwise.
        optional timeout: Length,
        /// How often an attempt that could not tell is repeated; 2 unless told otherwise.
        optional retries: Whole,
    }
}

record! {
    /// Where announcements go; exactly one of the kinds, and who is on duty.
    RawChannel ("a channel") {
        /// A Telegram chat.
        optional telegram: RawTelegram,
        /// E-mail over SMTP.
        optional mail: RawMail,
        /// ARN of an SNS topic.
        optional sns: Text,
        /// The log of `greenroom serve`; written `console: {}`.
        optional console: RawConsole,
        /// The rota whose person on duty is named in messages about breaks.
        optional on_duty: Text,
    }
}

record! {
    /// A Telegram chat.
    RawTelegram ("a telegram channel") {
        /// Number of the chat, or `@name` of a public one.
        required chat: Chat,
        /// The bot's token, as `${secret:name}`.
        required token: SecretReference,
        /// Number of a topic inside the chat.
        optional topic: Whole,
    }
}

record! {
    /// E-mail over SMTP.
    RawMail ("a mail channel") {
        /// Addresses of those who get it.
        required to: List<Text>,
        /// Address of the sender.
        required from: Text,
        /// The server, `host:port`.
        required server: Text,
        /// Login at the server; with `password`.
        optional user: Text,
        /// Password of the login, as `${secret:name}`.
        optional password: SecretReference,
        /// `required` unless told otherwise; `none` only to this machine.
        optional tls: Tls,
    }
}

record! {
    /// Nothing to set.
    RawConsole ("a console channel") {
    }
}

record! {
    /// A stage, or a family of stages named by a template.
    RawStage ("a stage") {
        /// `local` for what only exists on developers' machines.
        optional kind: Kind,
        /// The stage's name; its key unless told otherwise.
        optional name: Template,
        /// What leads to it; exactly one of the sources.
        optional from: RawFrom,
        /// The pipeline that deploys it.
        optional pipeline: Text,
        /// Sets of variables it gets; of two that define one, the later wins.
        optional variables: List<Text>,
        /// Suites that must pass before it counts as verified.
        optional verify: List<Text>,
        /// How long a release must have been green upstream.
        optional soak: Length,
        /// Who must say yes before a release gets here.
        optional approvals: RawApprovals,
        /// Channels that hear of breaks and recoveries: names, or mappings that say of which.
        optional alert: List<RawAlert>,
        /// When an idle stage goes away.
        optional expires: RawExpires,
        /// Limit of one run, deploy and tests; 1 hour unless told otherwise.
        optional timeout: Length,
        /// What the build of a release must have shown before it gets here.
        optional gates: RawGates,
        /// Windows that close it; it is open while no `deny` window is, and while one of its
        /// `allow` windows is, if it has any.
        optional windows: List<Text>,
        /// Marks that a release must have before it gets here.
        optional marks: List<Text>,
        /// A stage that has to verify a release before it gets here.
        optional through: Text,
        /// Its suites run again on what is deployed, though nothing new is.
        optional watch: RawWatch,
        /// `newest`: of what waits, the newest is deployed, and contains the others. `fifo`: each change
        /// is deployed by itself, in the order it was seen. `newest` unless told otherwise.
        optional queue: Line,
        /// With `branch`: a push that changes nothing in these paths of the repository is not deployed.
        optional paths: List<Pattern>,
        /// With `tag` or `promote`: the stage takes turns with another in being the one people use.
        optional toggle: RawToggle,
        /// Resources it uses, each `read-only` or `write`.
        optional shares: Named<Access>,
    }
}

record! {
    /// Two stages that people use in turn; what leads here goes to the one they do not use.
    RawToggle ("`toggle`") {
        /// The name of the other stage.
        required with: Text,
        /// How long the side that people leave is kept as it stands, to go back to; not at all
        /// unless told otherwise.
        optional keep: Length,
    }
}

record! {
    /// When the suites run again on what is deployed.
    RawWatch ("`watch`") {
        /// So long after they have ended, a minute or more.
        required every: Length,
    }
}

record! {
    /// What the build of a release must have shown.
    RawGates ("`gates`") {
        /// `passed`: the JUnit reports tell of tests, and none failed.
        optional tests: Passed,
        /// Percent of the lines that tests must have run; from lcov, Cobertura or the output `COVERAGE`.
        optional coverage: Share,
        /// `tested`: the suites that the stage verifies with call each operation of the OpenAPI document.
        optional endpoints: Tested,
        /// `complete`: each operation of the OpenAPI document has schemas of what it takes and gives.
        optional docs: Complete,
    }
}

record! {
    /// What leads to a stage; exactly one of `branch`, `tag`, `pull_request`, `promote` and `select`.
    RawFrom ("`from`") {
        /// Pushes to branches of this name.
        optional branch: Pattern,
        /// With `branch`: only this schedule deploys the branch's head.
        optional refresh: RawRefresh,
        /// Tags of this name.
        optional tag: Pattern,
        /// Pull requests.
        optional pull_request: RawPullRequest,
        /// The stage whose verified release is moved here, unchanged.
        optional promote: Text,
        /// Branches that are built with each push; a person selects which of them comes here.
        optional select: Pattern,
    }
}

record! {
    /// Redeploying a branch on a schedule.
    RawRefresh ("`refresh`") {
        /// Minute, hour, day of month, month, day of week; six fields start with seconds.
        required cron: Text,
        /// IANA time zone, such as `Europe/Rome`.
        required timezone: Text,
    }
}

record! {
    /// Pull requests; those from forks get no stage unless `forks` says otherwise.
    RawPullRequest ("`pull_request`") {
        /// The branch they are to be merged into; any unless told otherwise.
        optional base: Pattern,
        /// Labels that must all be set.
        optional labels: List<Text>,
        /// The mark that each commit of a fork needs before anything of it runs; without it forks get no stage.
        optional forks: Text,
    }
}

record! {
    /// Who must say yes.
    RawApprovals ("`approvals`") {
        /// How many people; 1 unless told otherwise.
        optional count: Whole,
        /// Roles whose holders count; anybody who may act on the stage unless told otherwise.
        optional by: List<Text>,
    }
}

record! {
    /// When an idle stage goes away.
    RawExpires ("`expires`") {
        /// After this long without a change.
        required idle: Length,
        /// Its owner is told this long before.
        optional warn: Length,
        /// It goes at once when the last branch, tag or pull request that led to it is gone.
        optional with_branch: YesNo,
        /// Roles whose holders may pin it, and destroy those of others; operators may always.
        optional by: List<Text>,
        /// Channels that hear of warnings, teardowns and what is left; those of `alert` unless told otherwise.
        optional tell: List<Text>,
    }
}

record! {
    /// A time that comes again and again; exactly one of `allow` and `deny`.
    RawWindow ("a window") {
        /// Stages that list it change only then.
        optional allow: RawWhen,
        /// Stages that list it do not change then.
        optional deny: RawWhen,
        /// Why; whoever waits reads it.
        required reason: Text,
        /// Roles whose holders may let a release through; operators may always.
        optional r#override: List<Text>,
    }
}

record! {
    /// When a window begins, and how long it lasts.
    RawWhen ("a window's time") {
        /// Minute, hour, day of month, month, day of week; six fields start with seconds.
        required cron: Text,
        /// How long it lasts, in elapsed time; windows may overlap.
        required r#for: Length,
        /// IANA time zone, such as `Europe/Rome`.
        required timezone: Text,
    }
}

record! {
    /// A word that people give to revisions.
    RawMark ("a mark") {
        /// Roles whose holders may give it; anybody unless told otherwise.
        optional by: List<Text>,
    }
}

record! {
    /// People who take turns in being on duty.
    RawRota ("a rota") {
        /// Logins, or what people are called, in the order of their turns, over and over.
        required people: List<Text>,
        /// When the first turn begins, by the clock in `timezone`, such as `2026-01-05T09:00`.
        required from: Text,
        /// How long a turn is, by that clock: `1d`, `7d`.
        required every: Length,
        /// IANA time zone, such as `Europe/Rome`.
        required timezone: Text,
    }
}

record! {
    /// What several stages use.
    RawResource ("a resource") {
        /// The stage whose it is.
        required owner: Text,
        /// Other stages that may write to it; while one of them runs, none of the others does.
        optional writers: List<Text>,
        /// Variables of those who may write.
        optional write: Named<VariableValue>,
        /// Variables of those who may only read.
        optional read: Named<VariableValue>,
    }
}
