//! The file format of the spool: what a process leaves for those that come after it, and how that is read again.
//!
//! All of this is about bytes; the host maps, locks and deletes the files. Numbers are little-endian. Whatever is read
//! is foreign: nothing in it is believed before it was checked.

mod header;
mod records;
mod table;

pub use header::{FIXED, Header, Refusal};
pub use records::{Recovered, RecoveredSpan, recover};
pub use table::{ENTRY, Found, Layout, SLOT_BYTES, settled_at, survey};

/// Exporters that a file can keep account of.
pub const MAX_EXPORTERS: usize = crate::queue::region::MAX_EXPORTERS;

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(all(test, not(loom)))]
mod tests;
