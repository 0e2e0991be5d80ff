//! `{{name}}`: variables put into texts.

use std::collections::BTreeMap;

use hurl_core::ast::{
    Expr, JsonListElement, JsonObjectElement, JsonValue, MultilineString, Template, TemplateElement,
};
use hurl_core::parser::{Reader, parse_json_boolean, parse_json_null, parse_json_number};

use crate::trouble::{Trouble, line_of};
use crate::value::Value;

/// What is known by name: given from outside, set by options, captured from answers.
pub(crate) type Variables = BTreeMap<String, Value>;

/// A longer text is not made: a short file could ask for more than there is memory.
pub(crate) const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The text of `template`.
pub(crate) fn render(template: &Template, variables: &Variables) -> Result<String, Trouble> {
    let mut text = String::new();
    for element in &template.elements {
        match element {
            TemplateElement::String { value, .. } => text.push_str(value),
            TemplateElement::Expression(expr) => text.push_str(&render_expr(expr, variables)?),
        }
        within_bounds(&text, line_of(&template.source_info))?;
    }
    Ok(text)
}

fn within_bounds(text: &str, line: usize) -> Result<(), Trouble> {
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "the text is larger than {} MiB",
        TEXT_BYTES_MAX / 1024 / 1024
    );
    Err(Trouble::unknown(line, message))
}

/// The value a `{{name}}` stands for.
pub(crate) fn look_up<'a>(expr: &Expr, variables: &'a Variables) -> Result<&'a Value, Trouble> {
    let name = &expr.variable.name;
    variables.get(name).ok_or_else(|| {
        Trouble::unknown(
            line_of(&expr.variable.source_info),
            format!("the variable {name} is not defined"),
        )
    })
}

fn render_expr(expr: &Expr, variables: &Variables) -> Result<String, Trouble> {
    let value = look_up(expr, variables)?;
    value.render().ok_or_else(|| {
        let (name, kind) = (&expr.variable.name, value.kind());
        Trouble::unknown(
            line_of(&expr.variable.source_info),
            format!("the variable {name} holds a value of kind {kind}, which has no text"),
        )
    })
}

/// The text of a multi-line string.
pub(crate) fn render_multiline(
    multiline: &MultilineString,
    variables: &Variables,
) -> Result<String, Trouble> {
    match multiline {
        MultilineString::OneLineText(template) => render(template, variables),
        MultilineString::Text(text) | MultilineString::Json(text) | MultilineString::Xml(text) => {
            render(&text.value, variables)
        }
        MultilineString::GraphQl(graphql) => {
            let query = render(&graphql.value, variables)?;
            Ok(serde_json::json!({ "query": query.trim() }).to_string())
        }
    }
}

/// The text of a JSON body, its white space kept. The nesting is bounded by the parser's budget.
pub(crate) fn render_json(json: &JsonValue, variables: &Variables) -> Result<String, Trouble> {
    let mut text = String::new();
    write_json(json, variables, &mut text)?;
    Ok(text)
}

fn write_json(json: &JsonValue, variables: &Variables, out: &mut String) -> Result<(), Trouble> {
    match json {
        JsonValue::Null {} => out.push_str("null"),
        JsonValue::Number(digits) => out.push_str(digits),
        JsonValue::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        JsonValue::String(template) => write_json_string(template, variables, out)?,
        JsonValue::Expression(expr) => {
            out.push_str(&bare_json(expr, variables)?);
            within_bounds(out, line_of(&expr.variable.source_info))?;
        }
        JsonValue::List { space0, elements } => {
            out.push('[');
            out.push_str(space0);
            for (
                index,
                JsonListElement {
                    space0,
                    value,
                    space1,
                },
            ) in elements.iter().enumerate()
            {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(space0);
                write_json(value, variables, out)?;
                out.push_str(space1);
            }
            out.push(']');
        }
        JsonValue::Object { space0, elements } => {
            out.push('{');
            out.push_str(space0);
            for (index, element) in elements.iter().enumerate() {
                let JsonObjectElement {
                    space0,
                    name,
                    space1,
                    space2,
                    value,
                    space3,
                } = element;
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(space0);
                out.push('"');
                out.push_str(&render(name, variables)?);
                within_bounds(out, line_of(&name.source_info))?;
                out.push('"');
                out.push_str(space1);
                out.push(':');
                out.push_str(space2);
                write_json(value, variables, out)?;
                out.push_str(space3);
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Literal parts stay as written, escapes and all; variables are escaped.
fn write_json_string(
    template: &Template,
    variables: &Variables,
    out: &mut String,
) -> Result<(), Trouble> {
    out.push('"');
    for element in &template.elements {
        match element {
            TemplateElement::String { encoded, .. } => out.push_str(encoded),
            TemplateElement::Expression(expr) => {
                push_escaped(&render_expr(expr, variables)?, out);
                within_bounds(out, line_of(&template.source_info))?;
            }
        }
    }
    out.push('"');
    Ok(())
}

fn push_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
}

/// A variable outside quotes must be a number, a boolean or null. Hurl looks at how its text begins.
fn bare_json(expr: &Expr, variables: &Variables) -> Result<String, Trouble> {
    let text = render_expr(expr, variables)?;
    let fits = [parse_json_number, parse_json_boolean, parse_json_null]
        .iter()
        .any(|parse| parse(&mut Reader::new(&text)).is_ok());
    if fits {
        return Ok(text);
    }
    let name = &expr.variable.name;
    let message = format!(
        "the variable {name} is no number, boolean or null: in JSON write \"{{{{{name}}}}}\" with quotes"
    );
    Err(Trouble::unknown(
        line_of(&expr.variable.source_info),
        message,
    ))
}
