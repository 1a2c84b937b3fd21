//! Accounting for every span.
//!
//! Life: `started = live + sampled_out + abandoned + refused + ended`, and
//! `ended = record_only + filtered + tail_dropped + dropped + accepted`. Each exporter:
//! `accepted + replayed = exported + rejected + failed + dropped + held`.
//! Counters have one writer per thread; the sums are exact after a flush.

use crate::export::duration::Durations;
use crate::tail::TailStats;
use alloc::{string::String, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering};
use spanline_core::sample::Decision;

/// Where the parent of a new span is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ParentOrigin {
    /// There is none: the span begins a trace.
    None,
    /// In this process.
    Local,
    /// In another process.
    Remote,
}

/// What can become of a span in this process.
///
/// The order is that in which a span's counts are made; see `LifeCounters::add_to`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Life {
    /// Without a parent; not recorded, by the sampler or because it was refused. Only its ids propagate.
    DropNone,
    /// As `DropNone`, below a span of this process.
    DropLocal,
    /// As `DropNone`, below a span of another process.
    DropRemote,
    /// Without a parent; recorded for processors only.
    OnlyNone,
    /// As `OnlyNone`, below a span of this process.
    OnlyLocal,
    /// As `OnlyNone`, below a span of another process.
    OnlyRemote,
    /// Without a parent; recorded and sampled.
    SampleNone,
    /// As `SampleNone`, below a span of this process.
    SampleLocal,
    /// As `SampleNone`, below a span of another process.
    SampleRemote,
    /// Not recorded: too many spans were open.
    RefusedOpenBound,
    /// Not recorded: the thread was inside the engine already (signal handler, allocator hook).
    RefusedReentrant,
    /// Not recorded: the provider had shut down.
    RefusedAfterShutdown,
    /// Its object went away without an end.
    Abandoned,
    /// Of those abandoned, one for processors only.
    AbandonedOnly,
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
    /// Ended in a forked child, which leaves its parent's spans to the parent. It did not start here.
    Forked,
    /// Ended after the provider had shut down.
    AfterShutdown,
    /// Ended, and tail sampling dropped its trace.
    TailDropped,
}

impl Life {
    /// The start of a span with such a parent, after this decision.
    #[inline]
    pub const fn started(parent: ParentOrigin, decision: Decision) -> Self {
        match (decision, parent) {
            (Decision::Drop, ParentOrigin::None) => Self::DropNone,
            (Decision::Drop, ParentOrigin::Local) => Self::DropLocal,
            (Decision::Drop, ParentOrigin::Remote) => Self::DropRemote,
            (Decision::RecordOnly, ParentOrigin::None) => Self::OnlyNone,
            (Decision::RecordOnly, ParentOrigin::Local) => Self::OnlyLocal,
            (Decision::RecordOnly, ParentOrigin::Remote) => Self::OnlyRemote,
            (Decision::RecordAndSample, ParentOrigin::None) => Self::SampleNone,
            (Decision::RecordAndSample, ParentOrigin::Local) => Self::SampleLocal,
            (Decision::RecordAndSample, ParentOrigin::Remote) => Self::SampleRemote,
        }
    }
}

const KINDS: usize = Life::TailDropped as usize + 1;

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

    /// Adds these counters to a sum. Backwards: what is counted later is read earlier, so that nothing ended has not
    /// started, while the thread goes on.
    pub(crate) fn add_to(&self, sum: &LifeCounters) {
        for (from, to) in self.0.iter().zip(&sum.0).rev() {
            to.fetch_add(from.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self, life: Life) -> u64 {
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

/// Spans by what the sampler decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByDecision {
    /// Not recorded: by the sampler, or because it was refused.
    pub dropped: u64,
    /// Recorded for processors only.
    pub record_only: u64,
    /// Recorded and sampled.
    pub sampled: u64,
}

impl ByDecision {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.dropped + self.record_only + self.sampled
    }
}

/// Spans that started in this process, by where the parent was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StartedBy {
    /// Without a parent.
    pub none: ByDecision,
    /// Below a span of this process.
    pub local: ByDecision,
    /// Below a span of another process.
    pub remote: ByDecision,
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

/// What redaction took out of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Redacted {
    /// Values, names and messages that were replaced by the mask, wholly or in part.
    pub masked: u64,
    /// Attributes that were removed.
    pub removed: u64,
    /// Of those masked, the ones where a pattern panicked, or too much was found in a text, so that nothing was left of
    /// them.
    pub failed: u64,
}

