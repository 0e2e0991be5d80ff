//! One suite per port; an adapter is one that passes it.

pub mod source;
pub mod store;
pub mod store_model;
