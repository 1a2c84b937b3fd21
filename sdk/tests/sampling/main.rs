//! Samplers that go by time, learn from spans, ask a server, or are described in a configuration.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "config-file")]
mod configured;
mod remote;
mod running;
