//! Reading nodes into raw types, and describing the same types as JSON Schema.
//!
//! serde stops at the first thing it does not like. Here a field that cannot be read is
//! marked and the rest goes on, so that one look at a file finds every problem in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json};

use crate::stage_file::diagnostic::{Diagnostic, Log, listed, shown};
use crate::stage_file::yaml::{Node, Value};

/// A raw type: how it is read from a node. How it is described is its [`JsonSchema`].
pub(crate) trait Decode: JsonSchema + Sized {
    /// Reports everything wrong with `node`; `None` if nothing can be made of it.
    fn decode(node: &Node, log: &mut Log) -> Option<Self>;
}

/// A value and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// A field of a record. `Broken` was reported; checks that would only repeat it stay quiet.
#[derive(Clone, Debug)]
pub(crate) enum Field<T> {
    Absent,
    Broken,
    Given(Spanned<T>),
}

impl<T> Field<T> {
    pub fn given(&self) -> Option<&Spanned<T>> {
        match self {
            Self::Given(it) => Some(it),
            Self::Absent | Self::Broken => None,
        }
    }
    pub fn value(&self) -> Option<&T> {
        self.given().map(|it| &it.value)
    }
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
    /// Where the field stands, if something usable stands there.
    pub fn span(&self) -> Option<&Range<usize>> {
        self.given().map(|it| &it.span)
    }
}

/// A list; `broken` if it had items that could not be read.
#[derive(Clone, Debug)]
pub(crate) struct List<T> {
    pub items: Vec<Spanned<T>>,
    pub broken: bool,
}

/// A mapping from names that the author chooses.
#[derive(Clone, Debug)]
pub(crate) struct Named<T> {
    pub entries: Vec<Entry<T>>,
}

/// One of [`Named`]; without a value if that was broken, so that its name is still known.
#[derive(Clone, Debug)]
pub(crate) struct Entry<T> {
    pub name: Spanned<String>,
    pub value: Option<T>,
}

impl<T> Field<List<T>> {
    /// The items that could be read; none if there is no list.
    pub fn items(&self) -> &[Spanned<T>] {
        self.value().map_or(&[], |list| list.items.as_slice())
    }
}

impl<T> Field<Named<T>> {
    /// The entries; none if there is no mapping.
    pub fn entries(&self) -> &[Entry<T>] {
        self.value().map_or(&[], |named| named.entries.as_slice())
    }
}

impl<T> Named<T> {
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.value.as_str())
    }
    pub fn get(&self, name: &str) -> Option<&Entry<T>> {
        self.entries.iter().find(|entry| entry.name.value == name)
    }
}

/// Reports that `node` is something else than expected.
pub(crate) fn wrong_type(node: &Node, expected: &str, help: &str, log: &mut Log) {
    let message = format!("expected {expected}, found {}", node.kind());
    log.report(
        Diagnostic::error("wrong-type", &node.span, message)
            .label(format!("not {expected}"))
            .help(help),
    );
}

/// The fields of a mapping, taken one after the other; opened by [`Fields::open`].
pub(crate) struct Fields<'a> {
    title: &'static str,
    node: &'a Node,
    by_key: BTreeMap<&'a str, &'a Node>,
}

impl<'a> Fields<'a> {
    /// Reports unknown and repeated keys.
    pub fn open(
        node: &'a Node,
        title: &'static str,
        keys: &[&'static str],
        log: &mut Log,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let help = format!("Known here: {}.", listed(keys.iter().copied()));
            wrong_type(node, "a mapping", &help, log);
            return None;
        };
        let mut by_key = BTreeMap::new();
        for (key, value) in entries {
            if !keys.contains(&key.text.as_str()) {
                log.report(
                    Diagnostic::error(
                        "unknown-key",
                        &key.span,
                        format!("{title} has no key `{}`", shown(&key.text)),
                    )
                    .label("unknown key")
                    .help(format!("Known here: {}.", listed(keys.iter().copied())))
                    .did_you_mean(&key.text, keys.iter().copied()),
                );
            } else if by_key.insert(key.text.as_str(), value).is_some() {
                log.report(duplicate_key(&key.text, &key.span));
            }
        }
        Some(Self {
            title,
            node,
            by_key,
        })
    }

    /// Reads one field; reports it if it is required and not there.
    pub fn take<T: Decode>(&self, key: &'static str, required: bool, log: &mut Log) -> Field<T> {
        let Some(node) = self.by_key.get(key) else {
            if required {
                log.report(
                    Diagnostic::error(
                        "missing-key",
                        &self.node.span,
                        format!("{} needs the key `{key}`", self.title),
                    )
                    .label(format!("`{key}` is missing"))
                    .help(format!("Add `{key}: ...`.")),
                );
                return Field::Broken;
            }
            return Field::Absent;
        };
        match T::decode(node, log) {
            Some(value) => Field::Given(Spanned {
                value,
                span: node.span.clone(),
            }),
            None => Field::Broken,
        }
    }
}

