//! JSONPath as RFC 9535, which Hurl follows since 8: no result is "nothing", one result is the
//! value itself, more are a list.

use serde_json_path::JsonPath;

use crate::value::Value;

/// Longer expressions are refused; nobody reads them.
const LENGTH_MAX: usize = 1000;
/// The expression parser recurses on brackets.
const NESTING_MAX: usize = 32;

/// Each `..` multiplies the work by the depth of the answer.
const DESCENTS_MAX: usize = 3;

/// Whether `expression` can be evaluated.
pub(crate) fn check(expression: &str) -> Result<JsonPath, String> {
    if expression.len() > LENGTH_MAX {
        return Err(format!("it is longer than {LENGTH_MAX} bytes"));
    }
    if expression
        .bytes()
        .filter(|b| matches!(b, b'(' | b'[' | b'!'))
        .count()
        > NESTING_MAX
    {
        return Err(format!("it has more than {NESTING_MAX} brackets"));
    }
    if expression.matches("..").count() > DESCENTS_MAX {
        return Err(format!("it has more than {DESCENTS_MAX} times `..`"));
    }
    JsonPath::parse(expression).map_err(|error| error.message().to_owned())
}

/// What `expression` selects in `json`.
pub(crate) fn select(json: &serde_json::Value, expression: &str) -> Result<Option<Value>, String> {
    let nodes = check(expression)?.query(json).all();
    Ok(match nodes.as_slice() {
        [] => None,
        [node] => Some(Value::from_json(node)),
        nodes => Some(Value::List(
            nodes.iter().map(|node| Value::from_json(node)).collect(),
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_result_is_the_value_and_several_are_a_list() {
        let json = serde_json::json!({"a": [1, 2], "b": [3]});
        assert_eq!(
            select(&json, "$.a[*]").unwrap(),
            Some(Value::List(vec![Value::Integer(1), Value::Integer(2)]))
        );
        assert_eq!(select(&json, "$.b[*]").unwrap(), Some(Value::Integer(3)));
        assert_eq!(select(&json, "$.c").unwrap(), None);
        assert!(select(&json, "a.b").is_err());
    }
}
