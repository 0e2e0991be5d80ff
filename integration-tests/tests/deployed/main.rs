//! The functions as they are deployed: the template in MiniStack with IAM enforced, GitHub,
//! Telegram and CodePipeline on loopback, and everything asked for from outside.
//!
//! `make e2e` builds the functions first; these tests deploy what is in `.build/lambda`, once for
//! all of them.

mod app;
mod aws;
mod push;
mod site;
mod stack;
