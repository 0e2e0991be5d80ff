//! What parses and is not executed: refused with its place and a way out, so that no test is ever
//! skipped in silence or judged otherwise than Hurl would.

use hurl_core::ast::{
    Assert, Body, Bytes, Capture, Comment, Entry, EntryOption, Expr, Filter, FilterValue, Header,
    HurlFile, JsonValue, LineTerminator, MultilineString, MultipartParam, Predicate,
    PredicateFuncValue, PredicateValue, Query, QueryValue, RegexValue, Request, Response, Retry,
    SectionValue, SourceInfo, Template, TemplateElement, VariableValue, VersionValue,
};

use crate::parse::ENTRIES_MAX;
use crate::{charset, date, jsonpath};

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

    fn request(&mut self, request: &Request) {
        let at = &request.url.source_info;
        self.comments(&request.line_terminators, at.start.line);
        if request.method.0 == "CONNECT" {
            self.refuse_at(
                at.start.line,
                1,
                "CONNECT opens a tunnel and has no answer to test",
                "delete the entry",
            );
        }
        self.url(&request.url);
        self.headers(&request.headers);
        let (mut form, mut multipart) = (false, false);
        for section in &request.sections {
            match &section.value {
                SectionValue::QueryParams(params) => self.headers_like(params),
                SectionValue::FormParams(params) => {
                    form = !params.is_empty();
                    self.headers_like(params);
                }
                SectionValue::MultipartFormData(params) => {
                    multipart = !params.is_empty();
                    self.multipart(params);
                }
                SectionValue::Cookies(cookies) => {
                    for cookie in cookies {
                        self.key(&cookie.name.value, &cookie.name.source_info);
                        self.template(&cookie.value);
                    }
                }
                SectionValue::BasicAuth(pair) => {
                    self.headers_like(std::slice::from_ref(pair));
                }
                SectionValue::Options(options) => {
                    options.iter().for_each(|option| self.option(option))
                }
                SectionValue::Captures(_) | SectionValue::Asserts(_) => {
                    self.refuse(
                        &section.source_info,
                        "this section belongs to a response",
                        "move it below the HTTP line",
                    );
                }
            }
        }
        if usize::from(form) + usize::from(multipart) + usize::from(request.body.is_some()) > 1 {
            self.refuse(
                at,
                "the request has more than one body",
                "keep one of [FormParams], [MultipartFormData] and the body",
            );
        }
        if multipart
            && request
                .headers
                .iter()
                .any(|header| header.key.value.eq_ignore_ascii_case("content-type"))
        {
            self.refuse(
                at,
                "a multipart request sets its own Content-Type, with the boundary",
                "delete the Content-Type header",
            );
        }
        if let Some(body) = &request.body {
            self.body(body);
        }
    }

    /// Hurl reads two commands from comments, which would change the cookies of a test.
    fn comments(&mut self, terminators: &[LineTerminator], before: usize) {
        let comments = terminators
            .iter()
            .filter_map(|terminator| terminator.comment.as_ref());
        if comments
            .into_iter()
            .any(|Comment { value }| value.contains("@cookie_storage_"))
        {
            self.refuse_at(
                before,
                1,
                "the comment above is a cookie storage command",
                "delete it; set cookies in a [Cookies] section",
            );
        }
    }

    fn url(&mut self, url: &Template) {
        self.template(url);
        self.closing_braces(url.source_info.start.line);
        if let Some(TemplateElement::String { value, .. }) = url.elements.first()
            && !value.starts_with("http://")
            && !value.starts_with("https://")
        {
            self.refuse(
                &url.source_info,
                "only http:// and https:// are supported",
                "begin the URL with {{base_url}} or https://",
            );
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

    fn headers(&mut self, headers: &[Header]) {
        const OURS: [&str; 7] = [
            "connection",
            "content-length",
            "expect",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ];
        for header in headers {
            if OURS.contains(&header.key.value.to_ascii_lowercase().as_str()) {
                let what = format!("the header {} is set by the HTTP client", header.key.value);
                self.refuse(&header.key.source_info, what, "delete it");
            }
        }
        self.headers_like(headers);
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

    fn multipart(&mut self, params: &[MultipartParam]) {
        for param in params {
            match param {
                MultipartParam::Param(pair) => self.headers_like(std::slice::from_ref(pair)),
                MultipartParam::FileParam(file) => {
                    self.refuse(
                        &file.key.source_info,
                        "a suite cannot send files",
                        "write the content as a text field",
                    );
                }
            }
        }
    }

    fn option(&mut self, option: &EntryOption) {
        let (terminator, what, fix) = match option {
            EntryOption::FollowLocation(_)
            | EntryOption::RetryInterval(_)
            | EntryOption::MaxRedirect(_) => return,
            EntryOption::Compressed(_) => return,
            EntryOption::Variable(variable) => {
                if let VariableValue::String(template) = &variable.value.value {
                    self.template(template);
                }
                return;
            }
            EntryOption::Retry(retry) => match retry.value {
                Retry::Infinite => (
                    &retry.line_terminator0,
                    "retry without end",
                    "give a number, such as retry: 10",
                ),
                Retry::None | Retry::Finite(_) => return,
            },
            EntryOption::Insecure(insecure) if !insecure.value => return,
            EntryOption::PathAsIs(as_is) if !as_is.value => return,
            EntryOption::Insecure(o) => (
                &o.line_terminator0,
                "insecure would accept any certificate",
                "give the stage a valid certificate",
            ),
            EntryOption::PathAsIs(o) => (
                &o.line_terminator0,
                "path-as-is is not supported",
                "write the path without /./ and /../",
            ),
            EntryOption::CaCertificate(o) => (
                &o.line_terminator0,
                "a suite cannot bring certificates",
                "use a publicly trusted certificate",
            ),
            EntryOption::ClientCert(o) => (
                &o.line_terminator0,
                "client certificates are not supported",
                "use a token in a header",
            ),
            EntryOption::ClientKey(o) => (
                &o.line_terminator0,
                "client certificates are not supported",
                "use a token in a header",
            ),
            EntryOption::Proxy(o) => (
                &o.line_terminator0,
                "a proxy would hide which address is reached",
                "delete it",
            ),
            EntryOption::Verbose(o) => (
                &o.line_terminator0,
                "there is no terminal to print to",
                "delete it",
            ),
            EntryOption::VeryVerbose(o) => (
                &o.line_terminator0,
                "there is no terminal to print to",
                "delete it",
            ),
        };
        let at = terminator.space0.source_info.clone();
        self.refuse_at(at.start.line, 1, what, fix);
    }

    fn body(&mut self, body: &Body) {
        let at = &body.space0.source_info;
        match &body.value {
            Bytes::Json(json) => self.json(json, at),
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

    fn json(&mut self, json: &JsonValue, at: &SourceInfo) {
        match json {
            JsonValue::Null {} | JsonValue::Number(_) | JsonValue::Boolean(_) => {}
            JsonValue::String(template) => self.template(template),
            JsonValue::Expression(expr) => self.expr(expr),
            JsonValue::List { elements, .. } => elements
                .iter()
                .for_each(|element| self.json(&element.value, at)),
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
                    self.json(&element.value, at);
                }
            }
        }
    }

    fn response(&mut self, response: &Response) {
        match response.version.value {
            VersionValue::Version2 => self.refuse(
                &response.version.source_info,
                "requests are made with HTTP/1.1",
                "write HTTP or HTTP/1.1",
            ),
            VersionValue::VersionAnyLegacy => self.refuse(
                &response.version.source_info,
                "HTTP/* is no longer Hurl",
                "write HTTP",
            ),
            VersionValue::Version1 | VersionValue::Version11 | VersionValue::VersionAny => {}
        }
        self.headers_like(&response.headers);
        for (index, section) in response.sections.iter().enumerate() {
            if response.sections[..index]
                .iter()
                .any(|earlier| earlier.name() == section.name())
            {
                self.refuse(
                    &section.source_info,
                    format!("[{}] is there twice", section.name()),
                    "merge the two",
                );
            }
            match &section.value {
                SectionValue::Captures(captures) => {
                    captures.iter().for_each(|capture| self.capture(capture))
                }
                SectionValue::Asserts(asserts) => {
                    asserts.iter().for_each(|assert| self.assert(assert))
                }
                _ => self.refuse(
                    &section.source_info,
                    "this section belongs to a request",
                    "move it above the HTTP line",
                ),
            }
        }
        if let Some(body) = &response.body {
            self.body(body);
        }
    }

    fn capture(&mut self, capture: &Capture) {
        self.key(&capture.name.value, &capture.name.source_info);
        self.query(&capture.query);
        capture
            .filters
            .iter()
            .for_each(|(_, filter)| self.filter(filter));
    }

    fn assert(&mut self, assert: &Assert) {
        self.query(&assert.query);
        assert
            .filters
            .iter()
            .for_each(|(_, filter)| self.filter(filter));
        self.predicate(&assert.predicate);
    }

    fn query(&mut self, query: &Query) {
        let at = &query.source_info;
        match &query.value {
            QueryValue::Xpath { .. } => self.refuse(
                at,
                "xpath is not supported",
                "use regex on the body, or let the answer be JSON",
            ),
            QueryValue::Certificate { .. } => {
                self.refuse(at, "certificate is not supported", "delete it")
            }
            QueryValue::Jsonpath { expr, .. } => self.jsonpath(expr),
            QueryValue::Header { name, .. } | QueryValue::Variable { name, .. } => {
                self.template(name)
            }
            QueryValue::Cookie { expr, .. } => self.template(&expr.name),
            QueryValue::Regex { value, .. } => self.regex(value),
            QueryValue::Status {}
            | QueryValue::Url {}
            | QueryValue::Body {}
            | QueryValue::Duration {} => {}
            QueryValue::Bytes {} | QueryValue::Sha256 {} | QueryValue::Md5 {} => {}
        }
    }

    fn jsonpath(&mut self, expr: &Template) {
        self.template(expr);
        if let Some(text) = literal(expr)
            && let Err(why) = jsonpath::check(&text)
        {
            self.refuse(
                &expr.source_info,
                format!("{text} is no JSONPath: {why}"),
                "write it as RFC 9535 says, such as $.items[0].name",
            );
        }
    }

    fn regex(&mut self, value: &RegexValue) {
        if let RegexValue::Template(template) = value {
            self.template(template);
            self.regex_text(template);
        }
    }

    fn regex_text(&mut self, template: &Template) {
        if let Some(text) = literal(template)
            && regex::Regex::new(&text).is_err()
        {
            self.refuse(
                &template.source_info,
                format!("{text} is no regular expression"),
                "mend it; in \"...\" a backslash is written \\\\",
            );
        }
    }

    fn filter(&mut self, filter: &Filter) {
        let at = &filter.source_info;
        match &filter.value {
            FilterValue::XPath { .. } => {
                self.refuse(at, "xpath is not supported", "use regex on the text")
            }
            FilterValue::HtmlUnescape => self.refuse(
                at,
                "htmlUnescape is not supported",
                "compare the escaped text",
            ),
            FilterValue::Replace {
                old_value,
                new_value,
                ..
            } => {
                match old_value {
                    RegexValue::Regex(_) => self.refuse(
                        at,
                        "replace takes a text, not a regular expression",
                        "write the text in \"...\"",
                    ),
                    RegexValue::Template(template) => self.template(template),
                }
                self.template(new_value);
            }
            FilterValue::Decode { encoding, .. } => {
                self.template(encoding);
                if let Some(name) = literal(encoding)
                    && charset::by_name(&name).is_none()
                {
                    self.refuse(
                        at,
                        format!("{name} is no known encoding"),
                        "write one such as utf-8 or iso-8859-1",
                    );
                }
            }
            FilterValue::Format { fmt, .. } | FilterValue::ToDate { fmt, .. } => {
                self.template(fmt);
                if let Some(format) = literal(fmt)
                    && let Some(unknown) = date::unknown_specifier(&format)
                {
                    self.refuse(
                        at,
                        format!("{unknown} in a date format is not supported"),
                        date::SPECIFIERS_HELP,
                    );
                }
            }
            FilterValue::Split { sep, .. } => self.template(sep),
            FilterValue::Regex { value, .. } => self.regex(value),
            FilterValue::Count
            | FilterValue::DaysAfterNow
            | FilterValue::DaysBeforeNow
            | FilterValue::HtmlEscape => {}
            FilterValue::Nth { .. }
            | FilterValue::ToInt
            | FilterValue::UrlDecode
            | FilterValue::UrlEncode => {}
        }
    }

    fn predicate(&mut self, predicate: &Predicate) {
        use PredicateFuncValue as P;
        let at = predicate.predicate_func.source_info.clone();
        match &predicate.predicate_func.value {
            P::Equal {
                value, operator, ..
            } => self.comparison(value, *operator, "==", &at),
            P::NotEqual {
                value, operator, ..
            } => self.comparison(value, *operator, "!=", &at),
            P::GreaterThan {
                value, operator, ..
            } => self.comparison(value, *operator, ">", &at),
            P::GreaterThanOrEqual {
                value, operator, ..
            } => self.comparison(value, *operator, ">=", &at),
            P::LessThan {
                value, operator, ..
            } => self.comparison(value, *operator, "<", &at),
            P::LessThanOrEqual {
                value, operator, ..
            } => self.comparison(value, *operator, "<=", &at),
            P::CountEqual { .. } => {
                self.refuse(&at, "countEquals is no longer Hurl", "write count ==")
            }
            P::StartWith { value, .. } | P::EndWith { value, .. } | P::Contain { value, .. } => {
                self.predicate_value(value, &at)
            }
            P::Include { value, .. } => self.comparison(value, true, "includes", &at),
            P::Match { value, .. } => {
                self.predicate_value(value, &at);
                if let PredicateValue::String(template) = value {
                    self.regex_text(template);
                }
            }
            P::IsInteger {}
            | P::IsFloat {}
            | P::IsBoolean {}
            | P::IsString {}
            | P::IsCollection {}
            | P::Exist {}
            | P::IsEmpty {} => {}
        }
    }

    fn comparison(
        &mut self,
        value: &PredicateValue,
        operator: bool,
        symbol: &str,
        at: &SourceInfo,
    ) {
        if !operator {
            self.refuse(
                at,
                "this comparison is no longer Hurl",
                format!("write {symbol}"),
            );
        }
        if matches!(value, PredicateValue::Regex(_)) {
            self.refuse(
                at,
                format!("{symbol} never holds for a regular expression"),
                "write matches /.../",
            );
        }
        self.predicate_value(value, at);
    }

    fn predicate_value(&mut self, value: &PredicateValue, at: &SourceInfo) {
        match value {
            PredicateValue::String(template) => self.template(template),
            PredicateValue::MultilineString(multiline) => self.multiline(multiline, at),
            PredicateValue::Expression(expr) => {
                self.expr(expr);
                self.closing_braces(at.start.line);
            }
            _ => {}
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
