//! Context propagation: carriers, and the formats that read and write them (OpenTelemetry propagators API).
//!
//! One file per format. Without `alloc` there are [`TraceParent`] and [`TraceBin`], which read and write the
//! `traceparent` text and the bytes of `grpc-trace-bin`.

mod trace_bin;
mod traceparent;
pub use trace_bin::TraceBin;
pub use traceparent::TraceParent;

#[cfg(feature = "alloc")]
mod b3;
#[cfg(feature = "alloc")]
mod baggage;
#[cfg(feature = "alloc")]
mod carrier;
#[cfg(feature = "alloc")]
mod composite;
#[cfg(feature = "alloc")]
mod environment;
#[cfg(feature = "alloc")]
mod grpc;
#[cfg(feature = "alloc")]
mod ids;
#[cfg(feature = "alloc")]
mod jaeger;
#[cfg(feature = "alloc")]
mod known;
#[cfg(feature = "alloc")]
mod last_value;
#[cfg(feature = "alloc")]
mod lists;
#[cfg(feature = "alloc")]
mod maps;
#[cfg(feature = "alloc")]
pub(crate) mod percent;
#[cfg(feature = "alloc")]
mod plain;
#[cfg(feature = "alloc")]
mod sql_comment;
#[cfg(feature = "alloc")]
mod sql_pairs;
#[cfg(feature = "alloc")]
mod token;
#[cfg(feature = "alloc")]
mod tracecontext;
#[cfg(feature = "alloc")]
mod values;

#[cfg(feature = "alloc")]
pub use {
    b3::B3Propagator,
    baggage::BaggagePropagator,
    carrier::{Getter, Setter, TextMapPropagator},
    composite::CompositePropagator,
    environment::Environment,
    grpc::{GrpcMetadata, GrpcTraceBinPropagator},
    jaeger::JaegerPropagator,
    known::{KNOWN, by_name},
    last_value::LastValue,
    plain::{MessagingPropagator, XTracePropagator},
    sql_comment::{CommentedSql, SqlComment},
    tracecontext::TraceContextPropagator,
};
