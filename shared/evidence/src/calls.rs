//! Which operations of an API the requests of its tests call.
//!
//! Methods must be the same, and paths fit segment by segment: `GET {{base_url}}/orders/{{id}}`
//! and `GET /orders/42` call `GET /orders/{id}`. Of several paths that fit, the most literal one
//! is meant, as OpenAPI has it: `/orders/search` is never a call of `/orders/{id}`.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_core::evidence::{Api, Group, NAMED_MAX, SuiteRead};

use crate::openapi::{OpenApi, Operation};

/// A request of a test, as it is written: its address may hold `{{variables}}`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    pub method: String,
    pub url: String,
}

/// A suite's requests, or why they are not known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuiteCalls {
    /// The suite's glob.
    pub files: String,
    pub calls: Result<Vec<Call>, String>,
}

/// Of one suite; the others are not looked at.
const CALLS_MAX: usize = 10_000;
/// Stands for a variable's text inside a segment; no address holds it.
const ANY: char = '\u{1}';

/// What `document` describes, and which of the `suites` call what of it.
pub fn api(document: &OpenApi, suites: &[SuiteCalls]) -> Api {
    let routes = Routes::of(document);
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); document.operations.len()];
    let mut read = Vec::with_capacity(suites.len());
    for (place, suite) in suites.iter().enumerate() {
        let problem = match &suite.calls {
            Ok(calls) => {
                for operation in routes.called_by(calls) {
                    callers[operation].push(place);
                }
                None
            }
            Err(why) => Some(why.clone()),
        };
        read.push(SuiteRead {
            files: suite.files.clone(),
            problem,
        });
    }
    let lacking = |operation: &Operation| {
        let lacks = operation.lacks.as_ref()?;
        Some(format!("{}: {lacks}", operation.name()))
    };
    let undocumented: Vec<String> = document.operations.iter().filter_map(lacking).collect();
    Api {
        operations: count(document.operations.len()),
        suites: read,
        groups: groups(document, callers),
        undocumented: count(undocumented.len()),
        named: undocumented.into_iter().take(NAMED_MAX).collect(),
        document: None,
    }
}

fn groups(document: &OpenApi, callers: Vec<Vec<usize>>) -> Vec<Group> {
    let mut groups: BTreeMap<Vec<usize>, Vec<String>> = BTreeMap::new();
    for (operation, suites) in document.operations.iter().zip(callers) {
        groups.entry(suites).or_default().push(operation.name());
    }
    groups
        .into_iter()
        .map(|(suites, mut named)| {
            let count = count(named.len());
            named.truncate(NAMED_MAX);
            Group {
                suites,
                count,
                named,
            }
        })
        .collect()
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

type Route<'a> = (usize, Vec<Segment<'a>>);

/// The operations, by what a call must have in common with them.
struct Routes<'a> {
    /// By method and number of segments; each with its place in the document.
    by_shape: BTreeMap<(&'a str, usize), Vec<Route<'a>>>,
    bases: Vec<Vec<&'a str>>,
}

impl<'a> Routes<'a> {
    fn of(document: &'a OpenApi) -> Self {
        let mut by_shape: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (place, operation) in document.operations.iter().enumerate() {
            let segments: Vec<Segment<'_>> = split(&operation.path).map(Segment::of).collect();
            by_shape
                .entry((operation.method.as_str(), segments.len()))
                .or_default()
                .push((place, segments));
        }
        let bases = document.bases.iter().map(|base| split(base).collect());
        Self {
            by_shape,
            bases: bases.collect(),
        }
    }

    fn called_by(&self, calls: &[Call]) -> BTreeSet<usize> {
        calls
            .iter()
            .take(CALLS_MAX)
            .filter_map(|call| self.meant(call))
            .collect()
    }

    /// The operation a call means.
    fn meant(&self, call: &Call) -> Option<usize> {
        let path = path_of(&call.url);
        let segments: Vec<&str> = split(&path).collect();
        let method = call.method.to_ascii_uppercase();
        self.fitting(&method, &segments).or_else(|| {
            self.bases.iter().find_map(|base| {
                let rest = segments.strip_prefix(base.as_slice())?;
                self.fitting(&method, rest)
            })
        })
    }

    fn fitting(&self, method: &str, segments: &[&str]) -> Option<usize> {
        let routes = self.by_shape.get(&(method, segments.len()))?;
        let fits = |route: &[Segment<'_>]| {
            let mut pairs = route.iter().zip(segments);
            pairs.all(|(segment, text)| segment.fits(text))
        };
        // False comes before true: what is literal earlier is meant.
        let literal = |route: &[Segment<'_>]| -> Vec<bool> {
            route.iter().map(|segment| !segment.is_literal()).collect()
        };
        routes
            .iter()
            .filter(|(_, route)| fits(route))
            .min_by_key(|(place, route)| (literal(route), *place))
            .map(|(place, _)| *place)
    }
}

/// A segment of a path template: literal texts with a parameter between each two of them.
struct Segment<'a>(Vec<&'a str>);

impl<'a> Segment<'a> {
    fn of(text: &'a str) -> Self {
        let mut literals = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((_, after)) = after.split_once('}') else {
                break;
            };
            literals.push(before);
            rest = after;
        }
        literals.push(rest);
        Self(literals)
    }

    fn is_literal(&self) -> bool {
        self.0.len() == 1
    }

    /// Whether a call's segment fits; each parameter takes at least one character.
    fn fits(&self, text: &str) -> bool {
        let [first, between @ .., last] = self.0.as_slice() else {
            return self.0.first() == Some(&text);
        };
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        for literal in between {
            let Some(at) = after_one(rest).and_then(|(skipped, tail)| {
                let found = tail.find(literal)?;
                Some(skipped + found + literal.len())
            }) else {
                return false;
            };
            rest = &rest[at..];
        }
        after_one(rest).is_some_and(|(_, tail)| tail.ends_with(last))
    }
}

/// The first character's length and what follows it.
fn after_one(text: &str) -> Option<(usize, &str)> {
    let length = text.chars().next()?.len_utf8();
    Some((length, &text[length..]))
}

/// The path of an address, with [`ANY`] for each variable in it.
fn path_of(url: &str) -> String {
    let mut marked = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((_, after)) = after.split_once("}}") else {
            break;
        };
        marked.push_str(before);
        marked.push(ANY);
        rest = after;
    }
    marked.push_str(rest);
    let end = marked.find(['?', '#']).unwrap_or(marked.len());
    let address = &marked[..end];
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        // The variable that leads is where the stage answers.
        None => address.strip_prefix(ANY).unwrap_or(address),
    };
    path.to_owned()
}

/// The segments of a path; a slash at its end changes nothing.
fn split(path: &str) -> impl Iterator<Item = &str> {
    let path = path.trim_start_matches('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').filter(move |_| !path.is_empty())
}

#[cfg(test)]
mod tests;
