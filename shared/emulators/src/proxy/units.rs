//! What DynamoDB charges, by its published rules: one write unit a KB begun, one read unit for
//! 4 KB begun that are read consistently and half of one otherwise, twice of both in a
//! transaction. A write is charged by the larger of what was there and what it brings, also when
//! its condition fails.
//!
//! Sizes of what is there are known from the writes that passed before. Tables have the key
//! attributes `pk` and `sk`.

use std::collections::HashMap;
use std::ops::Add;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::wire;

const WRITE: usize = 1024;
const READ: usize = 4096;

/// Units of an on-demand table.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Units {
    /// Halves come of reads that are not consistent.
    pub read: f64,
    pub write: f64,
}

impl Add for Units {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            read: self.read + other.read,
            write: self.write + other.write,
        }
    }
}

/// Sizes of items, by table and key.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sizes: HashMap<String, usize>,
}

impl Ledger {
    /// What a call that reached the emulator is charged; nothing for what is no call of DynamoDB's
    /// items.
    pub fn charge(&mut self, operation: &str, request: &[u8], answer: &[u8]) -> Units {
        let Ok(asked) = serde_json::from_slice::<Value>(request) else {
            return Units::default();
        };
        let Some((status, body)) = wire::split(answer) else {
            return Units::default();
        };
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let done = status == 200;
        let name = said["__type"].as_str().unwrap_or_default();
        // What is refused for its form or by a policy is free.
        if !done
            && !name.ends_with("ConditionalCheckFailedException")
            && !name.ends_with("TransactionCanceledException")
        {
            return Units::default();
        }
        match operation {
            "GetItem" => {
                let known = self.size(&asked, &asked["Key"]);
                read(&asked, known.max(item_size(&said["Item"])))
            }
            "Query" | "Scan" => {
                let items = said["Items"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                read(&asked, items.iter().map(item_size).sum())
            }
            "PutItem" | "UpdateItem" | "DeleteItem" => self.write(operation, &asked, done, 1),
            "TransactWriteItems" => {
                let parts = asked["TransactItems"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let kinds = [
                    ("Put", "PutItem"),
                    ("Update", "UpdateItem"),
                    ("Delete", "DeleteItem"),
                    ("ConditionCheck", "ConditionCheck"),
                ];
                let of = |part: &Value, ledger: &mut Self| {
                    kinds.iter().find_map(|(kind, operation)| {
                        let asked = part.get(kind)?;
                        Some(ledger.write(operation, asked, done, 2))
                    })
                };
                parts
                    .iter()
                    .filter_map(|part| of(part, self))
                    .fold(Units::default(), Add::add)
            }
            _ => Units::default(),
        }
    }

    fn write(&mut self, operation: &str, asked: &Value, done: bool, times: usize) -> Units {
        let (key, brings) = match operation {
            "PutItem" => (&asked["Item"], item_size(&asked["Item"])),
            // Its values lie under names of one letter.
            "UpdateItem" => {
                let values = asked["ExpressionAttributeValues"].as_object();
                let values: usize = values
                    .into_iter()
                    .flat_map(Map::values)
                    .map(|value| 1 + value_size(value))
                    .sum();
                (&asked["Key"], item_size(&asked["Key"]) + values)
            }
            _ => (&asked["Key"], 0),
        };
        let place = place(asked, key);
        let was = self.sizes.get(&place).copied().unwrap_or_default();
        if done {
            match operation {
                "DeleteItem" => drop(self.sizes.remove(&place)),
                "PutItem" | "UpdateItem" => drop(self.sizes.insert(place, brings)),
                _ => {}
            }
        }
        Units {
            read: 0.0,
            write: count(begun(was.max(brings), WRITE) * times),
        }
    }

    fn size(&self, asked: &Value, key: &Value) -> usize {
        self.sizes
            .get(&place(asked, key))
            .copied()
            .unwrap_or_default()
    }
}

fn place(asked: &Value, key: &Value) -> String {
    format!("{} {} {}", asked["TableName"], key["pk"], key["sk"])
}

fn read(asked: &Value, size: usize) -> Units {
    let whole = count(begun(size, READ));
    let consistent = asked["ConsistentRead"] == Value::Bool(true);
    Units {
        read: if consistent { whole } else { whole / 2.0 },
        write: 0.0,
    }
}

fn begun(size: usize, unit: usize) -> usize {
    size.div_ceil(unit).max(1)
}

fn count(units: usize) -> f64 {
    f64::from(u32::try_from(units).unwrap_or(u32::MAX))
}

fn item_size(item: &Value) -> usize {
    let attributes = item.as_object().into_iter().flatten();
    attributes
        .map(|(name, value)| name.len() + value_size(value))
        .sum()
}

/// In bytes, of a value in DynamoDB's JSON.
fn value_size(value: &Value) -> usize {
    let Some((kind, inner)) = value.as_object().and_then(|value| value.iter().next()) else {
        return 0;
    };
    let texts = |size: fn(&str) -> usize| -> usize {
        match inner {
            Value::Array(all) => all.iter().filter_map(Value::as_str).map(size).sum(),
            one => one.as_str().map_or(0, size),
        }
    };
    match kind.as_str() {
        "S" | "SS" => texts(str::len),
        // Two digits a byte, and one byte more.
        "N" | "NS" => texts(|number| number.len().div_ceil(2) + 1),
        "B" | "BS" => texts(|encoded| STANDARD.decode(encoded).map_or(0, |bytes| bytes.len())),
        "M" => 3 + item_size(inner),
        "L" => {
            3 + inner
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| 1 + value_size(one))
                .sum::<usize>()
        }
        _ => 1,
    }
}
