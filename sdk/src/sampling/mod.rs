//! What samplers need that the core does not do: a server that is asked, the load of the process, regular expressions.

mod foreign;
mod host;
mod load;
pub(crate) mod regex;
mod remote;
mod strategy;
mod tail;

pub(crate) use host::Host;
pub use load::ProcessLoad;
pub use remote::JaegerRemote;
pub(crate) use remote::{NoStrategy, ask_once};
pub(crate) use tail::TailSampling;
