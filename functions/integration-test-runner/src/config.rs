//! What the function is told, and what it is made of.

use std::sync::Arc;

use greenroom_aws::environment::Problems;
use greenroom_aws::ports::{AwsPorts, Unused};
use greenroom_aws::secrets::AwsSecrets;
use greenroom_aws::store::DynamoStore;
use greenroom_lambda::Hinting;
use greenroom_lambda::told::{GitHub, Told};
use greenroom_suites::{Attempts, Reach};
use ipnet::IpNet;

use crate::handler::Handler;
use crate::within::{Deadline, Within};

/// What the function reaches.
pub type Outside = AwsPorts<DynamoStore, GitHub, Unused, Within<Attempts<AwsSecrets>>>;

/// The function, by its environment.
///
/// # Errors
/// With everything that is wrong with it.
pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Handler<Outside>, Problems> {
    let mut told = Told::by(lookup);
    let connection = told.connection();
    let store = told.store(connection.as_ref());
    let settings = told.settings();
    let github = told.github(connection.as_ref());
    let secrets = told.stage_secrets(connection.as_ref());
    let reach = match networks(told.optional("GREENROOM_TEST_MAY_REACH").as_deref()) {
        Ok(networks) => Reach::new(networks),
        Err(problem) => {
            told.problem(problem);
            Reach::new([])
        }
    };
    let made = store.zip(github).zip(secrets);
    let made = made.map(|((store, github), secrets)| {
        let deadline = Arc::new(Deadline::default());
        let suites = Within::new(Attempts::new(reach, secrets), Arc::clone(&deadline));
        let outside = AwsPorts::new(store).with_source(github).with_suites(suites);
        Handler::new(Hinting::app(outside, settings), deadline)
    });
    told.finish(made)
}

fn networks(listed: Option<&str>) -> Result<Vec<IpNet>, String> {
    let listed = listed.unwrap_or_default().split(',').map(str::trim);
    let listed = listed.filter(|network| !network.is_empty());
    listed
        .map(|network| {
            network.parse().map_err(|_| {
                format!("GREENROOM_TEST_MAY_REACH: `{network}` is no network, such as 10.0.0.0/8")
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_listed_with_commas() {
        assert_eq!(networks(None), Ok(Vec::new()));
        assert_eq!(
            networks(Some("10.0.0.0/8, ::1/128,")).map(|all| all.len()),
            Ok(2)
        );
        assert!(
            networks(Some("10.0.0.0/8,everything")).is_err_and(|why| why.contains("everything"))
        );
    }
}
