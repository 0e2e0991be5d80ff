//! What is refused in requests.

use hurl_core::ast::{
    Comment, EntryOption, Header, LineTerminator, MultipartParam, Request, Retry, SectionValue,
    Template, TemplateElement, VariableValue,
};

use super::Judge;

impl Judge<'_> {
    pub(super) fn request(&mut self, request: &Request) {
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
                    options.iter().for_each(|option| self.option(option));
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
    pub(super) fn comments(&mut self, terminators: &[LineTerminator], before: usize) {
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

    pub(super) fn url(&mut self, url: &Template) {
        self.template(url);
        self.closing_braces(url.source_info.start.line);
        let is_foreign = |element: &TemplateElement| matches!(element, TemplateElement::String { value, .. } if !value.is_ascii());
        if url.elements.iter().any(is_foreign) {
            self.refuse(
                &url.source_info,
                "a URL is ASCII",
                "percent-encode the other characters, such as ü as %C3%BC",
            );
        }
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

    pub(super) fn headers(&mut self, headers: &[Header]) {
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

    pub(super) fn multipart(&mut self, params: &[MultipartParam]) {
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

    pub(super) fn option(&mut self, option: &EntryOption) {
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
}
