//! A stage and what is around it, flat: small numbers in place of hashes, nanoseconds in place of
//! instants. What an oracle reads, and nothing more.

pub const SECOND: i64 = 1_000_000_000;
pub const MINUTE: i64 = 60 * SECOND;

/// Somebody; all upper and lower case of a name is one person.
pub type Person = &'static str;

/// What leads to the stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// What another stage has verified.
    Promotions,
    /// A branch; a build gives the bytes.
    Branch,
    /// Tags; nothing is built.
    Tags,
    /// The stage file in force has no such stage.
    Nothing,
}

/// Bytes are the same only if all of it is. Recipe 0 is the one in force, artifact 0 is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bytes {
    pub revision: u8,
    pub recipe: u8,
    pub artifact: u8,
}

/// What was demanded when something was proven or approved, against what is demanded now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Terms {
    InForce,
    OtherRecipe,
    OtherSettings,
}

/// The stage that promotions come from.
#[derive(Clone, Copy, Debug)]
pub struct Upstream {
    pub verified: Option<Proof>,
    pub red: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Proof {
    pub of: Bytes,
    pub under: Terms,
    pub since: i64,
}

/// Why something is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    Push,
    Poll,
    Tag,
    PullRequest,
    Slot,
    /// A refresh that a person asked for.
    AskedFor,
    Promotion,
    Rollback,
    Retry,
}

/// Whether its build was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    No,
    /// Somebody wants it once more.
    Again,
    /// By this recipe, when so many attempts had been.
    For(u8, u32),
    /// It was, and ended without bytes.
    InVain,
}

/// What waits for the stage.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    pub why: Why,
    pub revision: u8,
    /// The exact bytes, where they are known already.
    pub bytes: Option<Bytes>,
    pub asked: Asked,
    pub not_before: Option<i64>,
}

/// A build, of whatever revision and recipe.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    pub revision: u8,
    pub recipe: u8,
    pub attempt: u32,
    pub how: How,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    Running,
    Pausing,
    Succeeded(u8),
    Failed,
    Unclear,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    Starting,
    Deploying,
    Verifying,
    Stopping,
}

/// The claimed run; it has not ended.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    pub of: Bytes,
    pub why: Why,
    pub phase: Phase,
    pub deadline: i64,
    /// When it was asked to stop, or its tests began.
    pub since: i64,
    /// Its execution is known.
    pub known: bool,
}

/// The run that ended last.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub of: Bytes,
    pub why: Why,
    pub succeeded: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Lock {
    pub by: Person,
    pub until: Option<i64>,
}

/// A person's yes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Yes {
    pub by: Person,
    pub to: Bytes,
    pub under: Terms,
}

#[derive(Clone, Debug)]
pub struct Situation {
    pub now: i64,
    /// How wrong any clock may be, either way.
    pub clock_error: i64,
    pub takes: Takes,
    pub soak: Option<i64>,
    /// How many people must say yes.
    pub need: Option<usize>,
    /// Only holders of a role may say it.
    pub owners_only: bool,
    pub upstream: Option<Upstream>,
    pub lock: Option<Lock>,
    pub held: bool,
    /// The last run's execution would not stop and may still be at it.
    pub unstopped: bool,
    pub run: Option<Running>,
    pub last: Option<Ended>,
    pub waits: Option<Waiting>,
    pub build: Option<Made>,
    pub deployed: Option<Bytes>,
    /// Green here now.
    pub green: Option<Bytes>,
    /// Green here once, newest first.
    pub greens: Vec<Bytes>,
    pub tried: Option<Bytes>,
    pub rejected: Option<Bytes>,
    pub approvals: Vec<Yes>,
    /// The revision at which what leads here was seen last.
    pub head: Option<u8>,
    /// The branch is being read for a refresh.
    pub reading: bool,
    pub broken: bool,
    /// What the stage demands of a build, of [`SHOWN`].
    pub demands: u8,
    /// What the build shows of it.
    pub shows: u8,
    /// Everything is paused, until then or for good.
    pub pause: Option<Option<i64>>,
    /// The window that the stage lists.
    pub window: Option<Window>,
    /// The bytes that somebody lets through it.
    pub through: Option<Bytes>,
    /// Whether the pipeline that deploys, and the one that builds, is of another file.
    pub outdated: (bool, bool),
}

/// A window that lasts an hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The stage changes during it; otherwise outside it.
    pub allows: bool,
    /// When it begins; one of [`BEGINS`].
    pub begin: i64,
}

/// How long a window lasts.
pub const WINDOW: i64 = 60 * MINUTE;
/// When windows begin: so that the situation is before, in, after or at an edge, with and without
/// the error of its clock.
pub const BEGINS: [i64; 12] = [
    -2 * WINDOW,
    -WINDOW - 5 * MINUTE - SECOND,
    -WINDOW - 5 * MINUTE,
    -WINDOW - SECOND,
    -WINDOW,
    -WINDOW + 5 * MINUTE,
    -WINDOW / 2,
    -5 * MINUTE,
    -SECOND,
    0,
    5 * MINUTE,
    WINDOW,
];

impl Situation {
    /// The same at another instant.
    pub fn at(&self, now: i64) -> Self {
        Self {
            now,
            ..self.clone()
        }
    }
}

/// What a build can show, each a bit, and what is said while it does not.
pub const SHOWN: [(u8, &str); 4] = [
    (1, "gate_tests"),
    (2, "gate_coverage"),
    (4, "gate_endpoints"),
    (8, "gate_docs"),
];
