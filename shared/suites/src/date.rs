//! Dates: the format specifiers Hurl's library and ours read alike, and the dates of cookies.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// What a format may hold; each means the same to chrono, which Hurl uses, and to jiff.
const SPECIFIERS: &[&str] = &[
    "%Y", "%m", "%d", "%H", "%M", "%S", "%y", "%j", "%e", "%b", "%B", "%a", "%A", "%p", "%I", "%F",
    "%T", "%z", "%:z", "%%",
];

/// The same, for a fix.
pub(crate) const SPECIFIERS_HELP: &str =
    "use %Y %m %d %H %M %S %y %j %e %b %B %a %A %p %I %F %T %z %:z %%";

/// The first specifier of `format` that is not supported.
pub(crate) fn unknown_specifier(format: &str) -> Option<String> {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        rest = &rest[at..];
        match SPECIFIERS.iter().find(|known| rest.starts_with(**known)) {
            Some(known) => rest = &rest[known.len()..],
            None => return Some(rest.chars().take(2).collect()),
        }
    }
    None
}

/// The instant `text` tells in `format`: with an offset if the format has one, otherwise UTC; a
/// format without a time means midnight.
pub(crate) fn parse(format: &str, text: &str) -> Option<Timestamp> {
    // Hurl takes an offset with or without a colon for either of its specifiers.
    let lenient = if format.contains("%:z") {
        format.replace("%:z", "%z")
    } else {
        format.replace("%z", "%:z")
    };
    let parsed = BrokenDownTime::parse(format, text)
        .or_else(|_| BrokenDownTime::parse(&lenient, text))
        .ok()?;
    if parsed.offset().is_some() {
        return parsed.to_timestamp().ok();
    }
    let civil: DateTime = match parsed.to_datetime() {
        Ok(civil) if parsed.hour().is_some() => civil,
        _ if parsed.hour().is_none() => parsed
            .to_date()
            .ok()?
            .to_datetime(jiff::civil::Time::midnight()),
        _ => return None,
    };
    civil
        .to_zoned(TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// `date` in `format`, in UTC.
pub(crate) fn format(format: &str, date: Timestamp) -> Option<String> {
    jiff::fmt::strtime::format(format, &date.to_zoned(TimeZone::UTC)).ok()
}

/// Whole days from `from` to `to`, towards zero.
pub(crate) fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs() / 86_400
}

/// The date of a cookie's `Expires`: RFC 2822, or with dashes as old servers write it.
pub(crate) fn parse_cookie(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    rfc2822::parse(text)
        .ok()
        .map(|zoned| zoned.timestamp())
        .or_else(|| parse("%a, %d-%b-%Y %H:%M:%S GMT", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_with_its_offset_or_as_utc() {
        let noon: Timestamp = "2024-02-29T12:00:00Z".parse().unwrap();
        assert_eq!(
            parse("%Y-%m-%dT%H:%M:%S%z", "2024-02-29T13:00:00+0100"),
            Some(noon)
        );
        assert_eq!(
            parse("%Y-%m-%d %H:%M:%S", "2024-02-29 12:00:00"),
            Some(noon)
        );
        assert_eq!(
            parse("%Y-%m-%d", "2024-02-29"),
            Some("2024-02-29T00:00:00Z".parse().unwrap())
        );
        assert_eq!(parse("%Y-%m-%d", "2023-02-29"), None);
    }

    #[test]
    fn an_unsupported_specifier_is_found() {
        assert_eq!(unknown_specifier("%Y-%m-%dT%H:%M:%S%:z 100%%"), None);
        assert_eq!(unknown_specifier("%Y %Q"), Some("%Q".to_owned()));
        assert_eq!(unknown_specifier("%"), Some("%".to_owned()));
    }

    #[test]
    fn cookie_dates_are_read_in_both_forms() {
        let expected: Timestamp = "2021-01-13T22:23:01Z".parse().unwrap();
        assert_eq!(
            parse_cookie("Wed, 13 Jan 2021 22:23:01 GMT"),
            Some(expected)
        );
        assert_eq!(
            parse_cookie("Wed, 13-Jan-2021 22:23:01 GMT"),
            Some(expected)
        );
    }
}
