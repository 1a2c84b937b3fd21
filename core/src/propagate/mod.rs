//! Context propagation: carriers, and the formats that read and write them (OpenTelemetry propagators API).

#[cfg(feature = "alloc")]
mod carrier;
#[cfg(feature = "alloc")]
pub use carrier::{Getter, Setter, TextMapPropagator};
