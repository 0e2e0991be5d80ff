//! The request of an entry, its variables filled in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hurl_core::ast::{
    Body, Bytes as AstBytes, KeyValue, MultilineString, MultipartParam, Request as AstRequest,
};
use url::Url;

use crate::percent;
use crate::template::{Variables, render, render_json, render_multiline};
use crate::trouble::{Trouble, line_of};

/// What is asked, before cookies of the jar.
#[derive(Clone)]
pub(crate) struct Request {
    pub method: String,
    pub url: Url,
    pub headers: Vec<(String, String)>,
    /// The `[Cookies]` section.
    pub cookies: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The `Content-Type` if the headers have none.
    pub content_type: Option<String>,
    /// The value of `Authorization` made from `[BasicAuth]`, as secret as what is in it.
    pub credentials: Option<String>,
}

/// The request of `ast`. Errors are of the test, not of the stage.
pub(crate) fn build(ast: &AstRequest, variables: &Variables) -> Result<Request, Trouble> {
    let mut headers = pairs(&ast.headers, variables)?;
    let mut credentials = None;
    if let Some(KeyValue { key, value, .. }) = ast.basic_auth() {
        let encoded = STANDARD.encode(format!("{}:{}", key.value, render(&value, variables)?));
        headers.push(("Authorization".to_owned(), format!("Basic {encoded}")));
        credentials = Some(encoded);
    }
    let mut cookies = Vec::new();
    for cookie in ast.cookies() {
        cookies.push((cookie.name.value.clone(), render(&cookie.value, variables)?));
    }
    let query = pairs(&ast.querystring_params(), variables)?;
    let url = url(ast, &query, variables)?;
    let (body, content_type) = body(ast, variables)?;
    Ok(Request {
        method: ast.method.0.clone(),
        url,
        headers,
        cookies,
        body,
        content_type,
        credentials,
    })
}

fn pairs(pairs: &[KeyValue], variables: &Variables) -> Result<Vec<(String, String)>, Trouble> {
    pairs
        .iter()
        .map(|pair| Ok((pair.key.value.clone(), render(&pair.value, variables)?)))
        .collect()
}

/// As Hurl: names as they stand, values escaped.
fn encoded(pairs: &[(String, String)]) -> String {
    pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", percent::encode(value, b"-._~")))
        .collect::<Vec<_>>()
        .join("&")
}

fn url(
    ast: &AstRequest,
    query: &[(String, String)],
    variables: &Variables,
) -> Result<Url, Trouble> {
    let line = line_of(&ast.url.source_info);
    let mut text = render(&ast.url, variables)?;
    if !query.is_empty() {
        let joint = match text.contains('?') {
            false => "?",
            true if text.ends_with('?') => "",
            true => "&",
        };
        text = format!("{text}{joint}{}", encoded(query));
    }
    parse_url(&text).map_err(|why| Trouble::unknown(line, why))
}

/// A URL that may be requested. Only absolute ones with http or https are.
pub(crate) fn parse_url(text: &str) -> Result<Url, String> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("{text} is no URL: it holds white space"));
    }
    let url = Url::parse(text).map_err(|error| format!("{text} is no URL: {error}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(format!(
            "{text} is not reachable by http or https, but by {scheme}"
        )),
    }
}

fn body(ast: &AstRequest, variables: &Variables) -> Result<(Vec<u8>, Option<String>), Trouble> {
    let form = pairs(&ast.form_params(), variables)?;
    if !form.is_empty() {
        return Ok((
            encoded(&form).into_bytes(),
            Some("application/x-www-form-urlencoded".to_owned()),
        ));
    }
    let multipart = ast.multipart_form_data();
    if !multipart.is_empty() {
        return multipart_body(&multipart, line_of(&ast.url.source_info), variables);
    }
    let Some(Body { value, .. }) = &ast.body else {
        return Ok((Vec::new(), None));
    };
    let content_type = match value {
        AstBytes::Json(_)
        | AstBytes::MultilineString(MultilineString::Json(_) | MultilineString::GraphQl(_)) => {
            Some("application/json")
        }
        AstBytes::Xml(_) | AstBytes::MultilineString(MultilineString::Xml(_)) => {
            Some("application/xml")
        }
        _ => None,
    };
    let bytes = match value {
        AstBytes::Json(json) => render_json(json, variables)?.into_bytes(),
        AstBytes::Xml(text) => text.clone().into_bytes(),
        AstBytes::MultilineString(multiline) => {
            render_multiline(multiline, variables)?.into_bytes()
        }
        AstBytes::OnelineString(template) => render(template, variables)?.into_bytes(),
        AstBytes::Base64(base64) => base64.value.clone(),
        AstBytes::Hex(hex) => hex.value.clone(),
        AstBytes::File(file) => {
            return Err(Trouble::unknown(
                line_of(&file.filename.source_info),
                "a suite cannot read files",
            ));
        }
    };
    Ok((bytes, content_type.map(str::to_owned)))
}

fn multipart_body(
    params: &[MultipartParam],
    line: usize,
    variables: &Variables,
) -> Result<(Vec<u8>, Option<String>), Trouble> {
    let mut fields = Vec::new();
    for param in params {
        match param {
            MultipartParam::Param(pair) => {
                fields.push((pair.key.value.clone(), render(&pair.value, variables)?));
            }
            MultipartParam::FileParam(_) => {
                return Err(Trouble::unknown(line, "a suite cannot send files"));
            }
        }
    }
    // The boundary must not occur in any value; lengthening it ends, as the values do.
    let mut boundary = "greenroom-boundary".to_owned();
    while fields.iter().any(|(_, value)| value.contains(&boundary)) {
        boundary.push('-');
    }
    let mut body = String::new();
    for (name, value) in &fields {
        let name = name
            .replace('"', "%22")
            .replace('\r', "%0D")
            .replace('\n', "%0A");
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    Ok((
        body.into_bytes(),
        Some(format!("multipart/form-data; boundary={boundary}")),
    ))
}
