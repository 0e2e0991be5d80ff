//! The functions as they are deployed: the template in MiniStack with IAM enforced, GitHub,
//! Telegram and CodePipeline on loopback, and everything asked for from outside.
//!
//! `make e2e` builds the functions first; these tests deploy what is in `.build/lambda`, once for
//! all of them.

mod app;
mod aws;
mod bad_days;
mod breaks;
mod counted;
mod foreign;
mod heard;
mod promotion;
mod push;
mod samples;
mod services;
mod site;
mod stack;
mod stand_in;
mod table;
mod wire;
