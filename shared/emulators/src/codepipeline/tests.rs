//! What the stand-in promises, over HTTP.

mod calls;
mod modes;
mod outside;
mod runs;
mod support;
mod templates;
