//! What an exporter's queue is told: its bounds, and what became of an attempt.

use alloc::string::String;

/// The bounds of one exporter's queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueBounds {
    /// Bytes of batches, waiting and in flight. Default 48 MiB for the first exporter, 16 MiB for each further one.
    pub bytes: usize,
    /// A batch is tried no longer than this after it was made. Default 5 minutes.
    pub max_age_nanos: u64,
    /// Batches that wait before the drain stops cutting for this exporter alone.
    pub ready: usize,
    /// Batches in flight at once. Default 1; 0 counts as 1.
    pub concurrent: usize,
    /// Most spans of a batch, see [`crate::ExportQueue::batch_spans`].
    pub batch_spans: usize,
}

/// What an attempt came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Delivered; the receiver rejected this many of its spans.
    Delivered {
        /// Spans rejected (partial success).
        rejected: u64,
    },
    /// Not delivered; worth another attempt.
    Retry {
        /// Milliseconds that the receiver asked to wait.
        after_ms: Option<u64>,
        /// The endpoint could not be reached at all (refused, unreachable, no such host).
        unreachable: bool,
    },
    /// Not delivered, and never will be; the reason is a short identifier such as `400` or `tls`.
    Failed {
        /// Under which the spans are counted.
        reason: String,
    },
}
