//! Where a repository is, as people type it.

use std::convert::Infallible;
use std::path::Path;

/// A path of this machine goes on in full, because whoever reads it stands in another folder;
/// anything else is an address and stays as it is.
pub fn repository(text: &str) -> Result<String, Infallible> {
    Ok(match Path::new(text).canonicalize() {
        Ok(full) => full.display().to_string(),
        Err(_) => text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::repository;

    #[test]
    fn paths_become_whole_and_addresses_stay() {
        assert!(
            repository("src").is_ok_and(|path| path.starts_with('/') && path.ends_with("/src"))
        );
        let address = "https://github.com/acme/orders.git";
        assert_eq!(repository(address).as_deref(), Ok(address));
    }
}
