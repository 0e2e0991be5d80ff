//! Calls to other emulated services.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::options::{Endpoint, Functions, Secrets};
use super::service::Service;
use super::sign;

/// Status and body of the answer.
type Answered = Result<(u16, Value), String>;

async fn post(
    service: &Service,
    endpoint: &Endpoint,
    name: &str,
    path: &str,
    further: &[(&str, &str)],
    body: &Value,
) -> Answered {
    let address = reqwest::Url::parse(&endpoint.url).map_err(|error| error.to_string())?;
    let address = address.join(path).map_err(|error| error.to_string())?;
    let host = match (address.host_str(), address.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return Err(format!("{} has no host", endpoint.url)),
    };
    let body = body.to_string();
    let mut headers = vec![("host", host.as_str())];
    headers.extend(further);
    headers.sort_unstable();
    let signed = sign::headers(
        endpoint,
        name,
        address.path(),
        &headers,
        body.as_bytes(),
        Timestamp::now(),
    );
    let mut request = service.http.post(address);
    for (name, value) in further {
        request = request.header(*name, *value);
    }
    for (name, value) in &signed {
        request = request.header(*name, value);
    }
    let answer = request
        .body(body)
        .send()
        .await
        .map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    Ok((
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    ))
}

fn must_be_well((status, body): (u16, Value)) -> Result<Value, String> {
    if (200..300).contains(&status) {
        Ok(body)
    } else {
        Err(format!("status {status}: {body}"))
    }
}

/// Invokes a function and does not wait for it.
pub(super) async fn invoke(
    service: &Service,
    endpoint: &Endpoint,
    name: &str,
    event: &Value,
) -> Result<(), String> {
    let path = format!("/2015-03-31/functions/{name}/invocations");
    let headers = [
        ("content-type", "application/json"),
        ("x-amz-invocation-type", "Event"),
    ];
    let answer = post(service, endpoint, "lambda", &path, &headers, event).await?;
    must_be_well(answer).map(drop)
}

/// Has a function perform a job.
pub(super) async fn perform(service: &Service, name: &str, event: Value) -> Result<(), String> {
    match &service.options.functions {
        Functions::Endpoint(endpoint) => invoke(service, endpoint, name, &event).await,
        Functions::Call(call) => {
            call(name, event);
            Ok(())
        }
    }
}

/// Puts an event on the default bus; the bus makes the envelope.
pub(super) async fn put_event(
    service: &Service,
    endpoint: &Endpoint,
    source: &str,
    event: &Value,
) -> Result<(), String> {
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "AWSEvents.PutEvents"),
    ];
    let entry = json!({
        "Source": source,
        "DetailType": event["detail-type"],
        "Detail": event["detail"].to_string(),
        "Resources": event["resources"],
    });
    let body = json!({"Entries": [entry]});
    let answer = must_be_well(post(service, endpoint, "events", "/", &headers, &body).await?)?;
    match answer["FailedEntryCount"].as_u64() {
        Some(0) => Ok(()),
        _ => Err(answer.to_string()),
    }
}

/// The value a reference of a build stands for: `<id or ARN>[:<key>[:<stage>[:<version>]]]`.
pub(super) async fn secret(service: &Service, reference: &str) -> Result<String, String> {
    let (id, rest) = split_reference(reference);
    let mut rest = rest.split(':');
    let key = rest.next().filter(|key| !key.is_empty());
    let text = match &service.options.secrets {
        Secrets::Fixed(all) => all
            .get(id)
            .cloned()
            .ok_or_else(|| "Secrets Manager can't find the specified secret.".to_owned())?,
        Secrets::Endpoint(endpoint) => {
            let headers = [
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", "secretsmanager.GetSecretValue"),
            ];
            let mut body = json!({"SecretId": id});
            for name in ["VersionStage", "VersionId"] {
                if let Some(value) = rest.next().filter(|value| !value.is_empty()) {
                    body[name] = json!(value);
                }
            }
            let answer = post(service, endpoint, "secretsmanager", "/", &headers, &body).await?;
            let answer = must_be_well(answer)?;
            let text = answer["SecretString"].as_str();
            text.ok_or_else(|| "the secret has no text".to_owned())?
                .to_owned()
        }
    };
    let Some(key) = key else {
        return Ok(text);
    };
    let parsed: Value =
        serde_json::from_str(&text).map_err(|_| "the secret is not JSON".to_owned())?;
    match &parsed[key] {
        Value::String(value) => Ok(value.clone()),
        Value::Null => Err(format!("the secret has no key {key}")),
        other => Ok(other.to_string()),
    }
}

/// An ARN has six colons before the name's end; a plain id has none.
fn split_reference(reference: &str) -> (&str, &str) {
    let nth = if reference.starts_with("arn:") { 6 } else { 0 };
    let end = reference.match_indices(':').nth(nth).map(|(at, _)| at);
    match end {
        Some(end) => (&reference[..end], &reference[end + 1..]),
        None => (reference, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_secret_and_what_of_it() {
        let arn = "arn:aws:secretsmanager:eu-central-1:1:secret:a/b-x1";
        assert_eq!(split_reference("a/b"), ("a/b", ""));
        assert_eq!(split_reference("a/b:key"), ("a/b", "key"));
        assert_eq!(split_reference(arn), (arn, ""));
        assert_eq!(
            split_reference(&format!("{arn}:key:AWSCURRENT")),
            (arn, "key:AWSCURRENT")
        );
    }
}
