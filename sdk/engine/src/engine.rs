//! One engine: the bounds, the threads that fill it, and what the drain takes from it.

use crate::{
    late::LateEnds,
    queue::{
        chunk::{Chunk, ChunkWriter},
        producer::Lane,
        store::SlotStore,
    },
    slot::{self, Locked, SpanRef},
    stats::{Life, LifeCounters, Stats},
    sync::{Arc, AtomicBool, AtomicUsize, Ordering},
    tail::{TailCounters, TailStats},
};
use alloc::{boxed::Box, vec::Vec};
use core::sync::atomic::AtomicU64;
use spanline_core::{SpanLimits, sample::tail::TailReport};

/// What an engine may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of chunks and of the first exporter's queue. Default 48 MiB.
    pub buffer_bytes: usize,
    /// Spans that wait in chunks, to within one chunk per thread. Default: none, bytes govern.
    pub max_queue_spans: Option<u64>,
    /// Spans open at once, to within 32 per thread. Default 100,000.
    pub max_open_spans: usize,
    /// A larger span is dropped. Default 64 MiB.
    pub max_request_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            buffer_bytes: 48 << 20,
            max_queue_spans: None,
            max_open_spans: 100_000,
            max_request_bytes: 64 << 20,
        }
    }
}

/// How an engine wakes its drain. Called from any thread, also from many at once.
pub trait Wake: Send + Sync {
    /// Makes the drain run soon, or run again if it is running. Must not block.
    fn wake(&self);
}

/// The shared part of a span pipeline; threads reach it through a [`crate::Producer`].
pub struct Engine {
    id: u32,
    epoch: u32,
    limits: SpanLimits,
    bounds: Bounds,
    wake: Box<dyn Wake>,
    woken: AtomicBool,
    closed: AtomicBool,
    lanes: Locked<Vec<Arc<Lane>>>,
    lanes_version: AtomicUsize,
    /// Counts of threads that have gone, and those that belong to no thread.
    shared: LifeCounters,
    pool: Locked<Vec<Arc<Chunk>>>,
    chunk_bytes: AtomicUsize,
    first_queue_bytes: AtomicUsize,
    open_granted: AtomicUsize,
    drained: AtomicU64,
    /// Spans were lost since the host last asked.
    lossy: AtomicBool,
    late: LateEnds,
    /// What the traces that wait for their decision take, and the kept spans that are in no batch yet.
    held_bytes: AtomicUsize,
    tail: TailCounters,
    tail_report: Locked<TailReport>,
    /// Where chunks lie that are to outlive the process.
    store: Option<alloc::sync::Arc<SlotStore>>,
}

