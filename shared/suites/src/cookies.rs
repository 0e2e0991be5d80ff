//! The cookies of one file's run, kept and sent as curl does for Hurl.

use std::cmp::Reverse;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::date;

/// More are not kept; a stage that sets so many is not testing anything.
const COOKIES_MAX: usize = 300;
/// A longer cookie is ignored.
const COOKIE_BYTES_MAX: usize = 8 * 1024;

#[derive(Clone, Debug)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    expires: Option<Timestamp>,
}

/// A jar. In the order set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<Cookie>,
}

impl Jar {
    /// Keeps, replaces or removes the cookie of one `Set-Cookie` header of an answer from `url`.
    pub fn store(&mut self, url: &Url, header: &str, now: Timestamp) {
        let Some(cookie) = read(url, header, now) else {
            return;
        };
        let same = |kept: &Cookie| {
            kept.name == cookie.name && kept.domain == cookie.domain && kept.path == cookie.path
        };
        let place = self.cookies.iter().position(same);
        let expired = cookie.expires.is_some_and(|expires| expires <= now);
        match place {
            Some(index) if expired => {
                self.cookies.remove(index);
            }
            Some(index) => self.cookies[index] = cookie,
            None if !expired && self.cookies.len() < COOKIES_MAX => self.cookies.push(cookie),
            None => {}
        }
    }

    /// The `Cookie` header of a request to `url`; `None` without cookies.
    pub fn header(&self, url: &Url, now: Timestamp) -> Option<String> {
        let host = url.host_str()?.to_ascii_lowercase();
        let mut sent: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.expires.is_none_or(|expires| expires > now))
            .filter(|cookie| !cookie.secure || is_secure(url))
            .filter(|cookie| {
                if cookie.host_only {
                    host == cookie.domain
                } else {
                    is_within(&host, &cookie.domain)
                }
            })
            .filter(|cookie| covers(&cookie.path, url.path()))
            .collect();
        sent.sort_by_key(|cookie| {
            Reverse((cookie.path.len(), cookie.domain.len(), cookie.name.len()))
        });
        let pairs: Vec<String> = sent
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

fn read(url: &Url, header: &str, now: Timestamp) -> Option<Cookie> {
    if header.len() > COOKIE_BYTES_MAX || header.chars().any(|c| c.is_control() && c != '\t') {
        return None;
    }
    let host = url.host_str()?.to_ascii_lowercase();
    let mut parts = header.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() {
        return None;
    }
    let path = default_path(url.path());
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: host.clone(),
        host_only: true,
        path,
        secure: false,
        expires: None,
    };
    let mut max_age = None;
    for part in parts {
        let (key, value) = part.split_once('=').map_or_else(
            || (part.trim(), ""),
            |(key, value)| (key.trim(), value.trim()),
        );
        match key.to_ascii_lowercase().as_str() {
            "secure" => cookie.secure = true,
            "path" if value.starts_with('/') => {
                cookie.path = if value.len() > 1 {
                    value.trim_end_matches('/').to_owned()
                } else {
                    value.to_owned()
                }
            }
            "domain" if !value.is_empty() => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
                let fits = if is_address {
                    domain == host
                } else {
                    is_within(&host, &domain) && (domain.contains('.') || domain == "localhost")
                };
                if !fits {
                    return None;
                }
                cookie.host_only = is_address;
                cookie.domain = domain;
            }
            "max-age" => max_age = value.trim_matches('"').parse::<i64>().ok().or(max_age),
            "expires" => cookie.expires = date::parse_cookie(value),
            _ => {}
        }
    }
    if let Some(seconds) = max_age {
        let expires = if seconds <= 0 {
            Ok(Timestamp::UNIX_EPOCH)
        } else {
            now.checked_add(SignedDuration::from_secs(seconds))
        };
        cookie.expires = Some(expires.unwrap_or(Timestamp::MAX));
    }
    let secure_name = cookie.name.starts_with("__Secure-") || cookie.name.starts_with("__Host-");
    let host_name = cookie.name.starts_with("__Host-");
    let breaks_prefix =
        (secure_name && !cookie.secure) || (host_name && (!cookie.host_only || cookie.path != "/"));
    let breaks_secure = cookie.secure && !is_secure(url);
    (!breaks_prefix && !breaks_secure).then_some(cookie)
}

/// The directory of a request's path.
fn default_path(path: &str) -> String {
    match path.rfind('/') {
        Some(0) | None => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

fn covers(cookie: &str, request: &str) -> bool {
    request
        .strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// This machine counts as secure, as it does for curl and browsers.
fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_cookie_goes_back_only_where_it_belongs() {
        let now = Timestamp::now();
        let mut jar = Jar::default();
        jar.store(
            &url("https://a.example.com/shop/cart"),
            "id=1; Path=/shop",
            now,
        );
        jar.store(
            &url("https://a.example.com/"),
            "all=2; Domain=example.com; Secure",
            now,
        );
        jar.store(
            &url("https://a.example.com/"),
            "evil=3; Domain=other.com",
            now,
        );
        jar.store(&url("https://a.example.com/"), "tld=3; Domain=com", now);
        assert_eq!(
            jar.header(&url("https://a.example.com/shop/x"), now)
                .as_deref(),
            Some("id=1; all=2")
        );
        assert_eq!(
            jar.header(&url("https://a.example.com/shopping"), now)
                .as_deref(),
            Some("all=2")
        );
        assert_eq!(
            jar.header(&url("http://a.example.com/shop"), now)
                .as_deref(),
            Some("id=1")
        );
        assert_eq!(
            jar.header(&url("https://b.example.com/shop"), now)
                .as_deref(),
            Some("all=2")
        );
        assert_eq!(jar.header(&url("https://notexample.com/"), now), None);
    }

    #[test]
    fn an_expired_cookie_is_removed() {
        let now = Timestamp::now();
        let mut jar = Jar::default();
        jar.store(&url("http://a.test/"), "id=1", now);
        jar.store(&url("http://a.test/"), "id=gone; Max-Age=0", now);
        assert_eq!(jar.header(&url("http://a.test/"), now), None);
        jar.store(
            &url("http://a.test/"),
            "id=2; Expires=Wed, 13 Jan 2021 22:23:01 GMT",
            now,
        );
        assert_eq!(jar.header(&url("http://a.test/"), now), None);
    }
}
