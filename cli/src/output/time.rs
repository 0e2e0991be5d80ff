//! Instants as people say them. Programs get them absolute, in JSON.

use jiff::{SignedDuration, Timestamp};

const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];

/// How long ago, in the largest unit: `3m`, `2h`, `5d`.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    largest(now.duration_since(at))
}

/// `3m ago` or `in 2h`.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let since = now.duration_since(at);
    if since.is_negative() {
        format!("in {}", largest(since.abs()))
    } else {
        format!("{} ago", largest(since))
    }
}

fn largest(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    UNITS
        .into_iter()
        .find(|(unit, _)| seconds >= *unit)
        .map_or_else(
            || "0s".to_owned(),
            |(unit, name)| format!("{}{name}", seconds / unit),
        )
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{age, relative};

    #[test]
    fn instants_are_said_in_their_largest_unit() {
        let now = Timestamp::UNIX_EPOCH;
        let ago = |seconds| now - SignedDuration::from_secs(seconds);
        assert_eq!(age(ago(59), now), "59s");
        assert_eq!(age(ago(7199), now), "1h");
        assert_eq!(age(ago(200_000), now), "2d");
        assert_eq!(age(ago(-5), now), "0s");
        assert_eq!(relative(ago(61), now), "1m ago");
        assert_eq!(relative(ago(-61), now), "in 1m");
    }
}
