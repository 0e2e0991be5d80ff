use std::cell::OnceCell;
use std::sync::Arc;

use greenroom_aws::connect::Connection;
use greenroom_aws::store::DynamoStore;
use greenroom_emulators::dynamodb_local::DynamoDbLocal;
use greenroom_emulators::ministack::MiniStack;
use greenroom_testkit::conformance::store_model::a_store_agrees_with_its_model;

use crate::table;

async fn open(connection: &Connection) -> (Arc<DynamoStore>, ()) {
    (Arc::new(table::fresh(connection).await), ())
}

greenroom_testkit::store_conformance!(open, together as all_promises over Connection);

#[tokio::test]
async fn every_promise_is_kept_on_ministack() {
    let server = MiniStack::start().await.expect("MiniStack starts");
    let broken = all_promises(&table::connection(server.url())).await;
    assert!(broken.is_empty(), "{broken:#?}");
}

/// In 2020 a transaction had at most ten writes, so two promises cannot be kept there. Everything
/// else is.
#[tokio::test]
async fn every_promise_is_kept_on_dynamodb_local() {
    let server = DynamoDbLocal::start().await.expect("DynamoDB Local starts");
    let broken = all_promises(&table::connection(server.url())).await;
    let names: Vec<_> = broken.iter().map(|(name, _)| *name).collect();
    let large = [
        "one_failed_condition_undoes_the_whole_commit",
        "fifty_writes_are_one_commit_and_fifty_one_are_refused",
    ];
    assert_eq!(names, large, "{broken:#?}");
    for (name, how) in broken {
        assert!(how.contains("less than or equal to 10"), "{name}: {how}");
    }
}

/// Each case has a table of its own.
fn agrees_with_the_model(cases: u32, url: &str) {
    let connection = OnceCell::new();
    a_store_agrees_with_its_model(cases, async || {
        let connection = connection.get_or_init(|| table::connection(url));
        table::fresh(connection).await
    });
}

fn started<T>(start: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("there is a runtime");
    runtime.block_on(start)
}

#[test]
fn random_operations_agree_with_the_model_on_ministack() {
    let server = started(MiniStack::start()).expect("MiniStack starts");
    agrees_with_the_model(48, server.url());
}

#[test]
fn random_operations_agree_with_the_model_on_dynamodb_local() {
    let server = started(DynamoDbLocal::start()).expect("DynamoDB Local starts");
    agrees_with_the_model(16, server.url());
}