fn duplicate_key(key: &str, span: &Range<usize>) -> Diagnostic {
    let message = format!("the key `{}` appears twice", shown(key));
    Diagnostic::error("duplicate-key", span, message)
        .label("again here")
        .help("Only one of two equal keys could count; remove one.")
}

impl<T: Decode> Decode for List<T> {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        let Value::List(nodes) = &node.value else {
            wrong_type(
                node,
                "a list",
                "Write `[one, two]`, or one `- item` a line.",
                log,
            );
            return None;
        };
        let mut list = Self {
            items: Vec::with_capacity(nodes.len()),
            broken: false,
        };
        for item in nodes {
            match T::decode(item, log) {
                Some(value) => list.items.push(Spanned {
                    value,
                    span: item.span.clone(),
                }),
                None => list.broken = true,
            }
        }
        Some(list)
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>() })
    }
}

impl<T: Decode> Decode for Named<T> {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        let nodes = match &node.value {
            Value::Map(nodes) => nodes.as_slice(),
            // A section whose entries are all commented out.
            Value::Null => &[],
            _ => {
                wrong_type(node, "a mapping", "Write `name: ...` for each entry.", log);
                return None;
            }
        };
        let mut seen = BTreeMap::new();
        let mut entries = Vec::with_capacity(nodes.len());
        for (key, value) in nodes {
            if !key.scalar {
                let message = "a list or mapping cannot be a key";
                log.report(
                    Diagnostic::error("wrong-type", &key.span, message)
                        .label("not a name")
                        .help("Write a name."),
                );
            } else if seen.insert(key.text.as_str(), ()).is_some() {
                log.report(duplicate_key(&key.text, &key.span));
            } else {
                entries.push(Entry {
                    name: Spanned {
                        value: key.text.clone(),
                        span: key.span.clone(),
                    },
                    value: T::decode(value, log),
                });
            }
        }
        Some(Self { entries })
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["object", "null"],
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}

/// One field of a record as the schema tells it.
pub(crate) struct FieldSchema {
    pub key: &'static str,
    pub about: &'static str,
    pub required: bool,
    pub schema: Schema,
}

/// The schema of a record; unknown keys are refused there as here.
pub(crate) fn record_schema(about: &str, fields: Vec<FieldSchema>) -> Schema {
    let required: Vec<&str> = fields
        .iter()
        .filter(|f| f.required)
        .map(|f| f.key)
        .collect();
    let required = Json::from(required);
    let mut properties = Map::new();
    for field in fields {
        let mut schema = field.schema;
        schema.insert("description".to_owned(), field.about.trim().into());
        properties.insert(field.key.to_owned(), schema.to_value());
    }
    let mut schema = json_schema!({
        "type": "object",
        "description": about.trim(),
        "properties": properties,
        "additionalProperties": false,
    });
    if required.as_array().is_some_and(|keys| !keys.is_empty()) {
        schema.insert("required".to_owned(), required);
    }
    schema
}

/// A field's name as it is written in the file: some keys are words of Rust.
pub(crate) const fn key(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// Declares a raw record: the struct, how it is read and its schema come from one text.
/// `required` and `optional` before a field say whether its absence is an error.
macro_rules! record {
    (
        $(#[doc = $about:literal])+
        $name:ident ($title:literal) {
            $( $(#[doc = $doc:literal])+ $need:ident $field:ident: $type:ty, )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            /// The key this belongs to.
            #[allow(dead_code, reason = "not every record is pointed at as a whole")]
            pub span: std::ops::Range<usize>,
            $( $(#[doc = $doc])+ pub $field: $crate::stage_file::record::Field<$type>, )*
        }

        impl $crate::stage_file::record::Decode for $name {
            fn decode(
                node: &$crate::stage_file::yaml::Node,
                log: &mut $crate::stage_file::diagnostic::Log,
            ) -> Option<Self> {
                const KEYS: &[&str] =
                    &[$($crate::stage_file::record::key(stringify!($field))),*];
                let fields = $crate::stage_file::record::Fields::open(node, $title, KEYS, log)?;
                // A record without fields has nothing to take.
                let _ = &fields;
                Some(Self {
                    span: node.span.clone(),
                    $( $field: fields.take(
                        $crate::stage_file::record::key(stringify!($field)),
                        stringify!($need) == "required",
                        log,
                    ), )*
                })
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).trim_start_matches("Raw").into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let _ = &generator;
                $crate::stage_file::record::record_schema(concat!($($about),+), vec![
                    $( $crate::stage_file::record::FieldSchema {
                        key: $crate::stage_file::record::key(stringify!($field)),
                        about: concat!($($doc),+),
                        required: stringify!($need) == "required",
                        schema: generator.subschema_for::<$type>(),
                    }, )*
                ])
            }
        }
    };
}
pub(crate) use record;
