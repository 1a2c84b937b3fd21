//! A chunk: bytes that one thread appends to and one drain reads behind it.
//!
//! The writer fills bytes beyond the published length and then publishes them with one read-modify-write of
//! [`Chunk::published`]. The same word carries three flags, so that whoever publishes learns in the same instant
//! whether the drain sleeps or has closed the chunk: no wake-up and no record can fall between.

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
    bytes: Box<[UnsafeCell<u8>]>,
    published: AtomicU32,
}

// SAFETY: bytes below the published length are never written again while the chunk is shared and are read only
// after an acquiring load of it; bytes above it are touched by the one `ChunkWriter` only.
#[allow(unsafe_code)]
unsafe impl Sync for Chunk {}

// SAFETY: the cells hold plain bytes.
#[allow(unsafe_code)]
unsafe impl Send for Chunk {}

impl Chunk {
    fn new(capacity: usize) -> Arc<Self> {
        let bytes = (0..capacity).map(|_| UnsafeCell::new(0)).collect();
        Arc::new(Self {
            bytes,
            published: AtomicU32::new(0),
        })
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// Length and flags as published.
    pub(crate) fn published(&self) -> u32 {
        self.published.load(Ordering::Acquire)
    }

    /// Reads published bytes. Empty when the range was not published.
    #[allow(unsafe_code)]
    pub(crate) fn read<R>(&self, from: u32, to: u32, f: impl FnOnce(&[u8]) -> R) -> R {
        if from >= to || to > self.published() & LENGTH {
            return f(&[]);
        }
        #[cfg(loom)]
        {
            let cells = &self.bytes[from as usize..to as usize];
            // SAFETY: published and so never written again; loom checks it.
            let copy: alloc::vec::Vec<u8> = cells
                .iter()
                .map(|cell| cell.with(|byte| unsafe { *byte }))
                .collect();
            f(&copy)
        }
        #[cfg(not(loom))]
        {
            let first = self.bytes.as_ptr().cast::<u8>();
            // SAFETY: `from` lies inside the chunk: it is below the published length.
            let start = unsafe { first.add(from as usize) };
            // SAFETY: the range lies inside the chunk, was published before our acquiring load, and is not written
            // while anybody shares the chunk.
            f(unsafe { core::slice::from_raw_parts(start, (to - from) as usize) })
        }
    }

    /// Says that the drain is about to sleep. Gives the length published before.
    pub(crate) fn mark_idle(&self) -> u32 {
        self.published.fetch_or(IDLE, Ordering::AcqRel) & LENGTH
    }

    /// Says that the drain is awake.
    pub(crate) fn clear_idle(&self) {
        if self.published.load(Ordering::Relaxed) & IDLE != 0 {
            self.published.fetch_and(!IDLE, Ordering::AcqRel);
        }
    }

    /// Closes the chunk and gives what is published for ever: length and flags.
    pub(crate) fn close(&self) -> u32 {
        self.published.fetch_or(CLOSED, Ordering::AcqRel)
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
    length: u32,
}

impl ChunkWriter {
    /// A new chunk of this many bytes, at most [`MAX_CAPACITY`].
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            chunk: Chunk::new(capacity.min(MAX_CAPACITY)),
            length: 0,
        }
    }

    /// Takes a drained and sealed chunk into use again. `None` when somebody still holds it.
    pub(crate) fn reuse(mut chunk: Arc<Chunk>) -> Option<Self> {
        // Nobody else has it, so resetting races with nobody.
        Arc::get_mut(&mut chunk)?.published = AtomicU32::new(0);
        Some(Self { chunk, length: 0 })
    }

    pub(crate) fn chunk(&self) -> &Arc<Chunk> {
        &self.chunk
    }

    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.chunk.bytes.len() - self.length as usize
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
            for (cell, byte) in self.chunk.bytes[at..].iter().zip(bytes) {
                // SAFETY: unpublished bytes are ours alone; loom checks it.
                cell.with_mut(|place| unsafe { *place = byte });
            }
        }
        #[cfg(not(loom))]
        {
            let first = self.chunk.bytes.as_ptr().cast::<u8>().cast_mut();
            // SAFETY: there is room, so `at` is at most the chunk's length.
            let start = unsafe { first.add(at) };
            // SAFETY: the range lies inside the chunk and beyond what is published; we are the one writer, and
            // `UnsafeCell` has the layout of what it holds and lets us write through a shared reference.
            fill(unsafe { core::slice::from_raw_parts_mut(start, size) });
        }
        self.length += size as u32;
        Some(self.chunk.published.fetch_add(size as u32, Ordering::AcqRel))
    }

    /// Leaves the chunk. Gives the flags that stood before.
    pub(crate) fn seal(self) -> u32 {
        self.chunk.published.fetch_or(SEALED, Ordering::AcqRel)
    }
}
