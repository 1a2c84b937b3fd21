//! A thread's end of an engine: its chunk, its free slots and its counters.

use super::{
    chunk::{CLOSED, Chunk, ChunkWriter, IDLE, LENGTH, MAX_CAPACITY},
    record::{HEADER, write_header},
};
use crate::{
    engine::Engine,
    slot::{self, FreeSlot, Locked},
    stats::{Life, LifeCounters},
    sync::{Arc, AtomicBool, Ordering},
};
use alloc::{collections::VecDeque, vec::Vec};

/// What the drain knows of one thread.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Chunks with something to read, and the one being written; oldest first.
    pub(crate) chunks: Locked<VecDeque<Pending>>,
    /// The thread has gone: nothing new will come.
    pub(crate) left: AtomicBool,
    pub(crate) counters: LifeCounters,
}

/// A chunk and how far it was read.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) chunk: Arc<Chunk>,
    pub(crate) drained: u32,
    /// Where reading ends, once the drain has closed the chunk: what is published beyond was counted as late by its
    /// writer.
    pub(crate) end: Option<u32>,
}

impl Pending {
    /// Up to where there is something to read.
    pub(crate) fn readable(&self) -> u32 {
        self.end.unwrap_or_else(|| self.chunk.published() & LENGTH)
    }

    /// Bytes to read.
    pub(crate) fn unread(&self) -> u32 {
        self.readable().saturating_sub(self.drained)
    }

    /// Closes the chunk, at the first call.
    pub(crate) fn close(&mut self) {
        let Self { chunk, end, .. } = self;
        end.get_or_insert_with(|| chunk.close() & LENGTH);
    }

    /// Says that the drain is about to sleep. True when something was published meanwhile that it has to read first.
    pub(crate) fn mark_idle(&self) -> bool {
        let published = self.chunk.mark_idle();
        self.end.is_none() && published != self.drained
    }
}

impl Pending {
    /// Whether something published is still to be read.
    fn is_unread(&self) -> bool {
        self.chunk.published() & LENGTH != self.drained
    }
}

impl Lane {
    fn new() -> Self {
        Self {
            chunks: Locked::new(VecDeque::new()),
            left: AtomicBool::new(false),
            counters: LifeCounters::new(),
        }
    }
}

/// Chunk sizes. A thread begins small; one that fills a chunk before the drain comes gets the next size. Where a
/// number of spans bounds the queue all chunks are small, since it is kept to within one chunk per thread.
#[cfg(not(loom))]
const CLASSES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];
/// Under loom: two records with messages of one byte, so that every way to meet the end of a chunk is gone.
#[cfg(loom)]
const CLASSES: [usize; 3] = [2 * (HEADER + 1); 3];

/// Full chunks of one thread that are work enough to wake the drain for.
const FULL_CHUNKS: usize = 4;

const REFILL: usize = 16;
const MAGAZINE: usize = 2 * REFILL;

/// A thread's own part of an engine. Made on the thread's first span, dropped when the thread ends.
#[derive(Debug)]
pub struct Producer {
    engine: Arc<Engine>,
    lane: Arc<Lane>,
    writer: Option<ChunkWriter>,
    class: usize,
    magazine: Vec<FreeSlot>,
}

impl Producer {
    /// Registers the calling thread with the engine.
    pub fn new(engine: Arc<Engine>) -> Self {
        let lane = Arc::new(Lane::new());
        engine.register(lane.clone());
        Self {
            engine,
            lane,
            writer: None,
            class: 0,
            magazine: Vec::with_capacity(MAGAZINE + 1),
        }
    }

    /// The engine.
    #[inline]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Counts one span's fate.
    #[inline]
    pub fn count(&self, life: Life) {
        self.lane.counters.count(life);
    }

    /// A slot for a new span. `None` when the engine's or the process's bound of open spans is reached.
    #[inline]
    pub(crate) fn take_slot(&mut self) -> Option<FreeSlot> {
        match self.magazine.pop() {
            Some(slot) => Some(slot),
            None => self.refill(),
        }
    }

    #[cold]
    fn refill(&mut self) -> Option<FreeSlot> {
        let granted = self.engine.grant_slots(REFILL);
        slot::take_free(self.engine.epoch(), granted, &mut self.magazine);
        self.engine.return_grant(granted - self.magazine.len());
        self.magazine.pop()
    }

