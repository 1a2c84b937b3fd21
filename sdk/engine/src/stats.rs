//! Accounting for every span.
//!
//! Life: `started = live + sampled_out + abandoned + refused + ended`, and
//! `ended = record_only + filtered + dropped + accepted`. Each exporter:
//! `accepted + replayed = exported + rejected + failed + dropped + held`.
//! Counters have one writer per thread; the sums are exact after a flush.

use crate::export::duration::Durations;
use alloc::{string::String, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering};

/// What can become of a span in this process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Life {
    /// Recording began.
    Recorded,
    /// The sampler dropped it; only its ids propagate.
    SampledOut,
    /// Its object went away without an end.
    Abandoned,
    /// Not recorded: too many spans were open.
    RefusedOpenBound,
    /// Not recorded: the thread was inside the engine already (signal handler, allocator hook).
    RefusedReentrant,
    /// Not recorded: the provider had shut down.
    RefusedAfterShutdown,
    /// Recording ended.
    Ended,
    /// Ended, for processors only.
    RecordOnly,
    /// Ended, and a processor's verdict was to drop it.
    Filtered,
    /// Ended, and lost because the buffer was full.
    BufferFull,
    /// Ended, and lost because it was larger than a request may be.
    TooLarge,
    /// Ended, and lost because the thread was inside the engine already.
    Reentrant,
    /// Ended in a forked child, which leaves its parent's spans to the parent.
    Forked,
    /// Ended after the provider had shut down.
    AfterShutdown,
}

const KINDS: usize = Life::AfterShutdown as usize + 1;

/// Counters that one thread writes and any thread reads.
#[derive(Debug)]
pub(crate) struct LifeCounters([AtomicU64; KINDS]);

impl LifeCounters {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; KINDS])
    }

    /// Counts one. Only the counters' own thread may call this.
    #[inline]
    pub(crate) fn count(&self, life: Life) {
        let counter = &self.0[life as usize];
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// Counts some, from any thread.
    pub(crate) fn count_shared(&self, life: Life, spans: u64) {
        self.0[life as usize].fetch_add(spans, Ordering::Relaxed);
    }

    /// Adds these counters to a sum.
    pub(crate) fn add_to(&self, sum: &LifeCounters) {
        for (from, to) in self.0.iter().zip(&sum.0) {
            to.fetch_add(from.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    fn get(&self, life: Life) -> u64 {
        self.0[life as usize].load(Ordering::Relaxed)
    }
}

/// Spans that were never recorded although nobody sampled them out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Refused {
    /// Too many spans were open (`max_open_spans`).
    pub open_bound: u64,
    /// Started inside the engine's own code: a signal handler, a finaliser or an allocator hook.
    pub reentrant: u64,
    /// Started after shutdown.
    pub after_shutdown: u64,
}

/// Spans that ended but reached no exporter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dropped {
    /// The buffer was full (`buffer_bytes`, `max_queue_spans`).
    pub buffer_full: u64,
    /// Larger than a request may be (`max_request_bytes`).
    pub too_large: u64,
    /// Ended inside the engine's own code.
    pub reentrant: u64,
    /// Opened by the parent of a forked process and ended in the child; the parent exports it.
    pub forked: u64,
    /// Ended after shutdown.
    pub after_shutdown: u64,
}

/// What became of all spans of a provider.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// All spans started, recorded or not.
    pub started: u64,
    /// Recording and not ended.
    pub live: u64,
    /// Dropped by the sampler.
    pub sampled_out: u64,
    /// Gone without an end.
    pub abandoned: u64,
    /// Not recorded.
    pub refused: Refused,
    /// Recording ended.
    pub ended: u64,
    /// For processors only.
    pub record_only: u64,
    /// Dropped by a processor's verdict.
    pub filtered: u64,
    /// Lost.
    pub dropped: Dropped,
    /// Handed to the exporters.
    pub accepted: u64,
    /// Panics of user code (processors, samplers, exporters) that were caught; that part was skipped.
    pub caught_panics: u64,
    /// Each exporter's part, in the order configured.
    pub exporters: Vec<ExporterStats>,
}

/// What became of the accepted spans at one exporter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct ExporterStats {
    /// The exporter's name.
    pub name: String,
    /// Taken over from the spool of a process that is gone, beside what this process accepted.
    pub replayed: u64,
    /// Delivered.
    pub exported: u64,
    /// Delivered and rejected by the receiver (partial success).
    pub rejected: u64,
    /// Refused for good, by reason.
    pub failed: Vec<(String, u64)>,
    /// Its own queue was full.
    pub dropped_queue_full: u64,
    /// Too old, or out of time at shutdown.
    pub dropped_expired: u64,
    /// Still waiting, here or in the buffer; after the shutdown, what the spool keeps for the next start.
    pub held: u64,
    /// Of those held, the ones that were handed to this exporter: in an attempt, or waiting for one.
    pub in_flight: u64,
    /// Export calls, retries included.
    pub attempts: u64,
    /// How long batches took, from the first attempt to the final result.
    pub durations: Vec<Durations>,
}

impl ExporterStats {
    /// Whether every accepted and every replayed span is accounted for.
    pub fn balances(&self, accepted: u64) -> bool {
        let failed: u64 = self.failed.iter().map(|(_, spans)| spans).sum();
        let dropped = self.dropped_queue_full + self.dropped_expired;
        accepted + self.replayed == self.exported + self.rejected + failed + dropped + self.held
    }
}

impl Stats {
    /// Sums up counters.
    pub(crate) fn of(sum: &LifeCounters) -> Self {
        let get = |life| sum.get(life);
        let refused = Refused {
            open_bound: get(Life::RefusedOpenBound),
            reentrant: get(Life::RefusedReentrant),
            after_shutdown: get(Life::RefusedAfterShutdown),
        };
        let dropped = Dropped {
            buffer_full: get(Life::BufferFull),
            too_large: get(Life::TooLarge),
            reentrant: get(Life::Reentrant),
            forked: get(Life::Forked),
            after_shutdown: get(Life::AfterShutdown),
        };
        let (recorded, ended) = (get(Life::Recorded), get(Life::Ended));
        let gone = get(Life::RecordOnly) + get(Life::Filtered) + dropped.total();
        Self {
            started: recorded + get(Life::SampledOut) + refused.total(),
            live: recorded.saturating_sub(ended + get(Life::Abandoned)),
            sampled_out: get(Life::SampledOut),
            abandoned: get(Life::Abandoned),
            refused,
            ended,
            record_only: get(Life::RecordOnly),
            filtered: get(Life::Filtered),
            dropped,
            accepted: ended.saturating_sub(gone),
            caught_panics: 0,
            exporters: Vec::new(),
        }
    }

    /// Whether both identities hold: nothing was lost without a count.
    pub fn balances(&self) -> bool {
        let life = self.live + self.sampled_out + self.abandoned + self.refused.total() + self.ended;
        let end = self.record_only + self.filtered + self.dropped.total() + self.accepted;
        self.started == life
            && self.ended == end
            && self
                .exporters
                .iter()
                .all(|exporter| exporter.balances(self.accepted))
    }
}

impl Refused {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.open_bound + self.reentrant + self.after_shutdown
    }
}

impl Dropped {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.buffer_full + self.too_large + self.reentrant + self.forked + self.after_shutdown
    }
}
