//! What a push asks of AWS, counted where it passes. Nobody asks the API meanwhile, and the clock
//! stands: what is counted is the push's own.

use std::collections::BTreeMap;
use std::time::Instant;

use greenroom_emulators::proxy::Count;
use greenroom_testkit::github_payloads::ZEROS;
use greenroom_testkit::sample_repo::BOB;

use crate::app::{App, LOOK, PATIENCE};
use crate::site::{Site, alone_on_site};

/// More calls than these a push to green must not take, its build included. It takes 124 and 13;
/// two functions that want the same stage at once take a few more.
const TABLE_MAX: u64 = 200;
const PIPELINES_MAX: u64 = 25;

#[test]
fn a_push_to_green_asks_little_of_the_table_and_of_codepipeline() {
    alone_on_site(async |site| {
        let app = App::light(&site, "counted").await;
        app.apply().await;
        site.to_table.forget_counts();
        site.to_pipelines.forget_counts();
        let since = Instant::now();
        app.pushed("develop", ZEROS, &BOB).await;
        let head = app.repository.head("develop").expect("it is there");
        // GitHub is told when it is over, which costs nothing at AWS.
        while !is_shown_green(&site, app.id, &head) {
            assert!(since.elapsed() < PATIENCE, "{}", site.said());
            tokio::time::sleep(LOOK).await;
        }
        let took = since.elapsed().as_secs_f64();
        let (table, pipelines) = (site.to_table.counts(), site.to_pipelines.counts());
        println!("a push to green in {took:.1} s: {table:#?} {pipelines:#?}");
        let calls = |of: &BTreeMap<String, Count>| of.values().map(|it| it.calls).sum::<u64>();
        assert!(calls(&table) <= TABLE_MAX, "{table:#?}");
        assert!(calls(&pipelines) <= PIPELINES_MAX, "{pipelines:#?}");
    });
}

fn is_shown_green(site: &Site, repository: u64, sha: &str) -> bool {
    let statuses = site.github.statuses(repository, sha);
    statuses.iter().any(|status| status.state == "success")
}
