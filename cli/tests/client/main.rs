//! Commands that talk to a server, against one that answers what the real one would.

mod acts;
#[cfg(unix)]
mod apply;
mod doctor;
mod failures;
mod looks;
mod program;
mod real;
mod samples;
mod server;
mod waits;
