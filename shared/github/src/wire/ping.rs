//! `ping`: somebody made or tried a hook.

use serde::Deserialize;

use super::object::Object;
use super::shared::Repository;
use super::text::Lossy;

/// The body of a ping.
#[derive(Deserialize, Debug)]
pub struct Ping<'a> {
    #[serde(borrow)]
    pub zen: Option<Lossy<'a>>,
    pub hook_id: Option<u64>,
    /// Absent for the hook of an organization or an app.
    #[serde(borrow)]
    pub repository: Option<Object<Repository<'a>>>,
}
