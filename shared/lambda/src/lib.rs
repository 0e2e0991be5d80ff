//! What every function does around its own work: reading events leniently, staying within the
//! deadline, answering batches in part, following hints, and logs.
//!
//! Handlers know of all this only what runs over memory as well; what is AWS's own is put together
//! in `told` and `queues`.

pub mod batch;
pub mod dispatch;
pub mod each;
pub mod hints;
pub mod http;
pub mod logs;
pub mod queue;
pub mod queues;
pub mod run;
pub mod stream;
pub mod told;
pub mod until;

pub use hints::Hinting;
pub use until::Until;

/// Ends an invocation badly: the platform brings the same event again, as often as it is set to.
pub type Failed = lambda_runtime::Error;
