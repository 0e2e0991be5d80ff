//! What parses and is not executed: refused with its place and a way out, so that no test is ever
//! skipped in silence or judged otherwise than Hurl would.

use hurl_core::ast::{
    Body, Bytes, Entry, Expr, Header, HurlFile, JsonValue, MultilineString, SourceInfo, Template,
    TemplateElement,
};

use crate::parse::ENTRIES_MAX;

mod request;
mod response;

/// Something refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub line: usize,
    pub column: usize,
    pub what: String,
    pub fix: String,
}

/// Everything refused in `file`, in file order.
pub(crate) fn all(file: &HurlFile, lines: &[String]) -> Vec<Refusal> {
    let mut judge = Judge {
        lines,
        found: Vec::new(),
    };
    if file.entries.is_empty() {
        judge.refuse_at(1, 1, "the file holds no test", "write at least one request");
    }
    if file.entries.len() > ENTRIES_MAX {
        let what = format!(
            "the file holds {} tests, at most {ENTRIES_MAX} are run",
            file.entries.len()
        );
        judge.refuse_at(1, 1, what, "split it");
    }
    for entry in &file.entries {
        judge.entry(entry);
    }
    judge
        .found
        .sort_by_key(|refusal| (refusal.line, refusal.column));
    judge.found
}

struct Judge<'a> {
    lines: &'a [String],
    found: Vec<Refusal>,
}

impl Judge<'_> {
    fn refuse_at(
        &mut self,
        line: usize,
        column: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.found.push(Refusal {
            line,
            column,
            what: what.into(),
            fix: fix.into(),
        });
    }

    fn refuse(&mut self, at: &SourceInfo, what: impl Into<String>, fix: impl Into<String>) {
        self.refuse_at(at.start.line, at.start.column, what, fix);
    }

    fn line(&self, number: usize) -> &str {
        number
            .checked_sub(1)
            .and_then(|index| self.lines.get(index))
            .map_or("", String::as_str)
    }

    fn entry(&mut self, entry: &Entry) {
        self.request(&entry.request);
        if let Some(response) = &entry.response {
            self.response(response);
        }
    }

    /// The parser reads `}}}` as the end of an expression and drops the third brace.
    fn closing_braces(&mut self, line: usize) {
        if self.line(line).contains("}}}") {
            self.refuse_at(
                line,
                1,
                "}}} cannot be told apart here",
                "put a space between }} and }, or percent-encode it as %7D",
            );
        }
    }

    fn headers_like(&mut self, pairs: &[Header]) {
        for pair in pairs {
            self.key(&pair.key.value, &pair.key.source_info);
            self.template(&pair.value);
        }
    }

    fn key(&mut self, key: &str, at: &SourceInfo) {
        if key.contains("{{") {
            self.refuse(at, "a name cannot hold a variable", "write the name out");
        }
    }

    fn body(&mut self, body: &Body) {
        let at = &body.space0.source_info;
        match &body.value {
            Bytes::Json(json) => self.json(json),
            Bytes::Xml(_) | Bytes::Base64(_) | Bytes::Hex(_) => {}
            Bytes::MultilineString(multiline) => self.multiline(multiline, at),
            Bytes::OnelineString(template) => self.template(template),
            Bytes::File(file) => self.refuse(
                &file.filename.source_info,
                "a suite cannot read files",
                "write the body out, or as base64,...;",
            ),
        }
    }

    fn multiline(&mut self, multiline: &MultilineString, at: &SourceInfo) {
        match multiline {
            MultilineString::OneLineText(_) => self.refuse(
                at,
                "text between ``` on one line is no longer Hurl",
                "write `text` with single backticks",
            ),
            MultilineString::GraphQl(graphql) if graphql.variables.is_some() => {
                self.refuse(
                    at,
                    "GraphQL variables are not supported",
                    "write the body as JSON with query and variables",
                );
            }
            _ => self.template(&multiline.value()),
        }
    }

    fn json(&mut self, json: &JsonValue) {
        match json {
            JsonValue::Null {} | JsonValue::Number(_) | JsonValue::Boolean(_) => {}
            JsonValue::String(template) => self.template(template),
            JsonValue::Expression(expr) => self.expr(expr),
            JsonValue::List { elements, .. } => elements
                .iter()
                .for_each(|element| self.json(&element.value)),
            JsonValue::Object { elements, .. } => {
                for element in elements {
                    let escaped = |part: &TemplateElement| matches!(part, TemplateElement::String { encoded, .. } if encoded.contains('\\'));
                    if element.name.elements.iter().any(escaped) {
                        self.refuse(
                            &element.name.source_info,
                            "an escape in a JSON key is not sent as written",
                            "put the body between ```json and ```",
                        );
                    }
                    self.template(&element.name);
                    self.json(&element.value);
                }
            }
        }
    }

    fn template(&mut self, template: &Template) {
        for element in &template.elements {
            if let TemplateElement::Expression(expr) = element {
                self.expr(expr);
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        let name = expr.variable.name.as_str();
        if name == "newUuid" || name == "newDate" {
            let at = &expr.variable.source_info;
            self.refuse(
                at,
                format!("the function {name} is not supported: a failure could not be repeated"),
                "write a fixed value",
            );
        }
    }
}

/// The text of a template without variables.
fn literal(template: &Template) -> Option<String> {
    template
        .elements
        .iter()
        .map(|element| match element {
            TemplateElement::String { value, .. } => Some(value.as_str()),
            TemplateElement::Expression(_) => None,
        })
        .collect()
}
