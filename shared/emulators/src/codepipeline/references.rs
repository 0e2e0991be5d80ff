//! `#{namespace.name}` in the configuration of actions.

use std::collections::BTreeMap;

/// Values by namespace and name.
pub(super) type Values = BTreeMap<String, BTreeMap<String, String>>;

/// The text with every reference replaced.
///
/// # Errors
/// The first reference that stands for nothing.
pub(super) fn resolve(text: &str, values: &Values) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("#{") {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        out.push_str(&rest[..start]);
        let reference = &rest[start + 2..start + length];
        let value = reference
            .split_once('.')
            .and_then(|(space, name)| values.get(space)?.get(name));
        out.push_str(value.ok_or_else(|| reference.to_owned())?);
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_unknown_ones_are_an_error() {
        let space: BTreeMap<_, _> = [("A".to_owned(), "1".to_owned())].into();
        let values: Values = [("variables".to_owned(), space)].into();
        let text = r##"{"x":"#{variables.A}","y":"a#b{c}"}"##;
        assert_eq!(
            resolve(text, &values),
            Ok(r##"{"x":"1","y":"a#b{c}"}"##.to_owned())
        );
        assert_eq!(
            resolve("#{variables.B}", &values),
            Err("variables.B".to_owned())
        );
        assert_eq!(resolve("#{A}", &values), Err("A".to_owned()));
        assert_eq!(
            resolve("#{variables.A", &values),
            Ok("#{variables.A".to_owned())
        );
    }
}
