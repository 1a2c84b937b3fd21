//! Keeping the latest traces in the process.

use super::lock::{briefly, patiently};
use crate::by_epoch::ByEpoch;
use crate::clock::monotonic_nanos;
use crate::export::FinishedSpan;
use crate::processor::{EndedSpan, SpanProcessor, Verdict};
use crate::{TraceId, fork};
use spanline_core::InstrumentationScope;
use spanline_core::process::{TraceBounds, TraceCounts, TraceStore, TraceSummary};
use spanline_core::wire::otlp::SpanView;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Parts, each with a lock of its own: at most so many, and none for fewer traces than this.
const MOST_SHARDS: usize = 8;
const TRACES_OF_SHARD: usize = 64;

/// Keeps spans that have ended in this process for a while, by trace: for linking what is logged with what happened, for a
/// page that shows the latest requests, for tests. Asked for by
/// [`Builder::correlate_traces`](crate::Builder::correlate_traces) or the option `correlator.enabled`, found by
/// [`Provider::traces`](crate::Provider::traces).
///
/// It holds every span that is recorded, also those that a filter drops or that are for processors only, in the bounds of
/// `correlator.max_traces` (1,024), `correlator.max_spans_per_trace` (256), `correlator.max_bytes` (8 MiB) and
/// `correlator.max_age_ms` (5 minutes). Bytes and traces are divided among up to eight parts, so that threads that end spans do
/// not wait for each other; a trace is in one part.
///
/// ```
/// use spanline::span;
/// let provider = spanline::init().correlate_traces().exporter("none").build()?;
/// let _provider = provider.enter();
/// let order = span!("order");
/// let trace_id = order.context().trace_id();
/// span!("pay");
/// drop(order);
/// let traces = provider.traces().unwrap();
/// let names: Vec<_> = traces.spans_of(trace_id).into_iter().map(|span| span.name).collect();
/// assert_eq!(names, ["pay", "order"]);
/// assert_eq!(traces.recent(10)[0].last.name, "order");
/// # Ok::<(), spanline::Error>(())
/// ```
#[derive(Debug)]
pub struct TraceCorrelator {
    /// Of one shard.
    bounds: TraceBounds,
    shards: usize,
    of_process: ByEpoch<State>,
}

#[derive(Debug)]
struct State {
    shards: Vec<Mutex<TraceStore<Arc<Kept>>>>,
    missed: AtomicU64,
}

/// A span as it was written.
#[derive(Debug)]
struct Kept {
    message: Box<[u8]>,
    scope: Arc<InstrumentationScope>,
}

impl Kept {
    fn finished(&self) -> FinishedSpan {
        FinishedSpan::from_view(SpanView::ours(&self.message), (*self.scope).clone())
    }

    /// With the counts of its Arc; the scope is the provider's.
    fn bytes(&self) -> usize {
        size_of::<Self>() + 2 * size_of::<usize>() + self.message.len()
    }
}

/// A trace that is kept.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct RecentTrace {
    /// Which.
    pub trace_id: TraceId,
    /// How many of its spans are kept.
    pub spans: usize,
    /// How many made room for others of the same trace.
    pub overwritten: u64,
    /// The span that ended last: of a trace that is through, the root of what was recorded here.
    pub last: FinishedSpan,
}

impl TraceCorrelator {
    pub(crate) fn new(bounds: TraceBounds) -> Self {
        let shards = (bounds.traces / TRACES_OF_SHARD).clamp(1, MOST_SHARDS);
        Self {
            bounds: TraceBounds {
                traces: bounds.traces / shards,
                bytes: bounds.bytes / shards,
                ..bounds
            },
            shards,
            of_process: ByEpoch::new(),
        }
    }

    /// A forked child begins anew, and takes no lock that its parent may have held.
    fn state(&self) -> &State {
        self.of_process.get(fork::current_epoch(), || State {
            shards: (0..self.shards)
                .map(|_| Mutex::new(TraceStore::new(self.bounds)))
                .collect(),
            missed: AtomicU64::new(0),
        })
    }

    /// The spans of this trace that are kept, in the order in which they ended; none when there are none.
    pub fn spans_of(&self, trace_id: TraceId) -> Vec<FinishedSpan> {
        let Some(shard) = self.state().shard(trace_id) else {
            return Vec::new();
        };
        let kept = patiently(shard).spans_of(trace_id, monotonic_nanos());
        kept.iter().map(|span| span.finished()).collect()
    }

    /// The traces that are kept, at most so many, the one whose last span ended last first.
    pub fn recent(&self, most: usize) -> Vec<RecentTrace> {
        let now = monotonic_nanos();
        let shards = self.state().shards.iter();
        let mut found: Vec<TraceSummary<Arc<Kept>>> = shards
            .flat_map(|shard| patiently(shard).recent(most, now))
            .collect();
        found.sort_by_key(|trace| std::cmp::Reverse(trace.changed));
        found.truncate(most);
        let recent = found.into_iter().map(|trace| RecentTrace {
            trace_id: trace.trace_id,
            spans: trace.spans,
            overwritten: trace.overwritten,
            last: trace.last.finished(),
        });
        recent.collect()
    }

    /// What is kept, and what became of the rest.
    pub fn counts(&self) -> TraceCounts {
        let shards = self.state().shards.iter();
        shards.fold(TraceCounts::default(), |sum, shard| {
            sum.plus(patiently(shard).counts())
        })
    }

    /// Spans that are not kept because their part was being changed or read all the while, or a signal handler ended them
    /// while its thread changed it.
    pub fn missed(&self) -> u64 {
        self.state().missed.load(Ordering::Relaxed)
    }

    /// Forgets all traces and counts.
    pub fn reset(&self) {
        let state = self.state();
        for shard in &state.shards {
            let mut gone = Vec::new();
            patiently(shard).reset(&mut gone);
        }
        state.missed.store(0, Ordering::Relaxed);
    }
}

impl State {
    fn shard(&self, trace_id: TraceId) -> Option<&Mutex<TraceStore<Arc<Kept>>>> {
        // Ids of users may be random in any of their bytes.
        let id = u128::from_be_bytes(trace_id.to_bytes());
        let mixed = ((id >> 64) as u64 ^ id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let at = usize::try_from(mixed)
            .unwrap_or_default()
            .checked_rem(self.shards.len())?;
        self.shards.get(at)
    }
}

impl SpanProcessor for TraceCorrelator {
    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        let view = span.view();
        let kept = Arc::new(Kept {
            message: view.as_bytes().into(),
            scope: span.scope.clone(),
        });
        let (trace_id, bytes, now) = (view.trace_id(), kept.bytes(), monotonic_nanos());
        let state = self.state();
        // Dropped when the lock is free again.
        let mut gone = Vec::new();
        match state.shard(trace_id).and_then(briefly) {
            Some(mut store) => store.add(trace_id, kept, bytes, now, &mut gone),
            None => {
                state.missed.fetch_add(1, Ordering::Relaxed);
            }
        }
        Verdict::Keep
    }
}
