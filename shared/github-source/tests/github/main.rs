//! The adapter against the GitHub of tests.

mod commit_statuses;
mod conformance;
mod costs;
mod credentials;
mod limits;
mod support;
