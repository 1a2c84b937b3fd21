//! The built-in processors in a provider.

#[path = "../common/mod.rs"]
mod common;

mod errors;
mod filter;
mod options;
mod overhead;
mod traces;
