//! The rows of the compliance matrix and the sharp edges of the specification, through the public API alone.
//! `tests/compliance.toml` says which test shows which row.

#[path = "../common/mod.rs"]
mod common;

mod attributes;
mod concurrent;
mod context;
mod disabled_scopes;
mod edges;
mod events_and_links;
mod exceptions;
mod explicit_parent;
mod exporters;
mod formats;
mod ids_and_sampling;
mod losses;
mod messaging;
mod observe;
mod otlp;
mod panics;
mod prometheus;
mod propagation;
mod provider;
mod resource;
mod settings;
mod spans;
mod threads;
