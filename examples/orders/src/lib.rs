//! What both services share: traced HTTP, in and out, and the messages that they exchange.

mod client;
mod conventions;
mod messages;
mod problem;
mod server;

pub use client::Client;
pub use messages::{Order, Payment, Receipt, Stored};
pub use problem::Problem;
pub use server::serve;
