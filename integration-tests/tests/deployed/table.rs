//! What lies in the table, as the account's owner reads and writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::site::Site;

/// All items whose partition begins with this.
pub async fn items(site: &Site, partition: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = Value::Null;
    loop {
        let mut asked = json!({
            "TableName": site.outputs.get("Table"),
            "FilterExpression": "begins_with(pk, :partition)",
            "ExpressionAttributeValues": { ":partition": { "S": partition } },
        });
        if !after.is_null() {
            asked["ExclusiveStartKey"] = after;
        }
        let page = site.wire.json("DynamoDB_20120810.Scan", &asked).await;
        all.extend(page["Items"].as_array().into_iter().flatten().cloned());
        after = page["LastEvaluatedKey"].clone();
        if after.is_null() {
            return all;
        }
    }
}

/// Puts an item, in the place of another if there is one.
pub async fn put(site: &Site, item: &Value) {
    let asked = json!({ "TableName": site.outputs.get("Table"), "Item": item });
    let target = "DynamoDB_20120810.PutItem";
    site.wire.json(target, &asked).await;
}

/// Deletes the item with the key of this one.
pub async fn delete(site: &Site, item: &Value) {
    let key = json!({ "pk": item["pk"], "sk": item["sk"] });
    let asked = json!({ "TableName": site.outputs.get("Table"), "Key": key });
    let target = "DynamoDB_20120810.DeleteItem";
    site.wire.json(target, &asked).await;
}

/// An item's partition and sort.
pub fn key(item: &Value) -> (&str, &str) {
    let part = |name: &str| item[name]["S"].as_str().expect("each item has both");
    (part("pk"), part("sk"))
}

/// The record in an item; `null` of what is none.
pub fn record(item: &Value) -> Value {
    bytes_of(&item["d"]).unwrap_or_default()
}

/// The record in an attribute, if it is one.
pub fn bytes_of(attribute: &Value) -> Option<Value> {
    let bytes = STANDARD.decode(attribute["B"].as_str()?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// An attribute that holds a record.
pub fn attribute(record: &Value) -> Value {
    json!({ "B": STANDARD.encode(record.to_string()) })
}
