//! A chunk: bytes that one thread appends to and one drain reads behind it.
//!
//! The writer fills bytes beyond the published length and then publishes them with one read-modify-write of
//! [`Chunk::published`]. The same word carries three flags, so that whoever publishes learns in the same instant
//! whether the drain sleeps or has closed the chunk: no wake-up and no record can fall between.
//!
//! The bytes and the word lie on the heap, or in a slot of a spool; the protocol is the same.

use super::region::SlotMemory;
use crate::sync::{Arc, AtomicU32, Ordering, UnsafeCell};
use alloc::boxed::Box;

/// The drain sleeps: the next publisher must wake it.
pub(crate) const IDLE: u32 = 1 << 31;
/// The drain has read this chunk for the last time: what is published after this is lost and must be counted.
pub(crate) const CLOSED: u32 = 1 << 30;
/// The writer has left: nothing more will be published.
pub(crate) const SEALED: u32 = 1 << 29;
/// The published length in bytes.
pub(crate) const LENGTH: u32 = SEALED - 1;

/// The largest chunk that can be made: 256 MiB, four times the largest request.
pub(crate) const MAX_CAPACITY: usize = 1 << 28;

pub(crate) struct Chunk {
    memory: Memory,
}

/// Where a chunk's bytes and its published length are.
enum Memory {
    Heap {
        bytes: Box<[UnsafeCell<u8>]>,
        published: AtomicU32,
    },
    Slot(SlotMemory),
}

// SAFETY: bytes below the published length are never written again while the chunk is shared and are read only
// after an acquiring load of it; bytes above it are touched by the one `ChunkWriter` only.
#[allow(unsafe_code)]
unsafe impl Sync for Chunk {}

// SAFETY: the cells hold plain bytes, and a slot's memory may be used from any thread.
#[allow(unsafe_code)]
unsafe impl Send for Chunk {}

impl Chunk {
    fn new(capacity: usize) -> Arc<Self> {
        let bytes = (0..capacity).map(|_| UnsafeCell::new(0)).collect();
        Arc::new(Self {
            memory: Memory::Heap {
                bytes,
                published: AtomicU32::new(0),
            },
        })
    }

    pub(crate) fn capacity(&self) -> usize {
        match &self.memory {
            Memory::Heap { bytes, .. } => bytes.len(),
            Memory::Slot(slot) => slot.capacity(),
        }
    }

    /// The number of the spool's slot that this chunk is.
    pub(crate) fn slot(&self) -> Option<u32> {
        match &self.memory {
            Memory::Heap { .. } => None,
            Memory::Slot(slot) => Some(slot.number()),
        }
    }

    fn word(&self) -> &AtomicU32 {
        match &self.memory {
            Memory::Heap { published, .. } => published,
            Memory::Slot(slot) => slot.published(),
        }
    }

    /// The first byte.
    fn first(&self) -> *const UnsafeCell<u8> {
        match &self.memory {
            Memory::Heap { bytes, .. } => bytes.as_ptr(),
            Memory::Slot(slot) => slot.first(),
        }
    }

    /// A word as it was read, with a length that the chunk has: others may write to the file that a slot is in.
    fn believable(&self, word: u32) -> u32 {
        word & !LENGTH | (word & LENGTH).min(self.capacity() as u32)
    }

    /// Length and flags as published.
    pub(crate) fn published(&self) -> u32 {
        self.believable(self.word().load(Ordering::Acquire))
    }

    /// Reads published bytes. Empty when the range was not published.
    #[allow(unsafe_code)]
    pub(crate) fn read<R>(&self, from: u32, to: u32, f: impl FnOnce(&[u8]) -> R) -> R {
        if from >= to || to > self.published() & LENGTH {
            return f(&[]);
        }
        let first = self.first();
        #[cfg(loom)]
        {
            let copy: alloc::vec::Vec<u8> = (from..to)
                .map(|at| {
                    // SAFETY: `at` lies inside the chunk: it is below the published length.
                    let cell = unsafe { &*first.add(at as usize) };
                    // SAFETY: published and so never written again; loom checks it.
                    cell.with(|byte| unsafe { *byte })
                })
                .collect();
            f(&copy)
        }
        #[cfg(not(loom))]
        {
            // SAFETY: `from` lies inside the chunk: it is below the published length.
            let start = unsafe { first.cast::<u8>().add(from as usize) };
            // SAFETY: the range lies inside the chunk, was published before our acquiring load, and is not written
            // while anybody shares the chunk.
            f(unsafe { core::slice::from_raw_parts(start, (to - from) as usize) })
        }
    }

