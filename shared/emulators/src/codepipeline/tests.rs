//! What the stand-in promises, over HTTP.

mod calls;
mod modes;
mod runs;
mod support;
mod templates;
