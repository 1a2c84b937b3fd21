//! What samplers need that the core does not do: a server that is asked, the load of the process, regular expressions.

mod host;
mod load;
pub(crate) mod regex;
mod remote;
mod strategy;

pub(crate) use host::Host;
pub use load::ProcessLoad;
pub use remote::JaegerRemote;
pub(crate) use remote::{NoStrategy, ask_once};