    /// Takes back the slot of an ended span.
    #[inline]
    pub(crate) fn keep_slot(&mut self, slot: FreeSlot) {
        self.magazine.push(slot);
        if self.magazine.len() > MAGAZINE {
            self.return_slots(REFILL);
        }
    }

    #[cold]
    fn return_slots(&mut self, keep: usize) {
        let surplus = self.magazine.len().saturating_sub(keep);
        self.engine.return_grant(surplus);
        slot::give_back(self.engine.epoch(), self.magazine.drain(keep..));
    }

    /// Appends one record; `fill` writes the message of `size` bytes. Counts the loss when it cannot be kept.
    #[inline]
    pub(crate) fn append(&mut self, size: usize, scope: u16, fill: impl FnOnce(&mut [u8])) {
        let record = size + HEADER;
        if self.writer.as_ref().is_none_or(|writer| writer.room() < record)
            && let Err(life) = self.next_chunk(record)
        {
            self.lose(life);
            return;
        }
        let before = self.writer.as_mut().and_then(|writer| {
            writer.append(record, |bytes| {
                write_header(bytes, size, scope);
                if let Some((_, message)) = bytes.split_at_mut_checked(HEADER) {
                    fill(message);
                }
            })
        });
        match before {
            Some(flags) if flags & (IDLE | CLOSED) == 0 => {}
            Some(flags) => self.met_flags(flags),
            None => self.count(Life::BufferFull),
        }
    }

    #[cold]
    fn lose(&self, life: Life) {
        self.count(life);
        if life != Life::AfterShutdown {
            self.engine.note_loss();
        }
    }

    #[cold]
    fn met_flags(&mut self, flags: u32) {
        if flags & CLOSED != 0 {
            // The drain had read this chunk for the last time before we published.
            self.count(Life::AfterShutdown);
            self.leave_chunk();
        } else if let Some(writer) = &self.writer {
            writer.chunk().clear_idle();
            self.engine.wake();
        }
    }

    #[cold]
    fn next_chunk(&mut self, record: usize) -> Result<(), Life> {
        if record > self.engine.bounds().max_request_bytes.min(MAX_CAPACITY) {
            return Err(Life::TooLarge);
        }
        self.leave_chunk();
        self.choose_class();
        let capacity = CLASSES[self.class].max(record);
        let writer = self.engine.take_chunk(capacity)?;
        let unread = {
            let mut chunks = self.lane.chunks.lock();
            // Under this lock: a drain that has closed the chunks of this lane was told before, and so are we.
            if self.engine.is_closed() {
                drop(chunks);
                self.engine.give_back_chunk(writer);
                return Err(Life::AfterShutdown);
            }
            let unread = chunks.iter().filter(|pending| pending.is_unread()).count();
            chunks.push_back(Pending {
                chunk: writer.chunk().clone(),
                drained: 0,
                end: None,
            });
            unread
        };
        self.writer = Some(writer);
        // A drain that sleeps does not know this chunk, unless one before it is unread: then it does not sleep, or that
        // chunk has told us that it does. Several full ones are work before the delay is over.
        if unread == 0 || unread >= FULL_CHUNKS {
            self.engine.wake();
        }
        Ok(())
    }

    /// A thread whose chunk filled before the drain read it writes fast and gets a larger one; a slow one a smaller.
    fn choose_class(&mut self) {
        if self.engine.bounds().max_queue_spans.is_some() {
            return;
        }
        let chunks = self.lane.chunks.lock();
        let Some(last) = chunks.back() else { return };
        if last.drained == 0 {
            self.class = (self.class + 1).min(CLASSES.len() - 1);
        } else if last.drained as usize > last.chunk.capacity() / 2 {
            self.class = self.class.saturating_sub(1);
        }
    }

    fn leave_chunk(&mut self) {
        if let Some(writer) = self.writer.take()
            && writer.seal() & IDLE != 0
        {
            self.engine.wake();
        }
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.leave_chunk();
        self.return_slots(0);
        self.lane.left.store(true, Ordering::Release);
        self.engine.retire(&self.lane);
    }
}
