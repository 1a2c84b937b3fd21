//! Where things are in the file, and what the table of slots says.

use super::u32_at;
use crate::queue::{
    chunk::{LENGTH, MAX_CAPACITY},
    region::{self, CONTINUED, FREE, MAX_EXPORTERS, OPEN, SCOPES, TAKEN},
};
use alloc::vec::Vec;

/// Bytes of a slot.
pub const SLOT_BYTES: u32 = 64 << 10;

/// Bytes of one entry of the table.
pub const ENTRY: usize = region::ENTRY;

/// Table and slots begin at multiples of this.
const PAGE: u64 = 4096;

/// More slots than 64 GiB have are a mistake.
const MAX_SLOTS: u64 = 1 << 20;

/// Where the parts of a file are, in bytes from its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// The table of slots, behind the header.
    pub table_at: u32,
    /// The slots, behind the table.
    pub data_at: u32,
    /// How many there are.
    pub slots: u32,
}

impl Layout {
    /// The layout of a file of at most `bytes` behind a header of `header` bytes. `None` when that is no room for two
    /// slots, or for more than 2^20.
    pub fn plan(header: usize, bytes: u64) -> Option<Self> {
        let table_at = u64::try_from(header).ok()?.checked_next_multiple_of(PAGE)?;
        let each = u64::from(SLOT_BYTES) + ENTRY as u64;
        let room = bytes.checked_sub(table_at)?;
        let mut slots = room / each;
        if slots > MAX_SLOTS {
            return None;
        }
        let data_at = |slots: u64| (table_at + slots * ENTRY as u64).next_multiple_of(PAGE);
        while slots > 0 && data_at(slots) + slots * u64::from(SLOT_BYTES) > bytes {
            slots -= 1;
        }
        (slots >= 2).then_some(Self {
            table_at: u32::try_from(table_at).ok()?,
            data_at: u32::try_from(data_at(slots)).ok()?,
            slots: u32::try_from(slots).ok()?,
        })
    }

    /// Whether a file may have this layout behind a header of `header` bytes.
    pub(super) fn is_sound(&self, header: usize) -> bool {
        let (table, data) = (u64::from(self.table_at), u64::from(self.data_at));
        header as u64 <= table
            && table.is_multiple_of(PAGE)
            && data.is_multiple_of(PAGE)
            && u64::from(self.slots) <= MAX_SLOTS
            && table + u64::from(self.slots) * ENTRY as u64 <= data
    }

    /// Bytes of the whole file.
    pub fn file_bytes(&self) -> u64 {
        self.slot_at(self.slots)
    }

    /// Bytes of the table.
    pub fn table_bytes(&self) -> usize {
        self.slots as usize * ENTRY
    }

    /// Where a slot begins.
    pub fn slot_at(&self, slot: u32) -> u64 {
        u64::from(self.data_at) + u64::from(slot) * u64::from(SLOT_BYTES)
    }
}

/// Where, within the entry of a slot, it stands up to where the exporter of this number is done.
pub const fn settled_at(exporter: usize) -> usize {
    16 + 4 * exporter
}

/// What the table says of one chunk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// Spans.
    Spans {
        /// The slot that it begins in.
        slot: u32,
        /// Bytes published.
        published: u32,
        /// Up to where each exporter is done.
        settled: Vec<u32>,
    },
    /// Scopes.
    Scopes {
        /// The slot that they begin in.
        slot: u32,
        /// Bytes published.
        published: u32,
    },
    /// The entry contradicts itself.
    Damaged {
        /// Of this slot.
        slot: u32,
    },
}

/// Reads the table of a file that was written for so many exporters. A table that is cut off is read as far as it goes.
pub fn survey(table: &[u8], exporters: usize) -> Vec<Found> {
    let entries = table.as_chunks::<ENTRY>().0;
    let state = |slot: usize| entries.get(slot).and_then(|entry| u32_at(entry, 4));
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(entry) = entries.get(next) {
        let slot = next as u32;
        next += 1;
        match state(next - 1) {
            // A continuation whose head is free is what a chunk leaves that is being made or freed.
            Some(FREE | CONTINUED) => continue,
            Some(OPEN | TAKEN | SCOPES) => {}
            _ => {
                found.push(Found::Damaged { slot });
                continue;
            }
        }
        let slots = u32_at(entry, 8).unwrap_or(0) as usize;
        let published = u32_at(entry, 0).unwrap_or(0) & LENGTH;
        let capacity = slots.saturating_mul(SLOT_BYTES as usize).min(MAX_CAPACITY);
        let whole = (1..slots).all(|part| state(slot as usize + part) == Some(CONTINUED));
        if slots == 0 || !whole || published as usize > capacity {
            found.push(Found::Damaged { slot });
            continue;
        }
        next += slots - 1;
        if published == 0 {
            continue;
        }
        found.push(if state(slot as usize) == Some(SCOPES) {
            Found::Scopes { slot, published }
        } else {
            let column = |exporter| u32_at(entry, settled_at(exporter)).unwrap_or(0);
            // What cannot be is not believed: better twice than never.
            let believable = |end: u32| if end <= published { end } else { 0 };
            Found::Spans {
                slot,
                published,
                settled: (0..exporters.min(MAX_EXPORTERS))
                    .map(column)
                    .map(believable)
                    .collect(),
            }
        });
    }
    found
}
