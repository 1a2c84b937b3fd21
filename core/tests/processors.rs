//! What the built-in processors do with spans that have ended, without a provider around them.
#![cfg(feature = "alloc")]

#[path = "processors/errors.rs"]
mod errors;
#[path = "processors/filter.rs"]
mod filter;
#[path = "processors/overhead.rs"]
mod overhead;
#[path = "processors/spans.rs"]
mod spans;
#[path = "processors/traces.rs"]
mod traces;
