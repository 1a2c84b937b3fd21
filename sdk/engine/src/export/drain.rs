//! The drain: finds what the threads published and cuts batches from it.

use super::{
    batch::{Batch, Envelope, Plan},
    ledger::{Piece, Receipt},
};
use crate::{
    engine::Engine,
    queue::{chunk::Chunk, producer::Lane, record::Records},
    sync::{Arc, Ordering},
};
use alloc::vec::Vec;

/// Published bytes of one chunk that go into the batch being cut.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) chunk: Arc<Chunk>,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

#[derive(Debug)]
pub(crate) struct Drain {
    engine: Arc<Engine>,
    lanes: Vec<Arc<Lane>>,
    version: usize,
    /// Where the next cut begins, so that no lane starves.
    cursor: usize,
    waiting_bytes: usize,
    segments: Vec<Segment>,
    /// Threads that were begun in this pass.
    turn: usize,
}

impl Drain {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            lanes: Vec::new(),
            version: 0,
            cursor: 0,
            waiting_bytes: 0,
            segments: Vec::new(),
            turn: 0,
        }
    }

    /// Learns what waits. `closing`: closes every chunk, so that nothing is published behind our back.
    pub(crate) fn look(&mut self, closing: bool) {
        self.engine.take_late_ends();
        self.version = if closing {
            self.engine.copy_all_lanes(&mut self.lanes)
        } else {
            self.engine.copy_lanes(self.version, &mut self.lanes)
        };
        self.waiting_bytes = 0;
        let mut gone = false;
        for lane in &self.lanes {
            for pending in lane.chunks.lock().iter_mut() {
                if closing {
                    pending.close();
                }
                pending.chunk.clear_idle();
                self.waiting_bytes += pending.unread() as usize;
            }
            gone |= lane.left.load(Ordering::Acquire);
        }
        if gone {
            self.retire();
        }
    }

    #[cold]
    fn retire(&mut self) {
        for lane in &self.lanes {
            if lane.left.load(Ordering::Acquire) {
                self.engine.retire(lane);
            }
        }
    }

    pub(crate) fn has_waiting_bytes(&self) -> bool {
        self.waiting_bytes > 0
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    pub(crate) fn waiting_spans(&self) -> u64 {
        self.engine.waiting()
    }

    /// Tells every thread that the drain sleeps. True when one published meanwhile.
    pub(crate) fn mark_idle(&mut self) -> bool {
        let mut missed = false;
        for lane in &self.lanes {
            for pending in lane.chunks.lock().iter() {
                missed |= pending.mark_idle();
            }
        }
        missed || self.engine.has_other_lanes(self.version)
    }

    /// Cuts a batch of at most so many spans and bytes; one larger span makes a batch alone. `None`: nothing waits.
    pub(crate) fn cut(
        &mut self,
        spans: usize,
        bytes: usize,
        now: u64,
        envelope: &mut dyn Envelope,
    ) -> Option<Batch> {
        let mut plan = Plan::new(spans, bytes, &*envelope);
        self.segments.clear();
        let lanes = self.lanes.len();
        for turn in 0..lanes {
            let lane = &self.lanes[(self.cursor + turn) % lanes];
            choose(lane, &mut plan, &mut self.segments);
            if plan.is_full() {
                self.cursor = (self.cursor + turn) % lanes;
                break;
            }
        }
        if plan.spans() == 0 {
            return None;
        }
        let mut batch = plan.write(&self.segments, now);
        if let Some(store) = self.engine.store() {
            batch = batch.with_origin(Some(Receipt::new(store.clone(), pieces(&self.segments))), None);
        }
        self.release();
        self.engine.add_drained(batch.spans());
        Some(batch)
    }

    /// Begins to read what is published, thread by thread and chunk by chunk.
    pub(crate) fn begin_pass(&mut self) {
        self.segments.clear();
        self.turn = 0;
    }

    /// Whether there is more to read in this pass.
    pub(crate) fn has_more(&mut self) -> bool {
        while self.segments.is_empty() && self.turn < self.lanes.len() {
            self.turn += 1;
            if let Some(lane) = self.lane() {
                unread(&lane, &mut self.segments);
                self.segments.reverse();
            }
        }
        !self.segments.is_empty()
    }

    /// What comes next in this pass. It counts as read from here on: what a fault leaves behind is not taken twice.
    pub(crate) fn next_segment(&mut self) -> Option<Segment> {
        if !self.has_more() {
            return None;
        }
        let (segment, lane) = (self.segments.pop()?, self.lane()?);
        self.mark_read(&lane, &segment);
        Some(segment)
    }

    /// Gives a segment of this pass back, and what was read to its end with it.
    pub(crate) fn give_back(&mut self, segment: Segment) {
        // Whoever frees the chunk must be the only one who has it.
        drop(segment);
        if let Some(lane) = self.lane() {
            self.engine.free_drained(&lane);
        }
    }

    /// Ends the pass before its end; the next one begins with this thread.
    pub(crate) fn break_off(&mut self) {
        self.segments.clear();
        self.cursor = (self.cursor + self.turn).wrapping_sub(1) % self.lanes.len().max(1);
    }

    /// The thread that is being read.
    fn lane(&self) -> Option<Arc<Lane>> {
        let number = (self.cursor + self.turn).checked_sub(1)?;
        self.lanes.get(number % self.lanes.len().max(1)).cloned()
    }

    fn mark_read(&mut self, lane: &Lane, segment: &Segment) {
        let Segment { chunk, from, to } = segment;
        let spans = chunk.read(*from, *to, |bytes| Records::new(bytes).count());
        let mut chunks = lane.chunks.lock();
        if let Some(pending) = chunks
            .iter_mut()
            .find(|pending| Arc::ptr_eq(&pending.chunk, chunk))
        {
            pending.drained = *to;
        }
        drop(chunks);
        self.waiting_bytes = self.waiting_bytes.saturating_sub((to - from) as usize);
        self.engine.add_drained(spans as u64);
    }

    /// Marks the segments as read and gives their chunks back.
    fn release(&mut self) {
        for segment in self.segments.drain(..) {
            self.waiting_bytes = self
                .waiting_bytes
                .saturating_sub((segment.to - segment.from) as usize);
        }
        for lane in &self.lanes {
            self.engine.free_drained(lane);
        }
    }
}

