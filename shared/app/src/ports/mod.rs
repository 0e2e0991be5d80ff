//! What the app needs from outside, as few traits as there are kinds of outside.

pub mod pipelines;
pub mod secrets;
pub mod source;
pub mod store;
