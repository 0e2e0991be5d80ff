//! The stand-in for CodePipeline and CodeBuild as a process of its own, set up by its environment:
//! for tests that start everything as processes, and to look at by hand.
//!
//! `STAND_IN_ADDRESS` (default a free port; the address is printed), `STAND_IN_REGION`,
//! `STAND_IN_GITHUB` (a base URL) or `STAND_IN_GIT` (a folder), `STAND_IN_ENDPOINT` (functions,
//! secrets and events), `STAND_IN_EVENT_SOURCE`, `STAND_IN_TEMPLATE` (a file) and
//! `STAND_IN_VALUES` (`Name=value`, one a line). Builds get what is left of the environment.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use greenroom_emulators::codepipeline::{
    Endpoint, EventSink, Functions, Options, Secrets, Sources, StandIn,
};

const OURS: &str = "STAND_IN_";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let all: BTreeMap<String, String> = std::env::vars().collect();
    let get = |name: &str| all.get(&format!("{OURS}{name}")).cloned();
    let mut options = Options::of_git(get("GIT").unwrap_or_else(|| ".".to_owned()));
    if let Some(region) = get("REGION") {
        options.region = region;
    }
    if let Some(url) = get("GITHUB") {
        options.sources = Sources::GitHub { url, token: None };
    }
    if let Some(url) = get("ENDPOINT") {
        let endpoint = Endpoint::new(url, options.region.clone());
        options.functions = Functions::Endpoint(endpoint.clone());
        options.secrets = Secrets::Endpoint(endpoint.clone());
        if let Some(source) = get("EVENT_SOURCE") {
            options
                .events
                .push(EventSink::EventBridge { endpoint, source });
        }
    }
    let others = all.iter().filter(|(name, _)| !name.starts_with(OURS));
    options.environment = others
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let address = get("ADDRESS").unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let stand_in = StandIn::start_at(address.parse()?, options).await?;
    if let Some(file) = get("TEMPLATE") {
        let template = serde_json::from_slice(&std::fs::read(Path::new(&file))?)?;
        let values = get("VALUES").unwrap_or_default();
        let values = values.lines().filter_map(|line| line.split_once('='));
        let values = values
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for name in stand_in.load(&template, &values)? {
            eprintln!("has {name}");
        }
    }
    println!("{}", stand_in.url());
    std::future::pending::<()>().await;
    Ok(())
}
