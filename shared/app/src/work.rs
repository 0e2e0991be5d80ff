//! Everything that can be pending, by name. Each has a due marker in the table while it is.

use greenroom_core::name::{
    AppId, DeliveryId, ExecutionId, RecipeHash, Revision, StageId, StageName,
};
use jiff::Timestamp;

use crate::keys;
use crate::ports::store::Key;

/// One pending thing. Doing it twice is harmless; not doing it is found by the sweep.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Work {
    /// Decide a webhook.
    Delivery(DeliveryId),
    /// Perform an effect, by its id.
    Effect(String),
    /// Look at a stage again.
    Stage(StageId),
    /// Look at a build again.
    Build(AppId, Revision, RecipeHash),
    /// An execution may have ended: look at what it belongs to. Only ever a hint.
    Execution(ExecutionId),
}

impl Work {
    /// `<kind>#<id>`, as a due marker spells it.
    pub fn name(&self) -> String {
        match self {
            Self::Delivery(id) => format!("delivery#{id}"),
            Self::Effect(id) => format!("effect#{id}"),
            Self::Stage(id) => format!("stage#{}#{}", id.app, id.stage),
            Self::Build(app, revision, recipe) => format!("build#{app}#{revision}#{recipe}"),
            Self::Execution(id) => format!("execution#{id}"),
        }
    }

    /// The kind, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Delivery(_) => "delivery",
            Self::Effect(_) => "effect",
            Self::Stage(_) => "stage",
            Self::Build(..) => "build",
            Self::Execution(_) => "execution",
        }
    }

    /// The reverse of [`Work::name`].
    pub fn parse(name: &str) -> Option<Self> {
        let (kind, id) = name.split_once('#')?;
        match kind {
            "delivery" => Some(Self::Delivery(DeliveryId::new(id))),
            "execution" => Some(Self::Execution(ExecutionId::new(id))),
            "effect" => Some(Self::Effect(id.to_owned())),
            "stage" => {
                let (app, stage) = id.split_once('#')?;
                Some(Self::Stage(StageId {
                    app: AppId(app.parse().ok()?),
                    stage: StageName::new(stage),
                }))
            }
            "build" => {
                let mut parts = id.split('#');
                let (app, revision, recipe) = (parts.next()?, parts.next()?, parts.next()?);
                Some(Self::Build(
                    AppId(app.parse().ok()?),
                    Revision::new(revision),
                    RecipeHash::new(recipe),
                ))
            }
            _ => None,
        }
    }

    /// Where its marker is when it is due at `at`.
    pub fn marker(&self, at: Timestamp) -> Key {
        let name = self.name();
        Key::new(
            keys::due_partition(keys::shard_of(&name)),
            format!("{}#{name}", keys::instant(at)),
        )
    }
}
