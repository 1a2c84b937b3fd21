//! Configuration files, and configurations as trees.
//!
//! A file names exporters, samplers, limits and whatever else [`init`](crate::init) can set. It is the declarative
//! configuration of OpenTelemetry (format 1.0 and 1.1, the part about tracing), or a short form whose root is `tracing`.
//! `OTEL_CONFIG_FILE` and [`Builder::config_file`](crate::Builder::config_file) name it; with a file, the rest of the
//! environment counts only where the file refers to it: `${NAME}`, `${NAME:-default}`.
//!
//! Reading and building can be done apart: [`parse`] and [`parse_file`] make a [`Model`], [`Model::create`] makes a
//! provider and a propagator from it. Components of your own are registered with a [`Registry`].
//!
#![cfg_attr(feature = "config-file", doc = "```")]
#![cfg_attr(not(feature = "config-file"), doc = "```ignore")]
//! use spanline::config::{parse, Registry};
//!
//! let file = "
//! file_format: '1.1'
//! propagator: { composite: [ {tracecontext: } ] }
//! tracer_provider:
//!   processors: [ {batch: {exporter: {memory: }}} ]
//!   sampler:
//!     trace_id_ratio_based:
//!       ratio: ${RATE:-0.5}
//! ";
//! let model = parse(file, |name| std::env::var(name).ok())?;
//! let created = model.create(&Registry::new())?;
//! assert_eq!(created.provider.sampler_description(), "TraceIdRatioBased{0.500000}");
//! assert_eq!(created.propagator.fields(), ["traceparent", "tracestate"]);
//!
//! let wrong = parse("file_format: '1.1'\ntracer_provder: {}", |_| None).unwrap_err();
//! assert!(wrong.message().contains("tracer_provider"));
//! # Ok::<(), spanline::Error>(())
//! ```

mod components;
mod detectors;
mod layer;
mod model;
mod registry;
#[cfg(feature = "config-file")]
mod yaml;

pub(crate) use components::make_sampler;
pub(crate) use layer::{Layer, tell};

pub use model::{Created, Model};
#[cfg(feature = "config-file")]
pub use model::{parse, parse_file, read};
pub use registry::{PluginComponentProvider, Registry};
pub use spanline_engine::config::{
    Component, ComponentKind, Detection, Entry, Flat, FlatOptions, Node, ParentBasedPlan, Plan, Position,
    Problem, Remark, SamplerPlan, TailPlan, Value, dictionary,
};
