//! The window in which a service that is not up yet is waited for.

use std::time::Duration;

use reqwest::Client;
use tokio::time::Instant;

use crate::cookies::Jar;
use crate::exchange::{self, Cause, Manner};
use crate::reach::Reach;
use crate::request::{Request, parse_url};

/// A probe that takes longer counts as no answer.
const PROBE_MAX: Duration = Duration::from_secs(5);
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Waits until `base_url` answers with anything but 502, 503 or 504, which a proxy says for a
/// service that is not there.
///
/// # Errors
/// A sentence, when `window` is over or waiting cannot help.
pub(crate) async fn wait(
    client: &Client,
    reach: &Reach,
    base_url: &str,
    window: Duration,
) -> Result<(), String> {
    let url = parse_url(base_url)?;
    reach
        .vet_literal(&url)
        .map_err(|refused| refused.to_string())?;
    let deadline = Instant::now() + window;
    let request = Request {
        method: "GET".to_owned(),
        url,
        headers: vec![],
        cookies: vec![],
        body: vec![],
        content_type: None,
        credentials: None,
    };
    let mut pause = PAUSE_MIN;
    loop {
        // At least one probe is made, and each has a moment even at the very end.
        let left = deadline
            .saturating_duration_since(Instant::now())
            .max(PAUSE_MIN);
        let manner = Manner {
            follow: false,
            redirects_max: 0,
            compressed: false,
            timeout: left.min(PROBE_MAX),
        };
        let why = match exchange::send(client, reach, &mut Jar::default(), &request, manner).await {
            Ok(answer) if matches!(answer.status, 502..=504) => {
                format!("it answered {}", answer.status)
            }
            Ok(_) => return Ok(()),
            Err(none) if none.cause == Cause::Refused => return Err(none.message),
            // An answer too large to read is an answer.
            Err(none) if none.cause == Cause::TooLarge => return Ok(()),
            Err(none) => none.message,
        };
        if Instant::now() + pause > deadline {
            return Err(format!(
                "could not reach {base_url} within {window:?}: {why}"
            ));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
