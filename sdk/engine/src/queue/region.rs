//! The memory of a spool: a table of slots and their bytes, in a mapped file.

use super::chunk::MAX_CAPACITY;
use crate::sync::{AtomicU32, UnsafeCell};
use alloc::{boxed::Box, sync::Arc};
use core::any::Any;

/// Exporters that a slot can keep account of.
#[cfg(not(loom))]
pub(crate) const MAX_EXPORTERS: usize = 16;
/// Few, so that loom has little to follow.
#[cfg(loom)]
pub(crate) const MAX_EXPORTERS: usize = 1;

/// Bytes of one entry of the table.
pub(crate) const ENTRY: usize = 128;

/// What the table says of a slot. All zero is a free slot.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Entry {
    /// Length and flags of the chunk.
    pub(crate) published: AtomicU32,
    /// One of the states below.
    pub(crate) state: AtomicU32,
    /// Of an open or taken slot: how many slots, from this one, are one chunk.
    pub(crate) slots: AtomicU32,
    pub(crate) reserved: AtomicU32,
    /// Up to where each exporter is done.
    pub(crate) settled: [AtomicU32; MAX_EXPORTERS],
}

/// Nothing is in it.
pub(crate) const FREE: u32 = 0;
/// A thread writes to it, or wrote until it left.
pub(crate) const OPEN: u32 = 1;
/// All of it has been read into batches.
pub(crate) const TAKEN: u32 = 2;
/// It belongs to the chunk that begins in a slot before.
pub(crate) const CONTINUED: u32 = 3;
/// It holds scopes, until the file is deleted.
pub(crate) const SCOPES: u32 = 4;

/// Table and slots, and what keeps them mapped.
pub struct Region {
    table: *const Entry,
    data: *const UnsafeCell<u8>,
    slots: u32,
    slot_bytes: u32,
    /// Dropped when nobody uses the memory any more.
    _keeps: Box<dyn Any + Send + Sync>,
}

// SAFETY: the table is atomics; of the bytes a slot's are given to one chunk at a time (see `SlotMemory`).
#[allow(unsafe_code)]
unsafe impl Sync for Region {}

// SAFETY: the memory belongs to no thread.
#[allow(unsafe_code)]
unsafe impl Send for Region {}

impl core::fmt::Debug for Region {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Region({} of {} bytes)", self.slots, self.slot_bytes)
    }
}

impl Region {
    /// A region whose table is at `table` and whose slots are at `data`.
    ///
    /// # Safety
    ///
    /// Until `keeps` is dropped both point to readable and writable memory, `table` aligned to 128 and of `slots`
    /// times 128 bytes, `data` of `slots` times `slot_bytes` bytes; nobody in this process reaches the memory in
    /// another way.
    #[cfg(not(loom))]
    #[allow(unsafe_code)]
    pub unsafe fn new(
        table: *mut u8,
        data: *mut u8,
        slots: u32,
        slot_bytes: u32,
        keeps: Box<dyn Any + Send + Sync>,
    ) -> Arc<Self> {
        Arc::new(Self {
            table: table.cast_const().cast(),
            data: data.cast_const().cast(),
            slots,
            slot_bytes,
            _keeps: keeps,
        })
    }

    pub(crate) fn slots(&self) -> u32 {
        self.slots
    }

    pub(crate) fn slot_bytes(&self) -> u32 {
        self.slot_bytes
    }

    /// The entry of this slot.
    #[allow(unsafe_code)]
    pub(crate) fn entry(&self, slot: u32) -> Option<&Entry> {
        if slot >= self.slots {
            return None;
        }
        // SAFETY: the table has so many entries.
        let entry = unsafe { self.table.add(slot as usize) };
        // SAFETY: it is aligned and readable while `self` lives, and any bytes are valid atomics.
        Some(unsafe { &*entry })
    }

    /// The memory of so many slots from this one. `None` when there are not so many, or too many for a chunk.
    pub(crate) fn memory(self: &Arc<Self>, slot: u32, slots: u32) -> Option<SlotMemory> {
        let end = slot.checked_add(slots)?;
        let capacity = usize::try_from(slots)
            .ok()?
            .checked_mul(self.slot_bytes as usize)?;
        (slots > 0 && end <= self.slots && capacity <= MAX_CAPACITY).then(|| SlotMemory {
            region: self.clone(),
            number: slot,
            capacity,
        })
    }

    /// A region on the heap.
    #[cfg(test)]
    pub(crate) fn on_heap(slots: u32, slot_bytes: u32) -> Arc<Self> {
        let table: Box<[Entry]> = (0..slots).map(|_| Entry::new()).collect();
        let bytes = slots as usize * slot_bytes as usize;
        let data: Box<[UnsafeCell<u8>]> = (0..bytes).map(|_| UnsafeCell::new(0)).collect();
        // Vectors, so that moving them here does not move what they point to.
        let (table, data) = (table.into_vec(), data.into_vec());
        let (first, start) = (table.as_ptr(), data.as_ptr());
        Arc::new(Self {
            table: first,
            data: start,
            slots,
            slot_bytes,
            _keeps: Box::new((table, SharedBytes(data))),
        })
    }
}

#[cfg(test)]
impl Entry {
    fn new() -> Self {
        Self {
            published: AtomicU32::new(0),
            state: AtomicU32::new(FREE),
            slots: AtomicU32::new(0),
            reserved: AtomicU32::new(0),
            settled: core::array::from_fn(|_| AtomicU32::new(0)),
        }
    }
}

#[cfg(test)]
struct SharedBytes(#[allow(dead_code)] alloc::vec::Vec<UnsafeCell<u8>>);

// SAFETY: never touched; only dropped.
#[cfg(test)]
#[allow(unsafe_code)]
unsafe impl Send for SharedBytes {}

// SAFETY: never touched; only dropped.
#[cfg(test)]
#[allow(unsafe_code)]
unsafe impl Sync for SharedBytes {}

/// The memory of a chunk in a spool. Whoever makes one sees to it that no other chunk has these slots.
#[derive(Debug)]
pub(crate) struct SlotMemory {
    region: Arc<Region>,
    number: u32,
    capacity: usize,
}

impl SlotMemory {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    #[allow(unsafe_code)]
    pub(crate) fn published(&self) -> &AtomicU32 {
        // SAFETY: the table has this entry: its number was checked when this was made.
        let entry = unsafe { self.region.table.add(self.number as usize) };
        // SAFETY: as in `Region::entry`.
        unsafe { &(*entry).published }
    }

    /// The first byte; so many follow as the capacity says.
    #[allow(unsafe_code)]
    pub(crate) fn first(&self) -> *const UnsafeCell<u8> {
        let at = self.number as usize * self.region.slot_bytes as usize;
        // SAFETY: the slot lies inside the region: its number was checked when this was made.
        unsafe { self.region.data.add(at) }
    }
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Entry>() == ENTRY && align_of::<Entry>() == ENTRY);
