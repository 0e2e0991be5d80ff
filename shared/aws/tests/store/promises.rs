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
    all_promises(&table::connection(server.url())).await;
}

#[tokio::test]
async fn every_promise_is_kept_on_dynamodb_local() {
    let server = DynamoDbLocal::start().await.expect("DynamoDB Local starts");
    all_promises(&table::connection(server.url())).await;
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
