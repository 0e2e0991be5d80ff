//! Things a person should look at, shown on the board until they are over.

use greenroom_core::name::AppId;
use jiff::Timestamp;

use crate::error::Error;
use crate::keys;
use crate::ports::store::{Condition, Write};
use crate::records::Attention;
use crate::table;

/// Puts `name` on the board; the same name again replaces it.
pub fn put(
    app: AppId,
    name: &str,
    code: &str,
    text: String,
    command: Option<String>,
    at: Timestamp,
) -> Result<Write, Error> {
    let attention = Attention {
        at,
        code: code.to_owned(),
        text,
        command,
    };
    table::put(keys::attention(app, name), &attention, Condition::Any)
}

/// Takes `name` off the board.
pub fn over(app: AppId, name: &str) -> Write {
    Write::Delete {
        key: keys::attention(app, name),
        condition: Condition::Any,
    }
}
