//! What every event carries.

use serde::Deserialize;

use super::text::Text;

/// `repository`
#[derive(Deserialize, Debug)]
pub struct Repository<'a> {
    pub id: Option<u64>,
    #[serde(borrow)]
    pub full_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub default_branch: Option<Text<'a>>,
}

/// `sender`
#[derive(Deserialize, Debug)]
pub struct Sender<'a> {
    #[serde(borrow)]
    pub login: Option<Text<'a>>,
    /// `User`, `Bot`, `Organization`.
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
}
