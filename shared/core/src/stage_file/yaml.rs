//! From bytes to a tree of nodes with byte spans: the only place that knows the YAML parser.
//!
//! Budgets come first, so that a hostile file costs milliseconds: size before anything is
//! read, then nodes (aliases counted where they are used), depth and aliases while reading.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, MergeKeyPolicy, Options, Spanned};

use crate::stage_file::diagnostic::{Diagnostic, shown};

/// A larger file is refused unread.
pub const FILE_BYTES_MAX: usize = 256 * 1024;
/// Lists and mappings inside each other.
const DEPTH_MAX: usize = 32;
/// Values in all, each use of an alias counted.
const NODES_MAX: usize = 20_000;

/// A value and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// A scalar's own text; for lists and mappings the key they belong to.
    pub span: Range<usize>,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As it is written, and its value if it is whole and fits.
    Number(String, Option<i64>),
    Text(String),
    List(Vec<Node>),
    /// In file order, duplicates included.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub text: String,
    pub span: Range<usize>,
    /// `false` for a list or mapping as key.
    pub scalar: bool,
}

/// The source as text: what is shown beside problems, even when it is too large or not UTF-8.
pub(crate) fn source(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(FILE_BYTES_MAX)];
    String::from_utf8_lossy(shown).into_owned()
}

/// Reads one document.
///
/// # Errors
/// The one thing that kept it from being read: the size, the encoding, a budget, the syntax.
pub(crate) fn read(bytes: &[u8]) -> Result<Node, Box<Diagnostic>> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Box::new(too_large(bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Box::new(not_utf8(error)))?;
    let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| Box::new(syntax(text, &error)))?;
    let reader = Reader { text };
    let root = reader.node(tree, None);
    match root.value {
        Value::Null => Err(Box::new(empty())),
        _ => Ok(root),
    }
}

fn too_large(bytes: usize) -> Diagnostic {
    let message = format!("the file has {bytes} bytes, {FILE_BYTES_MAX} are allowed");
    Diagnostic::error("too-large", &(0..0), message)
        .label("not read")
        .help("A stage file is written by people; move data that is not configuration elsewhere.")
}

fn empty() -> Diagnostic {
    Diagnostic::error("empty-file", &(0..0), "the file is empty")
        .label("nothing here")
        .help("A stage file starts with `version: 1` and `app: owner/name`.")
}

fn options() -> Options {
    serde_saphyr::options! {
        // Both of two equal keys come through, and each is reported with its place.
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        emit_comments: false,
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_events: NODES_MAX * 4,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_documents: 1,
            max_total_scalar_bytes: FILE_BYTES_MAX * 4,
            flow_nesting_limit: DEPTH_MAX * 2,
        },
    }
}

fn not_utf8(error: std::str::Utf8Error) -> Diagnostic {
    let at = error.valid_up_to();
    Diagnostic::error(
        "not-utf8",
        &(at..at),
        format!("the file is not UTF-8 text from byte {at} on"),
    )
    .label("this byte")
    .help("Save the file as UTF-8.")
}

fn syntax(text: &str, error: &Error) -> Diagnostic {
    let error = error.without_snippet();
    let span = error.location().map_or(0..0, |l| byte_span(text, &l));
    // Where the use of an alias went wrong is the outer error, what went wrong the inner one.
    let error = match error {
        Error::AliasError { error, .. } => error.without_snippet(),
        other => other,
    };
    if let Error::Budget { breach, .. } = error {
        return over_budget(breach, span);
    }
    let whole = error.to_string();
    // The place is in the span; the parser repeats it at either end of its sentence.
    let message = whole.split(" at line ").next().unwrap_or(&whole);
    let message = message.rsplit_once(": ").map_or(message, |(head, tail)| {
        if head.starts_with("line ") {
            tail
        } else {
            message
        }
    });
    let (code, message, help) = explained(text, &span, message);
    // The parser stops behind the tab it does not like.
    let is_behind_tab = code == "tab" && text[..span.start].ends_with('\t');
    let span = if is_behind_tab {
        span.start - 1..span.start
    } else {
        span
    };
    Diagnostic::error(code, &span, message)
        .label("reading stopped here")
        .help(help)
}

fn over_budget(breach: &BudgetBreach, span: Range<usize>) -> Diagnostic {
    let mut help = "No stage file needs this; write it flat, without anchors that multiply.";
    let message = match breach {
        BudgetBreach::Depth { .. } => format!("nested deeper than {DEPTH_MAX} levels"),
        BudgetBreach::Nodes { .. } => {
            format!("more than {NODES_MAX} values, each use of an alias counted")
        }
        BudgetBreach::Documents { .. } => {
            help = "Keep one document; remove the `---` and what follows.";
            "more than one document in the file".to_owned()
        }
        BudgetBreach::Aliases { .. } | BudgetBreach::AliasAnchorRatio { .. } => {
            "too many aliases".to_owned()
        }
        other => format!("the file is over a limit: {other:?}"),
    };
    Diagnostic::error("over-budget", &span, message)
        .label("reading stopped here")
        .help(help)
}

