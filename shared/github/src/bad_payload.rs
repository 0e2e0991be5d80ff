//! Why a webhook's body is not the event its header names. Each is answered with 400.

/// What is wrong, as a sentence for whoever reads the hook's delivery log.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadPayload {
    /// Not JSON at all, or cut off.
    #[error("the body is not JSON: {why}")]
    NotJson { why: String },
    /// JSON, but an array, a number, ...
    #[error("the body is not a JSON object, which every GitHub event is")]
    NotAnObject,
    /// A field that this event always has is absent or null.
    #[error("the {event} event has no `{field}`")]
    Missing {
        event: &'static str,
        field: &'static str,
    },
    /// A field has a type or a value that GitHub never sends.
    #[error("`{field}` of the {event} event {why}")]
    Unusable {
        event: &'static str,
        field: String,
        why: String,
    },
}
