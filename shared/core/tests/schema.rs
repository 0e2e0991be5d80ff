//! The published schema: the same as the types, and true about real files.

use std::path::Path;

use greenroom_core::stage_file::{StageFile, schema};
use serde_json::Value as Json;

#[test]
fn the_checked_in_schema_is_the_one_the_types_make() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/greenroom.schema.json");
    let made = format!("{:#}\n", schema());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).expect("the schema");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == kept,
        "docs/greenroom.schema.json is not what the types say; UPDATE=1 rewrites it"
    );
}

/// As much of JSON Schema as our schema uses.
fn accepts(root: &Json, schema: &Json, value: &Json) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        let found = root
            .pointer(name.trim_start_matches('#'))
            .expect("the reference");
        return accepts(root, found, value);
    }
    let any = schema["anyOf"].as_array();
    let word = schema["enum"].as_array();
    any.is_none_or(|all| all.iter().any(|one| accepts(root, one, value)))
        && word.is_none_or(|all| all.contains(value))
        && schema.get("const").is_none_or(|one| one == value)
        && has_type(&schema["type"], value)
        && value
            .as_array()
            .is_none_or(|all| all.iter().all(|one| accepts(root, &schema["items"], one)))
        && value.as_object().is_none_or(|map| {
            let required = schema["required"].as_array();
            required.is_none_or(|keys| {
                keys.iter()
                    .all(|key| map.contains_key(key.as_str().expect("a key")))
            }) && map.iter().all(|(key, value)| {
                let one = schema["properties"]
                    .get(key)
                    .unwrap_or_else(|| &schema["additionalProperties"]);
                *one != Json::Bool(false) && accepts(root, one, value)
            })
        })
}

fn has_type(types: &Json, value: &Json) -> bool {
    let is = |name: &Json| match name.as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is not known here"),
    };
    match types {
        Json::Null => true,
        Json::Array(all) => all.iter().any(is),
        one => is(one),
    }
}

fn json(text: &str) -> Json {
    serde_saphyr::from_str(text).expect("YAML")
}

#[test]
fn files_that_hold_are_accepted_and_unknown_keys_refused() {
    let schema = schema();
    for text in [
        include_str!("valid/design.yaml"),
        include_str!("valid/everything.yaml"),
    ] {
        let mut value = json(text);
        assert!(accepts(&schema, &schema, &value));
        value["stages"]["dev"]["verfy"] = Json::Bool(true);
        assert!(!accepts(&schema, &schema, &value));
        value["stages"]["dev"] = json("{ from: { branch: [a] } }");
        assert!(!accepts(&schema, &schema, &value));
    }
    assert!(!accepts(
        &schema,
        &schema,
        &json("{ version: 1, app: a/b }")
    ));
}

/// The YAML blocks of the reference.
fn examples(page: &str) -> impl Iterator<Item = &str> {
    let blocks = page.split("```yaml\n").skip(1);
    blocks.filter_map(|rest| rest.split("```").next())
}

#[test]
fn the_reference_shows_files_that_hold_and_leaves_no_key_out() {
    let page = include_str!("../../../docs/stage-file.md");
    assert!(examples(page).count() > 0);
    for text in examples(page) {
        let file = StageFile::parse("stage-file.md", text.as_bytes());
        assert!(file.is_ok_and(|file| file.warnings.is_empty()), "{text}");
    }
    let mut keys = Vec::new();
    collect_keys(&schema(), &mut keys);
    assert!(keys.len() > 40);
    let missing: Vec<&String> = keys
        .iter()
        .filter(|key| !page.contains(&format!("`{key}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn collect_keys(schema: &Json, keys: &mut Vec<String>) {
    let Some(map) = schema.as_object() else {
        return;
    };
    let properties = schema["properties"].as_object();
    keys.extend(properties.iter().flat_map(|all| all.keys().cloned()));
    map.values().for_each(|value| collect_keys(value, keys));
}
