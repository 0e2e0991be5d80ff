//! A slice of a partition.
//!
//! DynamoDB takes one condition on `sk`, so a prefix and a place to start after become one range.
//! Its ends are chosen wide where the exact end cannot be said; what lies outside is left out
//! here.

#[cfg(test)]
mod tests;

use aws_sdk_dynamodb::types::AttributeValue;
use greenroom_app::ports::store::{Page, SORT_MAX, StoreError};

use super::item::{self, PARTITION, SORT};
use super::{DynamoStore, read_error};

/// What is asked of `sk`.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Range {
    All,
    Prefix(String),
    From(String),
    /// Both ends belong to it.
    Between(String, String),
    /// Nothing can be in it.
    Empty,
}

pub(super) async fn page(
    store: &DynamoStore,
    partition: &str,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Page, StoreError> {
    let range = range(prefix, after);
    if range == Range::Empty {
        return Ok(Page::default());
    }
    // One more, to know whether there is more.
    let wanted = limit.saturating_add(1);
    let mut page = Page::default();
    let mut start = None;
    loop {
        let ask = i32::try_from(wanted - page.items.len()).unwrap_or(i32::MAX);
        let answer = ask_for(store, partition, &range, ask, start.take()).await?;
        let full = answer.scanned == ask;
        for found in answer.items {
            let item = item::whole(found)?;
            let sort = item.key.sort.as_str();
            if sort.starts_with(prefix) && after.is_none_or(|after| sort > after) {
                page.items.push(item);
            }
        }
        page.more = page.items.len() > limit;
        start = answer.next;
        if page.more || start.is_none() {
            break;
        }
        if !full && !page.items.is_empty() {
            // DynamoDB's own page is full, with what is enough for one of ours.
            page.more = true;
            break;
        }
    }
    page.items.truncate(limit);
    Ok(page)
}

/// One answer of DynamoDB's.
struct Found {
    items: Vec<item::Attributes>,
    /// Items it looked at.
    scanned: i32,
    /// Where it goes on.
    next: Option<item::Attributes>,
}

async fn ask_for(
    store: &DynamoStore,
    partition: &str,
    range: &Range,
    limit: i32,
    start: Option<item::Attributes>,
) -> Result<Found, StoreError> {
    let (condition, low, high) = match range {
        Range::All | Range::Empty => (String::new(), None, None),
        Range::Prefix(low) => (format!(" AND begins_with({SORT}, :low)"), Some(low), None),
        Range::From(low) => (format!(" AND {SORT} >= :low"), Some(low), None),
        Range::Between(low, high) => {
            let condition = format!(" AND {SORT} BETWEEN :low AND :high");
            (condition, Some(low), Some(high))
        }
    };
    let named = [(":low", low), (":high", high)];
    let values = named
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), item::text(value?))))
        .chain([(
            ":partition".to_owned(),
            AttributeValue::S(partition.to_owned()),
        )])
        .collect();
    let asked = store
        .reads
        .query()
        .table_name(&store.table)
        .key_condition_expression(format!("{PARTITION} = :partition{condition}"))
        .set_expression_attribute_values(Some(values))
        .set_exclusive_start_key(start)
        .consistent_read(true)
        .limit(limit);
    let answer = Box::pin(asked.send()).await.map_err(read_error)?;
    Ok(Found {
        scanned: answer.scanned_count,
        next: answer.last_evaluated_key,
        items: answer.items.unwrap_or_default(),
    })
}

/// Everything that starts with `prefix` and comes after `after`, and perhaps a little more.
fn range(prefix: &str, after: Option<&str>) -> Range {
    if prefix.len() > SORT_MAX {
        return Range::Empty;
    }
    let Some(after) = after.filter(|after| *after >= prefix) else {
        return if prefix.is_empty() {
            Range::All
        } else {
            Range::Prefix(prefix.to_owned())
        };
    };
    if !after.starts_with(prefix) || prefix.len() == SORT_MAX {
        // Past them all, or past the only one.
        return Range::Empty;
    }
    let low = next(after);
    match beyond(prefix) {
        Some(high) => Range::Between(low, high),
        None => Range::From(low),
    }
}

/// The least text after `after` that can be a key; where it is too long to be one, a text before.
fn next(after: &str) -> String {
    if after.len() < SORT_MAX {
        return format!("{after}\0");
    }
    let mut end = SORT_MAX;
    while !after.is_char_boundary(end) {
        end -= 1;
    }
    after[..end].to_owned()
}

/// The least text after all that start with `prefix`; `None` when there is no such text.
///
/// The order of UTF-8's bytes is that of code points, so the last character goes one up; one that
/// cannot is left out, and the one before it goes up.
fn beyond(prefix: &str) -> Option<String> {
    let mut rest = prefix.to_owned();
    while let Some(last) = rest.pop() {
        // A range of characters leaves the surrogates out.
        if let Some(up) = (last..=char::MAX).nth(1) {
            rest.push(up);
            return Some(rest);
        }
    }
    None
}
