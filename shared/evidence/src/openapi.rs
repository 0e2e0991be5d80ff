//! OpenAPI 3 documents, YAML or JSON: which operations there are, and which of them say what they
//! take and give.
//!
//! References are followed inside the document only, and only so many in a row.

mod amount;
mod documented;
mod page;

use serde_json::{Map, Value};

use crate::{ReadError, excerpt, within};

pub use page::page;

/// A larger document is refused unread: 4 MiB.
pub const DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// More operations than this are no API that one project has.
pub const OPERATIONS_MAX: usize = 5_000;
/// Lists and mappings inside each other.
const DEPTH_MAX: usize = 100;
/// Values in all, each use of a YAML alias counted.
const NODES_MAX: usize = 200_000;
/// References that lead to references.
const HOPS_MAX: usize = 8;
/// A longer reference leads nowhere.
const REFERENCE_BYTES_MAX: usize = 1_000;

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// A document that was read.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenApi {
    /// In the document's order of paths, and for one path in that of [`METHODS`].
    pub operations: Vec<Operation>,
    /// Paths under which the servers answer, without a slash at the end.
    pub bases: Vec<String>,
    document: Value,
}

/// One method of one path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// As written: `/orders/{id}`.
    pub path: String,
    /// What it does not say; `None` when it is documented.
    pub lacks: Option<String>,
}

impl Operation {
    /// `GET /orders/{id}`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl OpenApi {
    /// Reads a document.
    ///
    /// # Errors
    /// It is no OpenAPI 3 document, or too large in one way or another.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let document = parse(bytes)?;
        let version = match document.get("openapi") {
            Some(Value::String(version)) => version.clone(),
            Some(Value::Number(version)) => version.to_string(),
            _ if document.get("swagger").is_some() => {
                return Err(ReadError::malformed("it is Swagger 2; write OpenAPI 3"));
            }
            _ => return Err(ReadError::malformed("it has no `openapi: 3...`")),
        };
        if version.split('.').next() != Some("3") {
            let version = excerpt(&version, 20);
            return Err(ReadError::Malformed(format!(
                "its version is {version}; version 3 is read"
            )));
        }
        let operations = operations(&document)?;
        if operations.is_empty() {
            return Err(ReadError::malformed("it describes no operation"));
        }
        Ok(Self {
            bases: bases(&document),
            operations,
            document,
        })
    }

    /// The whole document, as it was written.
    pub fn document(&self) -> &Value {
        &self.document
    }
}

fn parse(bytes: &[u8]) -> Result<Value, ReadError> {
    within(bytes, DOCUMENT_BYTES_MAX)?;
    let text = std::str::from_utf8(bytes).map_err(|_| ReadError::malformed("it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed: Result<Value, String> = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| error.to_string())
    };
    let document = parsed.map_err(|error| {
        let first = error.lines().next().unwrap_or_default();
        ReadError::Malformed(format!("it cannot be parsed: {}", excerpt(first, 160)))
    })?;
    amount::nodes(&document, &mut { NODES_MAX })?;
    Ok(document)
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        emit_comments: false,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_events: NODES_MAX * 4,
            max_aliases: 10_000,
            max_anchors: 10_000,
            max_documents: 1,
            max_total_scalar_bytes: DOCUMENT_BYTES_MAX * 4,
            flow_nesting_limit: DEPTH_MAX * 2,
        },
    }
}

fn operations(document: &Value) -> Result<Vec<Operation>, ReadError> {
    let Some(paths) = document.get("paths").and_then(Value::as_object) else {
        return Err(ReadError::malformed("it has no `paths`"));
    };
    let mut all = Vec::new();
    let mut left = amount::ENTRIES_MAX;
    for (path, item) in paths.iter().filter(|(path, _)| path.starts_with('/')) {
        let Some(item) = resolve(document, item) else {
            let path = excerpt(path, 80);
            return Err(ReadError::Malformed(format!(
                "what {path} refers to is not in the document"
            )));
        };
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            if all.len() == OPERATIONS_MAX {
                let why = format!("it describes more than {OPERATIONS_MAX} operations");
                return Err(ReadError::Malformed(why));
            }
            amount::entries(document, item, operation, &mut left)?;
            all.push(Operation {
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                lacks: documented::lacks(document, method, operation),
            });
        }
    }
    Ok(all)
}

/// The mapping itself, or the one that it refers to.
pub(crate) fn resolve<'a>(
    document: &'a Value,
    mut value: &'a Value,
) -> Option<&'a Map<String, Value>> {
    for _ in 0..HOPS_MAX {
        let map = value.as_object()?;
        let Some(reference) = map.get("$ref") else {
            return Some(map);
        };
        let reference = reference.as_str()?;
        if reference.len() > REFERENCE_BYTES_MAX {
            return None;
        }
        value = document.pointer(reference.strip_prefix('#')?)?;
    }
    None
}

/// The paths of the servers' addresses; templates in them stand for nothing we could know.
fn bases(document: &Value) -> Vec<String> {
    let servers = document.get("servers").and_then(Value::as_array);
    let mut bases: Vec<String> = servers
        .into_iter()
        .flatten()
        .take(20)
        .filter_map(|server| server.get("url")?.as_str())
        .filter_map(|url| {
            let path = match url.split_once("://") {
                Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
                None => url.strip_prefix('/')?,
            };
            let path = path.trim_end_matches('/');
            (!path.is_empty() && !path.contains('{')).then(|| format!("/{path}"))
        })
        .collect();
    bases.sort();
    bases.dedup();
    bases
}

#[cfg(test)]
mod tests;