    /// Says that the drain is about to sleep. Gives the length published before.
    pub(crate) fn mark_idle(&self) -> u32 {
        self.believable(self.word().fetch_or(IDLE, Ordering::AcqRel)) & LENGTH
    }

    /// Says that the drain is awake.
    pub(crate) fn clear_idle(&self) {
        if self.word().load(Ordering::Relaxed) & IDLE != 0 {
            self.word().fetch_and(!IDLE, Ordering::AcqRel);
        }
    }

    /// Closes the chunk and gives what is published for ever: length and flags.
    pub(crate) fn close(&self) -> u32 {
        self.believable(self.word().fetch_or(CLOSED, Ordering::AcqRel))
    }
}

impl core::fmt::Debug for Chunk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Chunk({} of {})", self.published() & LENGTH, self.capacity())
    }
}

/// The writing end of a chunk; there is one.
#[derive(Debug)]
pub(crate) struct ChunkWriter {
    chunk: Arc<Chunk>,
    // What the chunk says of its memory, here so that appending asks nobody which kind it is.
    first: *const UnsafeCell<u8>,
    published: *const AtomicU32,
    capacity: u32,
    length: u32,
}

// SAFETY: the pointers are into the chunk, which the writer keeps alive and which may be used from any thread.
#[allow(unsafe_code)]
unsafe impl Send for ChunkWriter {}

// SAFETY: a shared writer gives nothing but its chunk and its room.
#[allow(unsafe_code)]
unsafe impl Sync for ChunkWriter {}

impl ChunkWriter {
    /// A new chunk of this many bytes, at most [`MAX_CAPACITY`].
    pub(crate) fn new(capacity: usize) -> Self {
        Self::of(Chunk::new(capacity.min(MAX_CAPACITY)))
    }

    /// A chunk in a slot that nobody else uses.
    pub(crate) fn in_slot(slot: SlotMemory) -> Self {
        slot.published().store(0, Ordering::Relaxed);
        Self::of(Arc::new(Chunk {
            memory: Memory::Slot(slot),
        }))
    }

    /// Takes a drained and sealed chunk into use again. `None` when somebody still holds it.
    pub(crate) fn reuse(mut chunk: Arc<Chunk>) -> Option<Self> {
        // Nobody else has it, so resetting races with nobody.
        Arc::get_mut(&mut chunk)?.word().store(0, Ordering::Relaxed);
        Some(Self::of(chunk))
    }

    /// The one writer of a chunk that is empty.
    fn of(chunk: Arc<Chunk>) -> Self {
        Self {
            first: chunk.first(),
            published: chunk.word(),
            capacity: chunk.capacity() as u32,
            length: 0,
            chunk,
        }
    }

    pub(crate) fn chunk(&self) -> &Arc<Chunk> {
        &self.chunk
    }

    #[inline]
    pub(crate) fn room(&self) -> usize {
        (self.capacity - self.length) as usize
    }

    /// Appends `size` bytes, filled by `fill`, and publishes them. Gives the flags that stood before; `None`, and
    /// nothing is written, when there is no room.
    #[inline]
    #[allow(unsafe_code)]
    pub(crate) fn append(&mut self, size: usize, fill: impl FnOnce(&mut [u8])) -> Option<u32> {
        if size > self.room() {
            return None;
        }
        let at = self.length as usize;
        #[cfg(loom)]
        {
            let mut bytes = alloc::vec![0; size];
            fill(&mut bytes);
            for (at, byte) in (at..).zip(bytes) {
                // SAFETY: there is room, so `at` lies inside the chunk, which lives as long as we do.
                let cell = unsafe { &*self.first.add(at) };
                // SAFETY: unpublished bytes are ours alone; loom checks it.
                cell.with_mut(|place| unsafe { *place = byte });
            }
        }
        #[cfg(not(loom))]
        {
            let first = self.first.cast::<u8>().cast_mut();
            // SAFETY: there is room, so `at` is at most the chunk's length.
            let start = unsafe { first.add(at) };
            // SAFETY: the range lies inside the chunk and beyond what is published; we are the one writer, and
            // `UnsafeCell` has the layout of what it holds and lets us write through a shared reference.
            fill(unsafe { core::slice::from_raw_parts_mut(start, size) });
        }
        self.length += size as u32;
        // SAFETY: the word belongs to the chunk, which lives as long as we do and is not moved.
        let published = unsafe { &*self.published };
        Some(published.fetch_add(size as u32, Ordering::AcqRel))
    }

    /// Leaves the chunk. Gives the flags that stood before.
    pub(crate) fn seal(self) -> u32 {
        self.chunk.word().fetch_or(SEALED, Ordering::AcqRel)
    }
}
