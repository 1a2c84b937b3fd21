//! The slots of a spool: who has which, and which are free again.

use super::{
    chunk::{Chunk, ChunkWriter, LENGTH},
    record::{HEADER, write_header},
    region::{CONTINUED, FREE, MAX_EXPORTERS, OPEN, Region, SCOPES, TAKEN},
    settled::Settled,
};
use crate::{
    export::ledger::{Ledger, Piece},
    slot::Locked,
    sync::{self, Ordering},
};
use alloc::{sync::Arc, vec, vec::Vec};

/// The chunks of a process in memory that outlives it.
///
/// A slot goes from free to open when a thread takes it, to taken when the thread has left it and the drain has read
/// all of it, and is free again when every exporter is done with all of it. Each step is one store to the slot's entry,
/// made when everything that it promises is in place: a process may be killed between any two.
#[derive(Debug)]
pub struct SlotStore {
    region: Arc<Region>,
    exporters: usize,
    slots: Locked<Slots>,
    /// The process that it was made for, and how to know which this is: a forked child keeps its hands off.
    epoch: u32,
    current_epoch: fn() -> u32,
}

#[derive(Debug)]
struct Slots {
    known: Vec<Known>,
    /// The slot that takes scopes, and what is in it.
    scopes: Option<ChunkWriter>,
}

/// What this process knows of a slot.
#[derive(Debug, Default)]
struct Known {
    state: State,
    /// Kept until the slot is free, so that it is seen whether anybody else still has it.
    chunk: Option<sync::Arc<Chunk>>,
    /// Slots of the chunk that begins here.
    slots: u32,
    /// For each exporter.
    settled: Vec<Settled>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum State {
    #[default]
    Free,
    Open,
    Taken,
    /// Part of a chunk that begins before, or scopes.
    Other,
}

impl SlotStore {
    /// A store of free slots for so many exporters, at most 16. It works only while `current_epoch` gives what it gives
    /// now.
    pub fn new(region: Arc<Region>, exporters: usize, current_epoch: fn() -> u32) -> Arc<Self> {
        let known = (0..region.slots()).map(|_| Known::default()).collect();
        Arc::new(Self {
            region,
            exporters: exporters.min(MAX_EXPORTERS),
            slots: Locked::new(Slots { known, scopes: None }),
            epoch: current_epoch(),
            current_epoch,
        })
    }

    fn is_foreign(&self) -> bool {
        (self.current_epoch)() != self.epoch
    }

    /// A chunk of at least this many bytes. `None` when so many slots in a row are not free.
    pub(crate) fn take(&self, capacity: usize) -> Option<ChunkWriter> {
        if self.is_foreign() {
            return None;
        }
        let mut slots = self.slots.lock();
        self.open(&mut slots, capacity, OPEN)
    }

    fn open(&self, slots: &mut Slots, capacity: usize, state: u32) -> Option<ChunkWriter> {
        let wanted = capacity.div_ceil(self.region.slot_bytes() as usize).max(1);
        let at = self.find(slots, wanted)?;
        let number = at as u32;
        let writer = ChunkWriter::in_slot(self.region.memory(number, wanted as u32)?);
        for part in 1..wanted {
            self.set_state(number + part as u32, CONTINUED);
            slots.known[at + part].state = State::Other;
        }
        let entry = self.region.entry(number)?;
        entry.slots.store(wanted as u32, Ordering::Relaxed);
        for settled in &entry.settled {
            settled.store(0, Ordering::Relaxed);
        }
        slots.known[at] = Known {
            state: if state == OPEN { State::Open } else { State::Other },
            chunk: Some(writer.chunk().clone()),
            slots: wanted as u32,
            settled: vec![Settled::default(); self.exporters],
        };
        // The last of all: from here on whoever finds the file reads the slot.
        self.set_state(number, state);
        Some(writer)
    }

    /// The first of so many free slots in a row; low ones first, so that few pages are touched.
    fn find(&self, slots: &mut Slots, wanted: usize) -> Option<usize> {
        for again in [false, true] {
            if again {
                // Slots that nobody waited for when somebody still read them.
                for number in 0..self.region.slots() {
                    self.release(slots, number);
                }
            }
            let free = |known: &Known| known.state == State::Free;
            let mut windows = slots.known.windows(wanted);
            if let Some(at) = windows.position(|run| run.iter().all(free)) {
                return Some(at);
            }
        }
        None
    }

