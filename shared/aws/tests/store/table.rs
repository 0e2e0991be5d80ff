//! Tables to test in, as the template describes the real one.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use greenroom_aws::connect::{Connection, Endpoints, Patience};
use greenroom_aws::store::DynamoStore;

/// A connection to whatever answers at `url`.
pub fn connection(url: &str) -> Connection {
    connection_with(url, Patience::default())
}

pub fn connection_with(url: &str, patience: Patience) -> Connection {
    let credentials = Credentials::new("test", "test", None, None, "test");
    Connection::with_patience("us-east-1", credentials, Endpoints::all(url), patience)
}

/// A store in a new table.
pub async fn fresh(connection: &Connection) -> DynamoStore {
    DynamoStore::new(connection, create(&connection.dynamodb()).await)
}

/// The name of a new table.
pub async fn create(client: &Client) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("greenroom-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut asked = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest);
    for (attribute, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let definition = AttributeDefinition::builder()
            .attribute_name(attribute)
            .attribute_type(ScalarAttributeType::S)
            .build();
        let element = KeySchemaElement::builder()
            .attribute_name(attribute)
            .key_type(kind)
            .build();
        asked = asked
            .attribute_definitions(definition.expect("it is complete"))
            .key_schema(element.expect("it is complete"));
    }
    asked.send().await.expect("the table is made");
    name
}
