//! Suites run against real services on this machine.

#[path = "../common/corpus.rs"]
mod corpus;
mod harness;
mod limits;
mod reach;
mod report;
#[path = "../common/server.rs"]
mod server;
mod verdicts;
