//! Instants as people say them. Programs get them absolute, in JSON.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp, Unit};

/// Milliseconds between this machine's clock and that of the server, which only a rehearsal has.
static MOVED: AtomicI64 = AtomicI64::new(0);

/// Now, by the clock of the server that was asked: that of a rehearsal is somewhere else.
pub fn now() -> Timestamp {
    let moved = SignedDuration::from_millis(MOVED.load(Ordering::Relaxed));
    let now = Timestamp::now();
    now.checked_add(moved).unwrap_or(now)
}

/// How far the clock of the server that was asked is moved, in seconds; `None` if it is not.
pub fn server_moved() -> Option<SignedDuration> {
    let moved = SignedDuration::from_secs(MOVED.load(Ordering::Relaxed) / 1_000);
    (!moved.is_zero()).then_some(moved)
}

/// The server said that its clock is moved so far.
pub fn server_is_moved(by: SignedDuration) {
    let by = i64::try_from(by.as_millis()).unwrap_or(0);
    MOVED.store(by, Ordering::Relaxed);
}

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

/// The instant itself, to the second.
pub fn instant(at: Timestamp) -> String {
    at.round(Unit::Second).unwrap_or(at).to_string()
}

/// A sentence of the core, in which instants are absolute, as it is said now: `since <instant>`
/// becomes `for 3m`, `until <instant>` becomes `for another 2h`.
pub fn said(sentence: &str, now: Timestamp) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        let bare = word.trim_end_matches([',', ';', ':', '.']);
        let Ok(at) = bare.parse::<Timestamp>() else {
            words.push(word.to_owned());
            continue;
        };
        let before = words.pop().unwrap_or_default();
        let spoken = match before.as_str() {
            "since" => format!("for {}", age(at, now)),
            "until" => format!("for another {}", age(now, at)),
            "at" => relative(at, now),
            "" => relative(at, now),
            other => format!("{other} {}", relative(at, now)),
        };
        words.push(format!(
            "{spoken}{}",
            word.get(bare.len()..).unwrap_or_default()
        ));
    }
    words.join(" ")
}

/// A length in its largest unit.
pub fn largest(length: SignedDuration) -> String {
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

    use super::{age, relative, said};

    #[test]
    fn instants_in_a_sentence_are_said_from_now() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().expect("an instant");
        let sentence = "run 3 deploys abc since 2026-03-01T11:57:00.123Z; it is stopped at 2026-03-01T12:50:00Z";
        assert_eq!(
            said(sentence, now),
            "run 3 deploys abc for 2m; it is stopped in 50m"
        );
        let sentence = "must stay green until 2026-03-01T15:00:00Z";
        assert_eq!(said(sentence, now), "must stay green for another 3h");
        assert_eq!(said("nothing  at all", now), "nothing  at all");
    }

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
