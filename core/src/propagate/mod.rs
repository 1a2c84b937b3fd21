//! Context propagation: carriers, and the formats that read and write them (OpenTelemetry propagators API).
//!
//! One file per format. Without `alloc` there is [`TraceParent`], which reads and writes the `traceparent` text.

mod traceparent;
pub use traceparent::TraceParent;

#[cfg(feature = "alloc")]
mod baggage;
#[cfg(feature = "alloc")]
mod carrier;
#[cfg(feature = "alloc")]
mod composite;
#[cfg(feature = "alloc")]
mod known;
#[cfg(feature = "alloc")]
mod lists;
#[cfg(feature = "alloc")]
mod maps;
#[cfg(feature = "alloc")]
mod tracecontext;
#[cfg(feature = "alloc")]
mod values;

#[cfg(feature = "alloc")]
pub use {
    baggage::BaggagePropagator,
    carrier::{Getter, Setter, TextMapPropagator},
    composite::CompositePropagator,
    known::{KNOWN, by_name},
    tracecontext::TraceContextPropagator,
};