impl core::fmt::Debug for Engine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Engine")
            .field("id", &self.id)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine. `id` names it within the process, `epoch` the process among its forks.
    pub fn new(id: u32, epoch: u32, limits: SpanLimits, bounds: Bounds, wake: Box<dyn Wake>) -> Arc<Self> {
        Self::with_store(id, epoch, limits, bounds, wake, None)
    }

    /// An engine whose chunks are slots of a spool: they, not `buffer_bytes`, bound what waits.
    pub fn with_store(
        id: u32,
        epoch: u32,
        limits: SpanLimits,
        bounds: Bounds,
        wake: Box<dyn Wake>,
        store: Option<alloc::sync::Arc<SlotStore>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            epoch,
            limits,
            bounds,
            wake,
            woken: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            lanes: Locked::new(Vec::new()),
            lanes_version: AtomicUsize::new(0),
            shared: LifeCounters::new(),
            pool: Locked::new(Vec::new()),
            chunk_bytes: AtomicUsize::new(0),
            first_queue_bytes: AtomicUsize::new(0),
            open_granted: AtomicUsize::new(0),
            drained: AtomicU64::new(0),
            lossy: AtomicBool::new(false),
            late: LateEnds::new(),
            held_bytes: AtomicUsize::new(0),
            tail: TailCounters::default(),
            tail_report: Locked::new(TailReport::default()),
            store,
        })
    }

    /// The engine's name within the process.
    #[inline]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The process epoch for which it was made.
    #[inline]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The limits of its spans.
    #[inline]
    pub fn limits(&self) -> &SpanLimits {
        &self.limits
    }

    /// Its bounds.
    #[inline]
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Whether it has shut down: no span is recorded any more.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Stops recording. The drain's next cut takes what is left.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake.wake();
    }

    /// Wakes the drain, once until it has looked.
    pub fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.wake.wake();
        }
    }

    /// A span was lost for want of room: wakes the drain, once until the host has asked, so that it can be said.
    #[cold]
    pub(crate) fn note_loss(&self) {
        if !self.lossy.load(Ordering::Relaxed) && !self.lossy.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Whether spans were lost for want of room since [`Self::forget_losses`].
    pub fn has_losses(&self) -> bool {
        self.lossy.load(Ordering::Relaxed)
    }

    /// The losses so far are known to the host.
    pub fn forget_losses(&self) {
        self.lossy.store(false, Ordering::Relaxed);
    }

    /// The drain is about to look. A read-modify-write, like that of [`Self::wake`]: of the two, whichever comes second
    /// sees what the other side did before. After a plain store the drain could read old lengths, while a publisher
    /// still read that the drain has been woken.
    pub(crate) fn looked(&self) {
        self.woken.swap(false, Ordering::AcqRel);
    }

    /// Counts spans of no particular thread.
    pub fn count_shared(&self, life: Life, spans: u64) {
        self.shared.count_shared(life, spans);
    }

    /// Ends a span from inside this engine's own code (a signal handler, a finaliser): takes no lock and no memory. The
    /// span is lost, and counted when the engine looks next. False, and the span stays open, only when its slot waits for an
    /// earlier span of it, like those of 64 others.
    pub fn end_reentrant(&self, span: SpanRef) -> bool {
        self.late.put(span)
    }

    /// Closes the spans of [`Self::end_reentrant`]; one that was ended otherwise meanwhile is counted there.
    pub(crate) fn take_late_ends(&self) {
        self.late.take(|span| {
            let closed = span.close(self.epoch, |open| {
                open.clear();
                open.sampled
            });
            if let Some((sampled, slot)) = closed {
                self.return_grant(1);
                slot::give_back(self.epoch, core::iter::once(slot));
                self.count_shared(Life::Ended, 1);
                let fate = if sampled {
                    Life::Reentrant
                } else {
                    Life::RecordOnly
                };
                self.count_shared(fate, 1);
            }
        });
    }

    /// Life so far, without the exporters.
    pub fn stats(&self) -> Stats {
        self.take_late_ends();
        let sum = LifeCounters::new();
        let lanes = self.lanes.lock();
        self.shared.add_to(&sum);
        for lane in lanes.iter() {
            lane.counters.add_to(&sum);
        }
        Stats {
            tail: self.tail.get(),
            ..Stats::of(&sum)
        }
    }

    /// What the policies of tail sampling have decided so far, as of the last round of decisions.
    pub fn tail_report(&self) -> TailReport {
        self.tail_report.lock().clone()
    }

    pub(crate) fn set_tail_report(&self, report: TailReport) {
        let before = core::mem::replace(&mut *self.tail_report.lock(), report);
        drop(before);
    }

    /// Spans that tail sampling has dropped so far.
    pub fn tail_dropped(&self) -> u64 {
        self.shared.get(Life::TailDropped)
    }

    /// Spans that the drain has taken so far.
    pub fn drained(&self) -> u64 {
        self.drained.load(Ordering::Acquire)
    }

    pub(crate) fn add_drained(&self, spans: u64) {
        self.drained.fetch_add(spans, Ordering::AcqRel);
    }

    /// Bytes of chunks in use, by capacity; with those of held traces, where the chunks are on the heap.
    pub fn chunk_bytes(&self) -> usize {
        self.chunk_bytes.load(Ordering::Relaxed)
    }

    /// What the first exporter's queue holds; charged against the same bound as the chunks.
    pub fn set_first_queue_bytes(&self, bytes: usize) {
        self.first_queue_bytes.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn register(&self, lane: Arc<Lane>) {
        let mut lanes = self.lanes.lock();
        lanes.push(lane);
        self.lanes_version.fetch_add(1, Ordering::AcqRel);
    }

    /// Copies the lanes into `into` when they changed since `version`; gives the version copied.
    pub(crate) fn copy_lanes(&self, version: usize, into: &mut Vec<Arc<Lane>>) -> usize {
        if self.lanes_version.load(Ordering::Acquire) == version {
            return version;
        }
        self.copy_all_lanes(into)
    }

    /// Copies the lanes into `into` under their lock: a thread that registers later knows whatever we knew.
    pub(crate) fn copy_all_lanes(&self, into: &mut Vec<Arc<Lane>>) -> usize {
        let lanes = self.lanes.lock();
        into.clear();
        into.extend(lanes.iter().cloned());
        self.lanes_version.load(Ordering::Acquire)
    }

    /// Whether lanes came or went since `version`. A read-modify-write, so that it cannot be answered from the past.
    pub(crate) fn has_other_lanes(&self, version: usize) -> bool {
        self.lanes_version.fetch_or(0, Ordering::AcqRel) != version
    }

    /// Forgets the lane of a thread that has gone, once all it wrote is drained; keeps its counts.
    pub(crate) fn retire(&self, lane: &Arc<Lane>) {
        let mut lanes = self.lanes.lock();
        self.free_drained(lane);
        if !lane.left.load(Ordering::Acquire) || !lane.chunks.lock().is_empty() {
            return;
        }
        if let Some(at) = lanes.iter().position(|known| Arc::ptr_eq(known, lane)) {
            lanes.swap_remove(at);
            lane.counters.add_to(&self.shared);
            self.lanes_version.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Gives back the sealed chunks at the front that were read to their end.
    pub(crate) fn free_drained(&self, lane: &Lane) {
        use crate::queue::chunk::SEALED;
        let mut chunks = lane.chunks.lock();
        while let Some(front) = chunks.front() {
            if front.chunk.published() & SEALED == 0 || front.unread() > 0 {
                break;
            }
            if let Some(pending) = chunks.pop_front() {
                self.chunk_bytes
                    .fetch_sub(pending.chunk.capacity(), Ordering::Relaxed);
                match (&self.store, pending.chunk.slot()) {
                    (Some(store), Some(slot)) => {
                        drop(pending);
                        store.taken(slot);
                    }
                    _ => self.pool.lock().push(pending.chunk),
                }
            }
        }
    }

    /// A chunk of this capacity, charged. Refused when the engine is closed or the buffer full.
    pub(crate) fn take_chunk(&self, capacity: usize) -> Result<ChunkWriter, Life> {
        if self.is_closed() {
            return Err(Life::AfterShutdown);
        }
        if let Some(store) = &self.store {
            return self.take_slot(store, capacity);
        }
        // The first exporter's queue may take all but a sixth, so that others go on while it is stuck.
        let reserve = self.bounds.buffer_bytes / 6;
        let queued = self
            .first_queue_bytes
            .load(Ordering::Relaxed)
            .min(self.bounds.buffer_bytes - reserve);
        let charged = self.chunk_bytes.fetch_add(capacity, Ordering::Relaxed) + capacity;
        if charged + queued > self.bounds.buffer_bytes || self.is_full_of_spans() {
            self.chunk_bytes.fetch_sub(capacity, Ordering::Relaxed);
            return Err(Life::BufferFull);
        }
        Ok(self
            .pooled(capacity)
            .unwrap_or_else(|| ChunkWriter::new(capacity)))
    }

    fn is_full_of_spans(&self) -> bool {
        // The span that asks has ended, so it is among those that wait.
        let limit = self.bounds.max_queue_spans;
        limit.is_some_and(|limit| self.waiting() > limit)
    }

    fn take_slot(&self, store: &SlotStore, capacity: usize) -> Result<ChunkWriter, Life> {
        if self.is_full_of_spans() {
            return Err(Life::BufferFull);
        }
        let writer = store.take(capacity).ok_or(Life::BufferFull)?;
        self.chunk_bytes
            .fetch_add(writer.chunk().capacity(), Ordering::Relaxed);
        Ok(writer)
    }

    /// Where chunks lie that are to outlive the process.
    pub(crate) fn store(&self) -> Option<&alloc::sync::Arc<SlotStore>> {
        self.store.as_ref()
    }

    /// Takes back a chunk that nothing was written to.
    pub(crate) fn give_back_chunk(&self, unused: ChunkWriter) {
        self.chunk_bytes
            .fetch_sub(unused.chunk().capacity(), Ordering::Relaxed);
        if let (Some(store), Some(slot)) = (&self.store, unused.chunk().slot()) {
            unused.seal();
            store.taken(slot);
        }
    }

    fn pooled(&self, capacity: usize) -> Option<ChunkWriter> {
        let mut pool = self.pool.lock();
        let at = pool.iter().rposition(|chunk| chunk.capacity() == capacity)?;
        let chunk = pool.swap_remove(at);
        drop(pool);
        ChunkWriter::reuse(chunk)
    }

    /// Lets go of unused chunks but a few.
    pub(crate) fn trim_pool(&self) {
        const KEEP: usize = 8;
        let surplus: Vec<_> = {
            let mut pool = self.pool.lock();
            let from = pool.len().min(KEEP);
            pool.drain(from..).collect()
        };
        drop(surplus);
    }

    /// What counts against the bound of the first exporter's queue beside what is in it.
    pub fn charged_beside_queue(&self) -> usize {
        match self.store {
            // The chunks have a bound of their own.
            Some(_) => self.bounds.buffer_bytes / 6 + self.held_bytes.load(Ordering::Relaxed),
            None => self.chunk_bytes(),
        }
    }

    /// Notes what is held. On the heap it is charged with the chunks, so that whoever takes a chunk looks at one number.
    pub(crate) fn set_held(&self, stats: &TailStats) {
        self.tail.set(stats);
        let bytes = usize::try_from(stats.held_bytes).unwrap_or(usize::MAX);
        let before = self.held_bytes.swap(bytes, Ordering::Relaxed);
        if self.store.is_none() && bytes > before {
            self.chunk_bytes.fetch_add(bytes - before, Ordering::Relaxed);
        } else if self.store.is_none() {
            self.chunk_bytes.fetch_sub(before - bytes, Ordering::Relaxed);
        }
    }

    /// Whether more may be taken out of the chunks, while kept spans wait for an exporter: a sixth is left for chunks.
    pub(crate) fn has_room_to_hold(&self) -> bool {
        let most = self.bounds.buffer_bytes - self.bounds.buffer_bytes / 6;
        let queued = self.first_queue_bytes.load(Ordering::Relaxed).min(most);
        self.held_bytes.load(Ordering::Relaxed) + queued < most
    }

    /// Whether chunks, held traces and the first exporter's queue leave less than a sixth for further chunks.
    pub(crate) fn is_nearly_full(&self) -> bool {
        let queued = self.first_queue_bytes.load(Ordering::Relaxed);
        let most = self.bounds.buffer_bytes - self.bounds.buffer_bytes / 6;
        self.store.is_none() && self.chunk_bytes() + queued > most
    }

    /// Spans that ended for exporters and are still in the chunks.
    pub(crate) fn waiting(&self) -> u64 {
        self.stats().for_exporters().saturating_sub(self.drained())
    }

    pub(crate) fn grant_slots(&self, wanted: usize) -> usize {
        let before = self.open_granted.fetch_add(wanted, Ordering::Relaxed);
        let granted = self.bounds.max_open_spans.saturating_sub(before).min(wanted);
        self.return_grant(wanted - granted);
        granted
    }

    pub(crate) fn return_grant(&self, slots: usize) {
        self.open_granted.fetch_sub(slots, Ordering::Relaxed);
    }
}
