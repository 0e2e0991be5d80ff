//! Bodies that are not what their header says: always a sentence that names the field.

use serde_json::{Value, json};

use super::*;

fn refusal(name: &str, body: &[u8]) -> String {
    match normalise(name, body) {
        Err(bad) => bad.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The body with the field at `pointer` set, or removed.
fn with(body: &str, pointer: &str, value: Option<Value>) -> String {
    let mut body: Value = serde_json::from_str(body).unwrap();
    let (holder, name) = pointer.rsplit_once('/').unwrap();
    let holder = body.pointer_mut(holder).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => holder.insert(name.to_owned(), value),
        None => holder.remove(name),
    };
    body.to_string()
}

#[test]
fn each_needed_field_is_named_when_it_is_absent_or_null() {
    let needed = [
        ("push", "/ref"),
        ("push", "/before"),
        ("push", "/after"),
        ("push", "/created"),
        ("push", "/forced"),
        ("push", "/repository"),
        ("push", "/repository/id"),
        ("push", "/repository/full_name"),
        ("push", "/repository/default_branch"),
        ("pull_request", "/action"),
        ("pull_request", "/number"),
        ("pull_request", "/pull_request"),
        ("pull_request", "/pull_request/head"),
        ("pull_request", "/pull_request/head/ref"),
        ("pull_request", "/pull_request/head/sha"),
        ("pull_request", "/pull_request/base"),
        ("pull_request", "/pull_request/base/ref"),
        ("pull_request", "/pull_request/labels"),
        ("pull_request", "/pull_request/author_association"),
        ("pull_request", "/repository"),
        ("ping", "/hook_id"),
    ];
    for (name, pointer) in needed {
        let body = match name {
            "push" => push().body(),
            "ping" => ping(&repository(), 1, &alice()),
            _ => pull_request().body(),
        };
        let field = pointer[1..].replace('/', ".");
        let expected = format!("the {name} event has no `{field}`");
        for value in [None, Some(Value::Null)] {
            let body = with(&body, pointer, value);
            assert_eq!(refusal(name, body.as_bytes()), expected);
        }
    }
}

#[test]
fn a_field_of_another_type_or_value_is_named() {
    let cases = [
        ("/ref", json!(5), "is not what it should be: invalid type"),
        ("/ref", json!("develop"), "does not begin with `refs/`"),
        ("/ref", json!("refs/heads/a\nb"), "control characters"),
        ("/after", json!("abc"), "40 or 64 lower-case hexadecimal"),
        ("/after", json!(SHA.to_uppercase()), "lower-case"),
        ("/created", json!("yes"), "invalid type"),
        ("/repository", json!([1, "a/b"]), "expected an object"),
        ("/repository/id", json!(-1), "expected u64"),
        ("/repository/id", json!(0), "is not an id"),
        ("/repository/id", json!(u64::MAX), "is not an id"),
        ("/repository/id", json!(1.5), "expected u64"),
        (
            "/repository/full_name",
            json!("orders"),
            "is not `owner/name`",
        ),
        (
            "/repository/full_name",
            json!("a/b/c"),
            "is not `owner/name`",
        ),
        ("/repository/full_name", json!("a/\u{7}"), "control"),
        ("/repository/default_branch", json!(""), "is empty"),
        ("/sender/login", json!("x".repeat(101)), "longer than 100"),
        ("/pusher/name", json!({}), "expected a text"),
    ];
    for (pointer, value, expected) in cases {
        let body = with(&push().body(), pointer, Some(value));
        let told = refusal("push", body.as_bytes());
        let field = format!("`{}` of the push event", pointer[1..].replace('/', "."));
        assert!(told.starts_with(&field), "{told}");
        assert!(told.contains(expected), "{told}");
    }
    let body = with(
        &pull_request().body(),
        "/pull_request/labels",
        Some(json!([{ "name": "a" }, { "name": 7 }])),
    );
    let told = refusal("pull_request", body.as_bytes());
    assert!(
        told.starts_with("`pull_request.labels[1].name` of"),
        "{told}"
    );
}

#[test]
fn what_is_no_json_object_at_all_is_told() {
    for (body, expected) in [
        ("", "is not JSON: EOF"),
        ("payload=%7B%7D", "is not JSON: expected value"),
        (&push().body()[..500], "is not JSON: EOF"),
        ("[]", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ("  \"push\"", "is not a JSON object"),
        ("{} {}", "is not JSON: trailing"),
    ] {
        let told = refusal("push", body.as_bytes());
        assert!(told.contains(expected), "{told}");
    }
    assert!(refusal("push", b"\xff\xfe{").contains("is not JSON"));
}

#[test]
fn a_field_given_twice_is_refused_because_two_readers_could_differ() {
    let body = push()
        .body()
        .replacen('{', r#"{"ref":"refs/heads/prod","#, 1);
    assert!(refusal("push", body.as_bytes()).contains("duplicate field `ref`"));
}

#[test]
fn a_sentence_stays_short_whatever_it_quotes() {
    let body = with(&push().body(), "/created", Some(json!("x".repeat(1 << 20))));
    let told = refusal("push", body.as_bytes());
    assert!(told.len() < 300, "{} bytes", told.len());
}

#[test]
fn half_an_emoji_in_a_message_loses_no_push_but_in_a_name_it_is_refused() {
    let broken = push().body().replace("Add coupons", r"Add \ud83d coupons");
    let subject = event("push", &broken).subject.unwrap();
    assert_eq!(subject, "Add \u{fffd}\u{fffd}\u{fffd} coupons");
    let broken = push().body().replace("heads/feature", r"heads/\ud83d");
    let told = refusal("push", broken.as_bytes());
    assert!(told.ends_with("in `ref`"), "{told}");
}

#[test]
fn depth_and_length_of_what_is_not_read_do_not_matter() {
    let deep = format!(r#"{{"x":{}{},"#, "[".repeat(1 << 20), "]".repeat(1 << 20));
    let body = push().body().replacen('{', &deep, 1);
    assert_eq!(event("push", &body), event("push", &push().body()));

    let mut many = push();
    many.commits = vec![commit("One of very many"); 2_048];
    assert_eq!(event("push", &many.body()), event("push", &push().body()));

    let unclosed = format!(r#"{{"repository":{}"#, r#"{"owner":"#.repeat(1 << 18));
    assert!(refusal("push", unclosed.as_bytes()).contains("is not JSON"));
}

#[test]
fn hostile_names_come_through_as_they_are_and_hostile_subjects_on_one_line() {
    for name in ["feature/$(rm -rf ~)", "../..", "<b>\u{202e}x</b>"] {
        let mut payload = push();
        payload.reference = format!("refs/heads/{name}");
        let What::Push(push) = event("push", &payload.body()).what else {
            panic!("a branch")
        };
        assert_eq!(push.reference.branch(), Some(name));
    }
    let mut payload = push();
    payload.head_commit = Some(commit("\n <i>\u{1b}[31mred\u{0}\r\nsecond"));
    let subject = event("push", &payload.body()).subject;
    assert_eq!(subject.as_deref(), Some("<i> [31mred"));
}
