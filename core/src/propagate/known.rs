//! The formats by the names that configuration uses.

use super::{
    B3Propagator, BaggagePropagator, GrpcTraceBinPropagator, JaegerPropagator, MessagingPropagator,
    TextMapPropagator, TraceContextPropagator, XTracePropagator,
};
use alloc::sync::Arc;

/// The names that [`by_name`] knows, in the spelling of `OTEL_PROPAGATORS`.
pub const KNOWN: &[&str] = &[
    "tracecontext",
    "baggage",
    "b3",
    "b3multi",
    "jaeger",
    "xtrace",
    "messaging",
    "grpc-trace-bin",
];

/// A propagator with its default configuration; `None` for a name that is not in [`KNOWN`].
pub fn by_name(name: &str) -> Option<Arc<dyn TextMapPropagator>> {
    Some(match name {
        "tracecontext" => Arc::new(TraceContextPropagator::new()),
        "baggage" => Arc::new(BaggagePropagator::new()),
        "b3" => Arc::new(B3Propagator::single()),
        "b3multi" => Arc::new(B3Propagator::multi()),
        "jaeger" => Arc::new(JaegerPropagator::new()),
        "xtrace" => Arc::new(XTracePropagator::new()),
        "messaging" => Arc::new(MessagingPropagator::new()),
        "grpc-trace-bin" => Arc::new(GrpcTraceBinPropagator::new()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_name_is_served_and_no_other() {
        for name in KNOWN {
            assert!(by_name(name).is_some(), "{name}");
        }
        for name in ["", "none", "TraceContext", "B3", "xray", " baggage"] {
            assert!(by_name(name).is_none(), "{name}");
        }
    }
}
