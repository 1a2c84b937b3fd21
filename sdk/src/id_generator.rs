//! Ids made by the user (OpenTelemetry SDK "Id generators").

use spanline_core::{SpanId, TraceId};

/// Makes ids instead of the built-in generator. Called from many threads at once; must not block.
///
/// An all-zero id, or a panic, is replaced by one of the built-in generator.
pub trait IdGenerator: Send + Sync + std::fmt::Debug {
    /// The trace id of a new root.
    fn trace_id(&self) -> TraceId;

    /// The id of a new span.
    fn span_id(&self) -> SpanId;

    /// Whether the low 56 bits of its trace ids are uniformly random, which roots then say in their flags. By default
    /// they are not taken to be.
    fn is_random(&self) -> bool {
        false
    }
}