/// What became of all spans of a provider.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// All spans started, recorded or not; in a forked child also its parent's that ended here.
    pub started: u64,
    /// Those started in this process, by parent and decision.
    pub started_by: StartedBy,
    /// Recording and not ended.
    pub live: u64,
    /// Of those, the ones for processors only.
    pub live_record_only: u64,
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
    /// Dropped by tail sampling with their trace. Until a trace is decided its spans are among `accepted`.
    pub tail_dropped: u64,
    /// Lost.
    pub dropped: Dropped,
    /// Handed to the exporters, or on the way there.
    pub accepted: u64,
    /// What tail sampling holds, and what it has decided.
    pub tail: TailStats,
    /// Panics of user code (processors, samplers, exporters) that were caught; that part was skipped.
    pub caught_panics: u64,
    /// What was redacted; values, not spans.
    pub redacted: Redacted,
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
        accepted + self.replayed == self.settled() + self.held
    }

    /// Spans that have met their fate here.
    fn settled(&self) -> u64 {
        let failed: u64 = self.failed.iter().map(|(_, spans)| spans).sum();
        self.exported + self.rejected + failed + self.dropped_queue_full + self.dropped_expired
    }

    /// Counts as held what was accepted and not handed over yet. `accepted` is read after these statistics: what was
    /// handed over is then among it, while threads and drain go on.
    pub fn hold_undrained(&mut self, accepted: u64) {
        let handed_over = (self.settled() + self.held).saturating_sub(self.replayed);
        self.held += accepted.saturating_sub(handed_over);
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
        let by = |parent| ByDecision {
            dropped: get(Life::started(parent, Decision::Drop)),
            record_only: get(Life::started(parent, Decision::RecordOnly)),
            sampled: get(Life::started(parent, Decision::RecordAndSample)),
        };
        let started_by = StartedBy {
            none: by(ParentOrigin::None),
            local: by(ParentOrigin::Local),
            remote: by(ParentOrigin::Remote),
        };
        let StartedBy { none, local, remote } = started_by;
        let not_recorded = none.dropped + local.dropped + remote.dropped;
        let record_only = none.record_only + local.record_only + remote.record_only;
        let recorded = record_only + none.sampled + local.sampled + remote.sampled + dropped.forked;
        let sampled_out = not_recorded.saturating_sub(refused.total());
        let ended = get(Life::Ended);
        let tail_dropped = get(Life::TailDropped);
        let gone = get(Life::RecordOnly) + get(Life::Filtered) + tail_dropped + dropped.total();
        Self {
            started: recorded + sampled_out + refused.total(),
            started_by,
            live: recorded.saturating_sub(ended + get(Life::Abandoned)),
            live_record_only: record_only.saturating_sub(get(Life::RecordOnly) + get(Life::AbandonedOnly)),
            sampled_out,
            abandoned: get(Life::Abandoned),
            refused,
            ended,
            record_only: get(Life::RecordOnly),
            filtered: get(Life::Filtered),
            tail_dropped,
            dropped,
            accepted: ended.saturating_sub(gone),
            tail: TailStats::default(),
            caught_panics: 0,
            redacted: Redacted::default(),
            exporters: Vec::new(),
        }
    }

    /// Spans that ended for exporters, whatever tail sampling made of them; it only grows.
    pub const fn for_exporters(&self) -> u64 {
        self.accepted + self.tail_dropped
    }

    /// Whether both identities hold: nothing was lost without a count.
    pub fn balances(&self) -> bool {
        let life = self.live + self.sampled_out + self.abandoned + self.refused.total() + self.ended;
        let end = self.record_only + self.filtered + self.tail_dropped + self.dropped.total() + self.accepted;
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
