//! The shapes of what the app keeps beside the core's own records.

use std::collections::BTreeMap;

use greenroom_core::build::Build;
use greenroom_core::definition::Applied;
use greenroom_core::effect::Effect;
use greenroom_core::name::{
    Actor, AppId, ConfigHash, DeliveryId, ExecutionId, RefName, RepoName, Revision, RuleName,
    StageId, StageName,
};
use greenroom_core::pause::Pause;
use greenroom_core::stage::Stage;
use greenroom_github::SourceEvent;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keys;
use crate::ports::source::Repository;
use crate::ports::store::Key;

/// An app under control.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AppRecord {
    pub id: AppId,
    pub name: RepoName,
    pub repository: Repository,
    /// Whether `repository.id` is GitHub's own; until the first webhook it may be a stand-in.
    pub bound: bool,
    pub default_branch: RefName,
    /// Where the stage file is in the repository.
    pub path: String,
    /// The stage file in force.
    pub config: Option<ConfigHash>,
    pub config_from: ConfigFrom,
    /// A newer stage file that is not valid, and so not in force.
    pub invalid: Option<InvalidConfig>,
    /// The stage file whose stages were all made and planned again.
    #[serde(default)]
    pub stages_of: Option<ConfigHash>,
    /// A person stopped everything. One that is over stays until somebody resumes; whether it
    /// holds is asked when it is read.
    #[serde(default)]
    pub pause: Option<Pause>,
    /// What the pipelines that stand by themselves were rendered from, by their names. Part of this
    /// record, so that a claim is void when somebody applied something else meanwhile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub applied: Applied,
}

/// Where the stage file in force came from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum ConfigFrom {
    /// None is in force yet.
    Nowhere,
    /// A file given at start; the default branch has not spoken yet.
    Bootstrap { file: String },
    /// The default branch at this commit.
    Commit { revision: Revision },
}

/// A stage file that was refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InvalidConfig {
    pub revision: Revision,
    pub at: Timestamp,
    /// At most ten, each `line:column: message`.
    pub problems: Vec<String>,
}

/// A stage with the instant its due marker stands at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StageRecord {
    /// Thousands of bytes: boxed, so that what holds it while it waits stays small to move.
    pub stage: Box<Stage>,
    pub due: Option<Timestamp>,
    /// Counts commits; orders the log.
    #[serde(default)]
    pub commits: u64,
}

/// A build with the instant its due marker stands at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BuildRecord {
    pub build: Build,
    pub due: Option<Timestamp>,
}

/// Where a reference stood when it was decided about last, and who was there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HeadRecord {
    pub reference: RefName,
    /// `None`: it is gone.
    pub revision: Option<Revision>,
    pub actor: Option<Actor>,
    pub seen_at: Timestamp,
    /// The stage file it was decided by, and where it led.
    #[serde(default)]
    pub config: Option<ConfigHash>,
    #[serde(default)]
    pub stage: Option<StageName>,
    /// Where people select among builds: the newest commit before this one that could be built.
    #[serde(default)]
    pub built: Option<Revision>,
}

/// An effect waiting to be performed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OutboxEntry {
    pub id: String,
    pub owner: StageId,
    pub effect: Effect,
    pub created_at: Timestamp,
    /// Where its due marker stands.
    pub due: Timestamp,
    /// Tries so far; the last has no answer while it is under way.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// Tries, counted; `attempts` keeps only the newest.
    #[serde(default)]
    pub tries: u32,
    /// Who is at it, and until when nobody else is.
    pub claim: Option<Claim>,
    /// Of an announcement: the window in which the last try had a place, by its [`Flow::since`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Timestamp>,
}

/// How much a channel was told lately.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Flow {
    /// When the window began; the first message after its end begins the next.
    pub since: Timestamp,
    /// Places that were taken in it.
    pub told: u32,
    /// Counts the channel's digests; only grows.
    pub digests: u64,
}

/// One try at an effect.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Timestamp,
    /// `None` while nobody knows.
    pub answer: Option<String>,
    /// The try may have taken effect although no answer says so.
    #[serde(default)]
    pub ambiguous: bool,
}

/// A short exclusive claim of a worker.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claim {
    pub by: String,
    pub until: Timestamp,
}

/// A webhook, or what a poll found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    pub id: DeliveryId,
    pub received_at: Timestamp,
    pub event: SourceEvent,
    /// Found by the poller, not by a webhook.
    #[serde(default)]
    pub polled: bool,
    pub status: DeliveryStatus,
    /// Where its due marker stands.
    pub due: Option<Timestamp>,
    #[serde(default)]
    pub tries: u32,
}

/// What became of a delivery.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum DeliveryStatus {
    Received,
    /// It was decided where it leads; never decided again. `open` are those not yet recorded.
    Decided {
        stages: Vec<Decision>,
        open: Vec<AppId>,
    },
    Ignored {
        why: String,
    },
    /// It could not be decided, again and again; a redelivery tries anew.
    Parked {
        why: String,
        /// Where a person is shown that.
        #[serde(default)]
        apps: Vec<AppId>,
        /// What was decided already, and stays so.
        #[serde(default)]
        stages: Vec<Decision>,
        #[serde(default)]
        open: Vec<AppId>,
    },
}

/// Where a delivery leads in one app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    pub app: AppId,
    pub stage: StageName,
    pub rule: RuleName,
    pub config: ConfigHash,
}

/// Something a person should look at; shown on the board until it is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attention {
    pub at: Timestamp,
    pub code: String,
    pub text: String,
    pub command: Option<String>,
}

/// Where a revision went on one stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Journey {
    pub stage: StageName,
    /// The run that carried it.
    pub generation: u64,
    /// Set when it was not deployed itself but contained in this revision.
    pub contained_in: Option<Revision>,
    pub at: Timestamp,
}

/// How far the executions of a pipeline that stands by itself were looked through.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PipelineLook {
    /// When the newest that was looked at had changed, by the pipeline's own clock.
    pub until: Option<Timestamp>,
    /// The one that is on the board because nobody of ours began it, and since when.
    #[serde(default)]
    pub foreign: Option<(ExecutionId, Timestamp)>,
}

/// How long after it came a delivery that is decided is kept. GitHub sends one again for some days;
/// after that the same id decides anew, from where the branch stands then.
const DELIVERY_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Until when what is put at `key` has to be kept; `None` is for ever. A store may remove it by itself
/// some time later, so nothing is decided by whether it did.
pub fn kept_until(key: &Key, value: &[u8]) -> Option<Timestamp> {
    if !keys::is_delivery(key) {
        return None;
    }
    let delivery: Delivery = serde_json::from_slice(value).ok()?;
    let is_closed = match &delivery.status {
        DeliveryStatus::Decided { open, .. } => open.is_empty(),
        DeliveryStatus::Ignored { .. } => true,
        // A person is shown it, and may have it decided yet.
        DeliveryStatus::Received | DeliveryStatus::Parked { .. } => false,
    };
    let closed = is_closed && delivery.due.is_none();
    closed.then(|| {
        delivery
            .received_at
            .saturating_add(DELIVERY_KEPT)
            .unwrap_or(Timestamp::MAX)
    })
}
