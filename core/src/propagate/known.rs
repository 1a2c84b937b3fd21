//! The formats by the names that configuration uses.

use super::{BaggagePropagator, TextMapPropagator, TraceContextPropagator};
use alloc::sync::Arc;

/// The names that [`by_name`] knows, in the spelling of `OTEL_PROPAGATORS`.
pub const KNOWN: &[&str] = &["tracecontext", "baggage"];

/// A propagator with its default configuration; `None` for a name that is not in [`KNOWN`].
pub fn by_name(name: &str) -> Option<Arc<dyn TextMapPropagator>> {
    Some(match name {
        "tracecontext" => Arc::new(TraceContextPropagator::new()),
        "baggage" => Arc::new(BaggagePropagator::new()),
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
        for name in ["", "none", "TraceContext", "b3", " baggage"] {
            assert!(by_name(name).is_none(), "{name}");
        }
    }
}
