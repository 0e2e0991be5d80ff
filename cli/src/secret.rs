//! Secrets come from the environment or from a file it names; never from a flag.

use std::fs;

use secrecy::SecretString;

use crate::environment;
use crate::exit::{Failure, Stop};

/// The secret called `name`: the variable itself, or the file that `<name>_FILE` names. White
/// space at the ends does not count.
pub fn from_environment(name: &str) -> Result<Option<SecretString>, Stop> {
    if let Some(value) = environment::set(name) {
        return Ok(Some(SecretString::from(value.trim())));
    }
    let Some(path) = environment::set(&format!("{name}_FILE")) else {
        return Ok(None);
    };
    let text = fs::read_to_string(&path).map_err(|error| {
        Failure::usage(format!("the file that {name}_FILE names cannot be read"))
            .at(path.as_str())
            .why(error.to_string())
    })?;
    if text.trim().is_empty() {
        return Err(
            Failure::usage(format!("the file that {name}_FILE names is empty"))
                .at(path)
                .into(),
        );
    }
    Ok(Some(SecretString::from(text.trim())))
}
