//! Where everything is in the table, in one place.

use greenroom_core::name::{
    AppId, ChannelName, ConfigHash, DeliveryId, ExecutionId, RecipeHash, RefName, Revision,
    RuleName, StageId, StageName,
};
use jiff::Timestamp;

use crate::ports::store::Key;

/// How many partitions the due markers are spread over.
pub const SHARDS: u8 = 16;

/// All apps.
pub const APPS: &str = "apps";

/// Milliseconds since 1970, 15 digits, so that text order is time order. Rounded up: what a key
/// says is due is due.
pub fn instant(at: Timestamp) -> String {
    let rest = i64::from(at.as_nanosecond().rem_euclid(1_000_000) > 0);
    format!("{:015}", (at.as_millisecond().max(0)).saturating_add(rest))
}

/// The reverse of [`instant`].
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(text.parse().ok()?).ok()
}

/// A number whose text order is newest first.
pub fn newest_first(number: u64) -> String {
    format!("{:020}", u64::MAX - number)
}

pub fn due_partition(shard: u8) -> String {
    format!("due#{shard}")
}

/// Spreads names evenly and always the same way (FNV-1a).
pub fn shard_of(name: &str) -> u8 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    u8::try_from((hash >> 32) % u64::from(SHARDS)).unwrap_or(0)
}

pub fn app(id: AppId) -> Key {
    Key::new(APPS, id.to_string())
}

/// Everything of an app that is not a stage's own.
pub fn app_partition(id: AppId) -> String {
    format!("app#{id}")
}

/// A piece of a stage file's text.
pub fn config(app: AppId, hash: &ConfigHash, part: usize) -> Key {
    Key::new(app_partition(app), format!("config#{hash}#{part}"))
}

/// Where a reference was seen last.
pub fn head(app: AppId, reference: &RefName) -> Key {
    Key::new(app_partition(app), bounded(&format!("head#{reference}")))
}

/// An app's directory of stages.
pub fn directory(app: AppId, stage: &StageName) -> Key {
    Key::new(app_partition(app), format!("stage#{stage}"))
}

pub fn build(app: AppId, revision: &Revision, recipe: &RecipeHash) -> Key {
    Key::new(app_partition(app), format!("build#{revision}#{recipe}"))
}

/// Where a revision went, one item a stage.
pub fn journey(app: AppId, revision: &Revision, stage: &StageName) -> Key {
    Key::new(app_partition(app), format!("release#{revision}#{stage}"))
}

/// What people say of a revision.
pub fn marks(app: AppId, revision: &Revision) -> Key {
    Key::new(app_partition(app), format!("marks#{revision}"))
}

/// How far the executions of a pipeline that stands by itself were looked through.
pub fn pipeline(app: AppId, name: &str) -> Key {
    Key::new(app_partition(app), bounded(&format!("pipeline#{name}")))
}

/// Something a person should look at.
pub fn attention(app: AppId, name: &str) -> Key {
    Key::new(app_partition(app), bounded(&format!("attention#{name}")))
}

/// Which of two stages of a rule people use.
pub fn toggle(app: AppId, rule: &RuleName) -> Key {
    Key::new(app_partition(app), format!("toggle#{rule}"))
}

/// How much a channel was told lately.
pub fn flow(app: AppId, channel: &ChannelName) -> Key {
    Key::new(app_partition(app), bounded(&format!("flow#{channel}")))
}

pub fn stage_partition(id: &StageId) -> String {
    format!("app#{}#stage#{}", id.app, id.stage)
}

pub fn stage(id: &StageId) -> Key {
    Key::new(stage_partition(id), "state")
}

pub fn run(id: &StageId, generation: u64) -> Key {
    Key::new(
        stage_partition(id),
        format!("run#{}", newest_first(generation)),
    )
}

/// A line of a stage's log; `n` orders lines of one commit.
pub fn log(id: &StageId, at: Timestamp, generation_of_record: u64, n: usize) -> Key {
    let at = u64::try_from(at.as_millisecond()).unwrap_or(0);
    Key::new(
        stage_partition(id),
        format!(
            "log#{}#{}#{:02}",
            newest_first(at),
            newest_first(generation_of_record),
            99_usize.saturating_sub(n)
        ),
    )
}

/// A line of a stage's log that a commit of something else makes; `what` tells it from others.
pub fn log_beside(id: &StageId, at: Timestamp, what: &str) -> Key {
    let at = u64::try_from(at.as_millisecond()).unwrap_or(0);
    Key::new(
        stage_partition(id),
        bounded(&format!(
            "log#{}#{}#{what}",
            newest_first(at),
            newest_first(u64::MAX)
        )),
    )
}

/// What an execution belongs to, as [`crate::work::Work::name`] spells it.
pub fn execution(id: &ExecutionId) -> Key {
    Key::new(bounded(&format!("execution#{id}")), "owner")
}

pub fn delivery(id: &DeliveryId) -> Key {
    Key::new(bounded(&format!("delivery#{id}")), "state")
}

/// Whether a delivery is there.
pub fn is_delivery(key: &Key) -> bool {
    key.partition.starts_with("delivery#")
}

pub fn effect(id: &str) -> Key {
    Key::new(format!("outbox#{}", shard_of(id)), bounded(id))
}

/// A name that fits a key whatever came from outside: long ones end in their hash.
fn bounded(text: &str) -> String {
    use sha2::Digest as _;
    const LONGEST: usize = 900;
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut cut = LONGEST;
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let hash = sha2::Sha256::digest(text.as_bytes());
    format!(
        "{}~{}",
        &text[..cut],
        hash.iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    )
}
