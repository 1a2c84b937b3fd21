//! What is counted of traces that are held and decided.

use core::sync::atomic::{AtomicU64, Ordering};

/// Why a trace is dropped without a decision of the policies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decided {
    /// Larger than a trace may be.
    TooLarge,
    /// The end came before its local root did.
    Pending,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What tail sampling holds, and what it has decided; all zero without it.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        #[non_exhaustive]
        pub struct TailStats {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The same as counters that the pipeline writes and any thread reads.
        #[derive(Debug, Default)]
        pub(crate) struct TailCounters {
            $($name: AtomicU64,)*
        }

        impl TailCounters {
            pub(crate) fn set(&self, stats: &TailStats) {
                $(self.$name.store(stats.$name, Ordering::Relaxed);)*
            }

            pub(crate) fn get(&self) -> TailStats {
                TailStats { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Traces that wait for their decision now.
    pending_traces,
    /// Their spans.
    pending_spans,
    /// What they, the kept spans that are in no batch yet, and the decisions that are remembered take in memory, in bytes.
    held_bytes,
    /// Traces that the policies kept.
    sampled_traces,
    /// Traces that the policies dropped.
    dropped_traces,
    /// Of both, those decided early because a bound was reached (`tail.num_traces`, `tail.max_bytes`, `buffer_bytes`).
    evicted_traces,
    /// Traces dropped whole because they were larger than `tail.max_trace_bytes`.
    too_large_traces,
    /// The spans that they had then; those that came later are among `late_dropped_spans`.
    too_large_spans,
    /// Traces dropped undecided at the shutdown, where `tail.drop_pending_on_shutdown` asks for that.
    abandoned_traces,
    /// Their spans.
    abandoned_spans,
    /// Spans that came after their trace was decided, and were kept.
    late_kept_spans,
    /// Spans that came after their trace was decided, and were dropped.
    late_dropped_spans,
    /// Dropped traces of which a late span had to be kept: that span, and what came after it.
    upgraded_traces,
    /// Nanoseconds from the arrival of a trace's first span to its decision, summed over all decided traces.
    decision_nanos,
}
