//! Changes of a JSON text, as lines.

use serde_json::Value;

use crate::number_of;

/// More changes than this make nothing new.
const CHANGES_MAX: usize = 40;

/// Makes one change for each line: the first word says where, as a JSON pointer or else by its
/// bytes; the rest is the new value, as JSON or, if it is none, as text. `-` takes the value away,
/// `=` in front of the rest renames its key.
pub fn edit(value: &mut Value, lines: &[u8]) {
    for line in lines.split(|byte| *byte == b'\n').take(CHANGES_MAX) {
        if !line.is_empty() {
            change(value, &String::from_utf8_lossy(line));
        }
    }
}

fn change(value: &mut Value, line: &str) {
    let (place, new) = line.split_once(' ').unwrap_or((line, "-"));
    let mut places = Vec::new();
    list(value, String::new(), &mut places);
    let index = usize::try_from(number_of(place.as_bytes())).unwrap_or(0) % places.len();
    // A place that is written out is that place.
    let known = places.iter().find(|known| *known == place);
    let place = known.unwrap_or(&places[index]).clone();
    let Some((parent, key)) = place.rsplit_once('/') else {
        *value = read(new);
        return;
    };
    let key = key.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(object)) => match (new, new.strip_prefix('=')) {
            ("-", _) => drop(object.remove(&key)),
            (_, Some(name)) => {
                if let Some(old) = object.remove(&key) {
                    object.insert(name.to_owned(), old);
                }
            }
            _ => drop(object.insert(key, read(new))),
        },
        Some(Value::Array(array)) => {
            let at = key.parse().unwrap_or(0);
            match new {
                "-" => drop(array.remove(at)),
                _ => array[at] = read(new),
            }
        }
        _ => {}
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Every place in it, as a JSON pointer.
fn list(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                let key = key.replace('~', "~0").replace('/', "~1");
                list(inner, format!("{place}/{key}"), places);
            }
        }
        Value::Array(array) => {
            for (index, inner) in array.iter().enumerate() {
                list(inner, format!("{place}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}
