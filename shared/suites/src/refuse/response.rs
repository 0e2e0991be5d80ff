//! What is refused in responses: queries, filters, predicates.

use hurl_core::ast::{
    Assert, Capture, Filter, FilterValue, Predicate, PredicateFuncValue, PredicateValue, Query,
    QueryValue, RegexValue, Response, SectionValue, SourceInfo, Template, VersionValue,
};

use super::{Judge, literal};
use crate::{charset, date, jsonpath};

impl Judge<'_> {
    pub(super) fn response(&mut self, response: &Response) {
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
                    captures.iter().for_each(|capture| self.capture(capture));
                }
                SectionValue::Asserts(asserts) => {
                    asserts.iter().for_each(|assert| self.assert(assert));
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

    pub(super) fn capture(&mut self, capture: &Capture) {
        self.key(&capture.name.value, &capture.name.source_info);
        self.query(&capture.query);
        capture
            .filters
            .iter()
            .for_each(|(_, filter)| self.filter(filter));
    }

    pub(super) fn assert(&mut self, assert: &Assert) {
        self.query(&assert.query);
        assert
            .filters
            .iter()
            .for_each(|(_, filter)| self.filter(filter));
        self.predicate(&assert.predicate);
    }

    pub(super) fn query(&mut self, query: &Query) {
        let at = &query.source_info;
        match &query.value {
            QueryValue::Xpath { .. } => self.refuse(
                at,
                "xpath is not supported",
                "use regex on the body, or let the answer be JSON",
            ),
            QueryValue::Certificate { .. } => {
                self.refuse(at, "certificate is not supported", "delete it");
            }
            QueryValue::Jsonpath { expr, .. } => self.jsonpath(expr),
            QueryValue::Header { name, .. } | QueryValue::Variable { name, .. } => {
                self.template(name);
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

    pub(super) fn jsonpath(&mut self, expr: &Template) {
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

    pub(super) fn regex(&mut self, value: &RegexValue) {
        if let RegexValue::Template(template) = value {
            self.template(template);
            self.regex_text(template);
        }
    }

    pub(super) fn regex_text(&mut self, template: &Template) {
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

    pub(super) fn filter(&mut self, filter: &Filter) {
        let at = &filter.source_info;
        match &filter.value {
            FilterValue::XPath { .. } => {
                self.refuse(at, "xpath is not supported", "use regex on the text");
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

    pub(super) fn predicate(&mut self, predicate: &Predicate) {
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
                self.refuse(&at, "countEquals is no longer Hurl", "write count ==");
            }
            P::StartWith { value, .. } | P::EndWith { value, .. } | P::Contain { value, .. } => {
                self.predicate_value(value, &at);
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

    pub(super) fn comparison(
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

    pub(super) fn predicate_value(&mut self, value: &PredicateValue, at: &SourceInfo) {
        match value {
            PredicateValue::String(template) => self.template(template),
            PredicateValue::MultilineString(multiline) => self.multiline(multiline, at),
            PredicateValue::Integer(value) if !self.is_written(*value, at) => {
                let fix = "compare it as a string, or with a regular expression";
                self.refuse(at, "a number this large does not fit 64 bits", fix);
            }
            PredicateValue::Expression(expr) => {
                self.expr(expr);
                self.closing_braces(at.start.line);
            }
            _ => {}
        }
    }

    /// The parser folds an integer beyond 63 bits into them; the text tells.
    fn is_written(&self, value: i64, at: &SourceInfo) -> bool {
        // Combining characters have no column, for the parser.
        let mut column = 1;
        let mut text = self.line(at.start.line).chars().skip_while(|c| {
            let before = column < at.start.column;
            column += usize::from(!('\u{301}'..'\u{36f}').contains(c));
            before
        });
        let digits: String = text
            .by_ref()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect();
        digits == value.unsigned_abs().to_string()
    }
}
