//! An OpenAPI document as one HTML page: no script, no picture, nothing from elsewhere.
//!
//! Whoever can push writes the document, so each of its texts is cleaned, cut and escaped on its
//! way, and links lead to places on the page only. What is shown has a budget.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use greenroom_core::escape::{Untrusted, html};
use serde_json::{Map, Value};

use super::{METHODS, OpenApi, resolve};
use crate::excerpt;

/// Parts of schemas on one page; what comes after them is left out, and that is said.
const PARTS_MAX: usize = 20_000;
/// So is what comes after so many bytes: 4 MiB.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Types and values of one schema that are named.
const KINDS_MAX: usize = 20;
/// Schemas inside each other, without references.
const DEPTH_MAX: usize = 12;
const TEXT_MAX: usize = 1_000;
const NAME_MAX: usize = 200;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
h2{margin-top:2.5rem}code,.m{font-family:ui-monospace,monospace}.m{font-weight:700}\
section{border-top:1px solid #ddd;padding:.5rem 0}ul{margin:.2rem 0}.q{color:#666}";

/// The page of `api`, whose heading says where it is published.
pub fn page(api: &OpenApi, heading: &str) -> String {
    let mut page = Page {
        api,
        out: String::new(),
        parts: 0,
    };
    page.whole(heading);
    page.out
}

struct Page<'a> {
    api: &'a OpenApi,
    out: String,
    parts: usize,
}

fn text(text: &str, max: usize) -> String {
    html(&Untrusted::new(text).line(max))
}

fn string<'a>(map: &'a Map<String, Value>, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

impl<'a> Page<'a> {
    /// Whether the rest is left out. Every loop asks: how much there is to show is the document's
    /// to say, and a reference shows the same again.
    fn is_full(&self) -> bool {
        self.parts >= PARTS_MAX || self.out.len() >= PAGE_BYTES_MAX
    }

    fn add(&mut self, html: &str) {
        self.out.push_str(html);
    }

