//! The adapter against the GitHub of tests.

mod conformance;
mod costs;
mod credentials;
mod limits;
mod support;
