//! Reading the table: one item, or a page of a partition.

use std::ops::Bound;

use greenroom_app::ports::store::{Item, Key, Page};

use super::engine::{Failure, ItemTable, reading};
use super::record;

/// A page ends with the item that brings its values to this many bytes, so that no query holds
/// the caller's thread for long.
const PAGE_BYTES: usize = 1024 * 1024;

pub(super) fn get(table: &ItemTable, key: &Key) -> Result<Option<Item>, Failure> {
    let at = (key.partition.as_bytes(), key.sort.as_bytes());
    match table.get(at).map_err(reading)? {
        Some(found) => record::item(at.0, at.1, found.value()).map(Some),
        None => Ok(None),
    }
}

pub(super) fn page(
    table: &ItemTable,
    partition: &str,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Page, Failure> {
    let (partition, prefix) = (partition.as_bytes(), prefix.as_bytes());
    let start = match after.map(str::as_bytes) {
        Some(after) if after >= prefix => Bound::Excluded((partition, after)),
        _ => Bound::Included((partition, prefix)),
    };
    let range = table
        .range::<(&[u8], &[u8])>((start, Bound::Unbounded))
        .map_err(reading)?;
    let mut page = Page::default();
    let mut bytes = 0;
    for entry in range {
        let (key, found) = entry.map_err(reading)?;
        let (in_partition, sort) = key.value();
        if in_partition != partition || !sort.starts_with(prefix) {
            break;
        }
        if page.items.len() == limit || bytes >= PAGE_BYTES {
            page.more = true;
            break;
        }
        let item = record::item(in_partition, sort, found.value())?;
        bytes += item.value.len();
        page.items.push(item);
    }
    Ok(page)
}