    /// An element with a text of the document's; nothing if there is no text.
    fn element(&mut self, tag: &str, inside: &str, max: usize) {
        if !inside.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(self.out, "<{tag}>{}</{tag}>", text(inside, max));
        }
    }

    fn whole(&mut self, heading: &str) {
        let empty = Map::new();
        let document = self.api.document();
        let info = document
            .get("info")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        self.add("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        self.element("title", heading, NAME_MAX);
        let _ = write!(self.out, "<style>{STYLE}</style></head><body>");
        self.element("p", heading, NAME_MAX);
        self.element("h1", string(info, "title"), NAME_MAX);
        self.element("p", string(info, "version"), NAME_MAX);
        self.element("p", string(info, "description"), TEXT_MAX);
        self.add("<h2>Operations</h2>");
        let paths = document.get("paths").and_then(Value::as_object);
        let paths = paths.into_iter().flatten();
        for (path, item) in paths.filter(|(path, _)| path.starts_with('/')) {
            let Some(item) = resolve(document, item) else {
                continue;
            };
            for method in METHODS {
                if self.is_full() {
                    break;
                }
                if let Some(operation) = item.get(method).and_then(|it| resolve(document, it)) {
                    self.operation(method, path, item, operation);
                }
            }
        }
        let schemas = document
            .pointer("/components/schemas")
            .and_then(Value::as_object);
        if let Some(schemas) = schemas.filter(|schemas| !schemas.is_empty()) {
            self.add("<h2>Schemas</h2>");
            for (name, schema) in schemas {
                if self.is_full() {
                    break;
                }
                let name = text(name, NAME_MAX);
                let _ = write!(self.out, "<section id=\"schema-{name}\"><h3>{name}</h3>");
                self.schema(schema, 0);
                self.add("</section>");
            }
        }
        if self.is_full() {
            self.add("<p>The document is larger than this page; the rest is left out.</p>");
        }
        self.add("</body></html>\n");
    }

    fn operation(
        &mut self,
        method: &str,
        path: &str,
        item: &'a Map<String, Value>,
        operation: &'a Map<String, Value>,
    ) {
        let method = method.to_ascii_uppercase();
        let _ = write!(self.out, "<section><h3><span class=\"m\">{method}</span> ");
        self.element("code", path, NAME_MAX);
        self.add("</h3>");
        self.element("p", string(operation, "summary"), TEXT_MAX);
        self.element("p", string(operation, "description"), TEXT_MAX);
        self.parameters(item, operation);
        let document = self.api.document();
        if let Some(body) = operation
            .get("requestBody")
            .and_then(|it| resolve(document, it))
        {
            self.add("<h4>Takes</h4>");
            self.element("p", string(body, "description"), TEXT_MAX);
            self.content(body);
        }
        let responses = operation.get("responses").and_then(Value::as_object);
        for (code, response) in responses.into_iter().flatten() {
            if self.is_full() {
                break;
            }
            let Some(response) = resolve(document, response) else {
                continue;
            };
            let code = excerpt(code, NAME_MAX);
            self.element("h4", &format!("Gives {code}"), NAME_MAX);
            self.element("p", string(response, "description"), TEXT_MAX);
            self.content(response);
        }
        self.add("</section>");
    }

    fn parameters(&mut self, item: &'a Map<String, Value>, operation: &'a Map<String, Value>) {
        let lists = [item.get("parameters"), operation.get("parameters")];
        let all: Vec<&Value> = lists
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .collect();
        if all.is_empty() {
            return;
        }
        self.add("<h4>Parameters</h4><ul>");
        for parameter in all {
            if self.is_full() {
                break;
            }
            let Some(parameter) = resolve(self.api.document(), parameter) else {
                continue;
            };
            self.add("<li>");
            self.element("code", string(parameter, "name"), NAME_MAX);
            let required = parameter.get("required") == Some(&Value::Bool(true));
            let how = if required { ", required" } else { "" };
            let place = format!(
                " in {}{how} {}",
                excerpt(string(parameter, "in"), NAME_MAX),
                excerpt(string(parameter, "description"), TEXT_MAX)
            );
            self.element("span", &place, TEXT_MAX);
            if let Some(schema) = parameter.get("schema") {
                self.schema(schema, 0);
            }
            self.add("</li>");
        }
        self.add("</ul>");
    }

    fn content(&mut self, of: &'a Map<String, Value>) {
        let kinds = of.get("content").and_then(Value::as_object);
        for (kind, media) in kinds.into_iter().flatten() {
            if self.is_full() {
                break;
            }
            self.element("code", kind, NAME_MAX);
            if let Some(schema) = media.get("schema") {
                self.schema(schema, 0);
            }
        }
    }

    /// A schema as a list; one that is named elsewhere on the page as a link to it.
    fn schema(&mut self, schema: &'a Value, depth: usize) {
        self.parts += 1;
        let Some(schema) = schema.as_object() else {
            return;
        };
        if self.is_full() || depth > DEPTH_MAX {
            return;
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            match reference.strip_prefix("#/components/schemas/") {
                Some(name) => {
                    let name = text(name, NAME_MAX);
                    let _ = write!(self.out, " <a href=\"#schema-{name}\">{name}</a>");
                }
                None => self.element("code", reference, NAME_MAX),
            }
            return;
        }
        self.element("span", &kind(schema), NAME_MAX);
        self.element("p", string(schema, "description"), TEXT_MAX);
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let required = schema.get("required").and_then(Value::as_array);
            let required: BTreeSet<&str> = required
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            // Names of none of its properties are looked at as well.
            self.parts += required.len();
            self.add("<ul>");
            for (name, property) in properties {
                if self.is_full() {
                    break;
                }
                self.add("<li>");
                self.element("code", name, NAME_MAX);
                if required.contains(name.as_str()) {
                    self.add(" <span class=\"q\">required</span>");
                }
                self.schema(property, depth + 1);
                self.add("</li>");
            }
            self.add("</ul>");
        }
        if let Some(items) = schema.get("items") {
            self.add(" of");
            self.schema(items, depth + 1);
        }
        for (key, word) in [
            ("allOf", "all of"),
            ("anyOf", "any of"),
            ("oneOf", "one of"),
        ] {
            let parts = schema.get(key).and_then(Value::as_array);
            for part in parts.into_iter().flatten() {
                if self.is_full() {
                    break;
                }
                let _ = write!(self.out, " <span class=\"q\">{word}</span>");
                self.schema(part, depth + 1);
            }
        }
    }
}

/// ` string (date-time), one of "a", "b"`.
fn kind(schema: &Map<String, Value>) -> String {
    let mut kind = match schema.get("type") {
        Some(Value::String(one)) => format!(" {}", excerpt(one, NAME_MAX)),
        Some(Value::Array(several)) => {
            let names = several.iter().take(KINDS_MAX).filter_map(Value::as_str);
            let names: Vec<String> = names.map(|name| excerpt(name, NAME_MAX)).collect();
            format!(" {}", names.join(" or "))
        }
        _ => String::new(),
    };
    let format = string(schema, "format");
    if !format.is_empty() {
        kind.push_str(&format!(" ({})", excerpt(format, NAME_MAX)));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<String> = values.iter().take(KINDS_MAX).map(value).collect();
        kind.push_str(&format!(", one of {}", values.join(", ")));
    }
    kind
}

/// A value as JSON writes it, as far as it is shown.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) => Value::from(excerpt(text, NAME_MAX)).to_string(),
        Value::Array(_) => "[...]".to_owned(),
        Value::Object(_) => "{...}".to_owned(),
        scalar => scalar.to_string(),
    }
}