/// What is published of this lane and not read, oldest first.
fn unread(lane: &Lane, segments: &mut Vec<Segment>) {
    for pending in lane.chunks.lock().iter() {
        let (from, to) = (pending.drained, pending.readable());
        if from < to {
            let chunk = pending.chunk.clone();
            segments.push(Segment { chunk, from, to });
        }
    }
}

/// Where in the spool the segments lie.
fn pieces(segments: &[Segment]) -> Vec<Piece> {
    let piece = |segment: &Segment| {
        Some(Piece {
            slot: segment.chunk.slot()?,
            from: segment.from,
            to: segment.to,
        })
    };
    segments.iter().filter_map(piece).collect()
}

/// Takes records of this lane, oldest first, until the plan is full.
fn choose(lane: &Lane, plan: &mut Plan<'_>, segments: &mut Vec<Segment>) {
    let mut chunks = lane.chunks.lock();
    for pending in chunks.iter_mut() {
        let from = pending.drained;
        let published = pending.readable();
        if published <= from {
            continue;
        }
        let taken = pending.chunk.read(from, published, |bytes| {
            let mut taken = 0;
            for record in Records::new(bytes) {
                if !plan.admit(record.scope, record.message.len()) {
                    break;
                }
                taken = record.message.end;
            }
            taken
        });
        if taken > 0 {
            let to = from + taken as u32;
            segments.push(Segment {
                chunk: pending.chunk.clone(),
                from,
                to,
            });
            // The bytes stay: a chunk is freed only by the drain, after the batch is written.
            pending.drained = to;
        }
        if plan.is_full() {
            return;
        }
    }
}
