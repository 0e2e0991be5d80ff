//! Records of the table's stream, as far as they matter: whose keys, and where in the stream.
//!
//! The stream carries keys only, and nothing in a record is believed: what is pending is read
//! from the table. Records of other items are passed over.

use std::borrow::Cow;

use greenroom_core::name::DeliveryId;
use serde::Deserialize;

use crate::Failed;

#[derive(Debug, Deserialize)]
struct Event<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<Raw<'a>>,
}

#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    dynamodb: Change<'a>,
}

#[derive(Debug, Deserialize)]
struct Change<'a> {
    #[serde(rename = "Keys", borrow)]
    keys: Keys<'a>,
    #[serde(rename = "SequenceNumber", borrow)]
    sequence: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    pk: Text<'a>,
    #[serde(borrow)]
    sk: Text<'a>,
}

#[derive(Debug, Deserialize)]
struct Text<'a> {
    #[serde(rename = "S", borrow)]
    text: Cow<'a, str>,
}

/// Something that was put into the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record<T> {
    /// What names the record in the answer.
    pub sequence: String,
    pub of: T,
}

/// The deliveries among an event's records.
///
/// # Errors
/// It is no event of a stream of ours; the whole batch has to come again.
pub fn deliveries(event: &str) -> Result<Vec<Record<DeliveryId>>, Failed> {
    records(event, |partition, _| {
        partition.strip_prefix("delivery#").map(DeliveryId::new)
    })
}

/// The ids of the effects among an event's records. A key holds an id whole unless it is longer
/// than any the core makes; such a one would be found by the sweep only.
///
/// # Errors
/// As for [`deliveries`].
pub fn effects(event: &str) -> Result<Vec<Record<String>>, Failed> {
    records(event, |partition, sort| {
        partition.starts_with("outbox#").then(|| sort.to_owned())
    })
}

fn records<T>(event: &str, of: impl Fn(&str, &str) -> Option<T>) -> Result<Vec<Record<T>>, Failed> {
    let event: Event<'_> = serde_json::from_str(event)?;
    let records = event.records.into_iter().map(|record| record.dynamodb);
    Ok(records
        .filter_map(|change| {
            Some(Record {
                of: of(&change.keys.pk.text, &change.keys.sk.text)?,
                sequence: change.sequence.into_owned(),
            })
        })
        .collect())
}
