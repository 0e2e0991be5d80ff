//! What the app needs from outside, as few traits as there are kinds of outside.

pub mod channels;
pub mod pipelines;
pub mod secrets;
pub mod source;
pub mod store;
pub mod suites;

use greenroom_core::name::Nonce;
use jiff::Timestamp;

use crate::work::Work;

/// All of outside, in one parameter.
pub trait Ports: Send + Sync + 'static {
    type Store: store::Store;
    type Source: source::Source;
    type Pipelines: pipelines::Pipelines;
    type Suites: suites::Suites;
    type Channels: channels::Channels;

    fn store(&self) -> &Self::Store;
    fn source(&self) -> &Self::Source;
    fn pipelines(&self) -> &Self::Pipelines;
    fn suites(&self) -> &Self::Suites;
    fn channels(&self) -> &Self::Channels;

    /// Now, by the clock in force.
    fn now(&self) -> Timestamp;
    /// Fresh randomness for a claim, 128 bits as hexadecimal.
    fn nonce(&self) -> Nonce;
    /// Fresh randomness for jitter.
    fn random(&self) -> u64;
    /// Something can be done at once. Only saves time: the sweep finds it without this.
    fn hint(&self, work: Work);
    /// When this process ends whatever it is at, by the clock in force; `None` where nothing but a
    /// kill does. Nobody needs to wait for it any longer.
    fn ends_at(&self) -> Option<Timestamp> {
        None
    }
}