    fn set_state(&self, number: u32, state: u32) {
        if let Some(entry) = self.region.entry(number) {
            entry.state.store(state, Ordering::Release);
        }
    }

    /// The thread has left this chunk, and the drain has read all of it.
    pub(crate) fn taken(&self, number: u32) {
        if self.is_foreign() {
            return;
        }
        let mut slots = self.slots.lock();
        if let Some(known) = slots.known.get_mut(number as usize)
            && known.state == State::Open
        {
            known.state = State::Taken;
            self.set_state(number, TAKEN);
            self.release(&mut slots, number);
        }
    }

    /// Frees a slot when it is taken, settled and read by nobody.
    fn release(&self, slots: &mut Slots, number: u32) {
        let at = number as usize;
        let Some(known) = slots.known.get_mut(at) else {
            return;
        };
        if known.state != State::Taken || !known.is_settled() {
            return;
        }
        // Whoever reads the chunk has a reference to it.
        if known
            .chunk
            .as_mut()
            .is_none_or(|chunk| sync::Arc::get_mut(chunk).is_none())
        {
            return;
        }
        let parts = known.slots as usize;
        *known = Known::default();
        for part in 1..parts {
            self.set_state(number + part as u32, FREE);
            if let Some(part) = slots.known.get_mut(at + part) {
                *part = Known::default();
            }
        }
        self.set_state(number, FREE);
    }

    /// Every exporter is done with these bytes.
    pub(crate) fn settled_for_all(&self, pieces: &[Piece]) {
        (0..self.exporters).for_each(|exporter| self.settled(exporter, pieces));
    }

    /// Whether less than a sixth of the slots is free.
    pub(crate) fn is_short(&self) -> bool {
        if self.is_foreign() {
            return false;
        }
        let slots = self.slots.lock();
        let free = slots.known.iter().filter(|known| known.state == State::Free);
        free.count() < slots.known.len() / 6
    }

    /// Writes down a scope for whoever finds the file: its number, and the fields of a `ScopeSpans` around its spans.
    /// False when there is no room.
    pub fn add_scope(&self, number: u16, fields: &[u8]) -> bool {
        if self.is_foreign() {
            return false;
        }
        let size = HEADER + fields.len();
        let mut slots = self.slots.lock();
        if slots.scopes.as_ref().is_none_or(|scopes| scopes.room() < size) {
            let Some(next) = self.open(&mut slots, size, SCOPES) else {
                return false;
            };
            slots.scopes = Some(next);
        }
        let written = slots.scopes.as_mut().and_then(|scopes| {
            scopes.append(size, |record| {
                write_header(record, fields.len(), number);
                if let Some((_, message)) = record.split_at_mut_checked(HEADER) {
                    message.copy_from_slice(fields);
                }
            })
        });
        written.is_some()
    }

    /// Whether every exporter is done with everything.
    pub fn is_settled(&self) -> bool {
        let slots = self.slots.lock();
        slots.known.iter().all(|known| match known.state {
            State::Free | State::Other => true,
            State::Open | State::Taken => known.is_settled(),
        })
    }
}

impl Known {
    /// Whether every exporter is done with all that is published.
    fn is_settled(&self) -> bool {
        let end = self.chunk.as_ref().map_or(0, |chunk| chunk.published() & LENGTH);
        self.settled.iter().all(|settled| settled.prefix() >= end)
    }
}

impl Ledger for SlotStore {
    fn settled(&self, exporter: usize, pieces: &[Piece]) {
        if self.is_foreign() {
            return;
        }
        let mut slots = self.slots.lock();
        for piece in pieces {
            let known = slots.known.get_mut(piece.slot as usize);
            let Some(settled) = known.and_then(|known| known.settled.get_mut(exporter)) else {
                continue;
            };
            let Some(prefix) = settled.add(piece.from, piece.to) else {
                continue;
            };
            let entry = self.region.entry(piece.slot);
            if let Some(place) = entry.and_then(|entry| entry.settled.get(exporter)) {
                place.store(prefix, Ordering::Release);
            }
            self.release(&mut slots, piece.slot);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