/// The parser's sentence in the words of somebody who edits the file.
fn explained(
    text: &str,
    span: &Range<usize>,
    message: &str,
) -> (&'static str, String, &'static str) {
    let rest = text.get(span.start..).unwrap_or("");
    if message.contains(" tab") || rest.starts_with('\t') {
        let help = "YAML is indented with spaces; replace the tab.";
        return ("tab", "a tab is used for indentation".to_owned(), help);
    }
    let (code, help) = if message.contains("merge key") {
        (
            "merge-key",
            "List the shared set under `variables` of the stage instead of `<<`.",
        )
    } else if message.contains("recursion limit") {
        ("over-budget", "No stage file is nested this deep.")
    } else if message.contains("anchor") || message.contains("recursive") {
        (
            "alias",
            "Write the value out, or define the anchor before it is used.",
        )
    } else if message.contains("unexpected character") {
        ("syntax", "Put the value in quotes.")
    } else {
        (
            "syntax",
            "Check the indentation, the quotes and the brackets before this place.",
        )
    };
    let message = match code {
        "merge-key" => "merge keys (`<<`) are not part of a stage file",
        "over-budget" => "nested too deep",
        "alias" if message.contains("recursive") => "the alias stands inside its own anchor",
        _ => message,
    };
    (
        code,
        format!("not readable as YAML: {}", shown_long(message)),
        help,
    )
}

fn shown_long(message: &str) -> String {
    message
        .lines()
        .next()
        .map_or_else(String::new, |line| line.chars().take(200).collect())
}

/// Bytes of a place; the parser gives only characters for errors it finds while scanning.
fn byte_span(text: &str, location: &Location) -> Range<usize> {
    let span = location.span();
    let (start, len) = match (span.byte_offset(), span.byte_len()) {
        (Some(start), Some(len)) => (to_usize(start), to_usize(len)),
        _ => {
            let line = to_usize(location.line()).saturating_sub(1);
            let column = to_usize(location.column()).saturating_sub(1);
            let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
            let within = text[start..]
                .chars()
                .take(column)
                .map(char::len_utf8)
                .sum::<usize>();
            (start + within, 1)
        }
    };
    clamp(text, start..start.saturating_add(len))
}

/// The nearest range inside `text` that starts and ends on characters.
fn clamp(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end.max(start));
    start..end.max(start)
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What the parser hands over, before places and spellings are put to it.
struct Tree(Raw);

enum Raw {
    Null,
    Bool(bool),
    Number(Option<i64>),
    Text(String),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<Tree>, Spanned<Tree>)>),
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn node(&self, tree: Spanned<Tree>, key: Option<&Range<usize>>) -> Node {
        let own = byte_span(self.text, &tree.defined);
        let owner = || key.cloned().unwrap_or_else(|| own.clone());
        let (value, span) = match tree.value.0 {
            Raw::Null => (Value::Null, owner()),
            Raw::Bool(it) => (Value::Bool(it), own),
            Raw::Number(whole) => {
                let written = self.text.get(own.clone()).unwrap_or_default().to_owned();
                (Value::Number(written, whole), own)
            }
            Raw::Text(text) => {
                let end = own.start + self.text[own.clone()].trim_end().len();
                (Value::Text(text), own.start..end)
            }
            Raw::List(items) => {
                let items = items
                    .into_iter()
                    .map(|item| self.node(item, None))
                    .collect();
                (Value::List(items), owner())
            }
            Raw::Map(entries) => {
                let entries: Vec<_> = entries.into_iter().map(|(k, v)| self.entry(k, v)).collect();
                let first = entries
                    .first()
                    .map(|(key, _): &(Key, Node)| key.span.clone());
                let span = key.cloned().or(first).unwrap_or(own);
                (Value::Map(entries), span)
            }
        };
        Node { span, value }
    }

    fn entry(&self, key: Spanned<Tree>, value: Spanned<Tree>) -> (Key, Node) {
        let key = self.node(key, None);
        let (text, scalar) = match key.value {
            Value::Text(text) => (text, true),
            Value::Number(text, _) => (text, true),
            Value::Bool(it) => (it.to_string(), true),
            Value::Null => (String::new(), true),
            Value::List(_) | Value::Map(_) => (String::new(), false),
        };
        let key = Key {
            text,
            span: key.span,
            scalar,
        };
        let value = self.node(value, Some(&key.span));
        (key, value)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }
    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree(Raw::Null))
    }
    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree(Raw::Null))
    }
    fn visit_bool<E>(self, it: bool) -> Result<Tree, E> {
        Ok(Tree(Raw::Bool(it)))
    }
    fn visit_i64<E>(self, it: i64) -> Result<Tree, E> {
        Ok(Tree(Raw::Number(Some(it))))
    }
    fn visit_u64<E>(self, it: u64) -> Result<Tree, E> {
        Ok(Tree(Raw::Number(i64::try_from(it).ok())))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree(Raw::Number(None)))
    }
    fn visit_str<E>(self, it: &str) -> Result<Tree, E> {
        Ok(Tree(Raw::Text(it.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree(Raw::List(list)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree(Raw::Map(map)))
    }
}

impl Node {
    /// What a value is, for people.
    pub fn kind(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(it) => format!("`{it}`"),
            Value::Number(written, _) => format!("the number {}", shown(written)),
            Value::Text(text) => format!("the text \"{}\"", shown(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}
