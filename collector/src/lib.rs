//! The Spanline collector: receives traces by OTLP/HTTP, keeps them in memory under a bound, prints finished ones as
//! waterfalls, answers Jaeger's HTTP JSON API and serves a page that shows them.
//!
//! The program is `spanline-collector`; this library lets other programs and tests run it inside their process:
//!
//! ```
//! use spanline_collector::{Collector, Config};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let any = "127.0.0.1:0".parse()?;
//! let config = Config { otlp_http: any, query: any, quiet: true, ..Config::default() };
//! tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
//!     let collector = Collector::start(&config).await?;
//!     assert_ne!(collector.query().port(), 0);
//!     collector.stop().await;
//!     Ok(())
//! })
//! # }
//! ```
#![forbid(unsafe_code)]

mod budget;
mod cli;
mod collector;
mod config;
mod counters;
mod otlp;
mod query;
mod receive;
mod serve;
mod stall;
mod store;
mod terminal;
#[cfg(test)]
mod testing;
mod tree;

pub use cli::{command, config};
pub use collector::{Collector, StartError};
pub use config::{Config, Cors};
pub use counters::{ByReason, Counter, Counters};

/// Writes to the standard output, without colours where they are not wanted (not a terminal, or NO_COLOR is set).
pub fn print(text: &str) {
    terminal::print(text);
}
