//! What a chunk holds: records of a fixed header and one finished OTLP `Span` message.

use core::ops::Range;

/// Bytes in front of each message: length (u32), scope number (u16), zero (u16), little-endian.
pub(crate) const HEADER: usize = 8;

/// Writes the header into the first [`HEADER`] bytes of a record.
#[inline]
pub(crate) fn write_header(record: &mut [u8], message: usize, scope: u16) {
    let word = message as u64 & 0xffff_ffff | u64::from(scope) << 32;
    if let Some(header) = record.first_chunk_mut::<HEADER>() {
        *header = word.to_le_bytes();
    }
}

/// One record within published bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) scope: u16,
    /// The message's bytes, relative to the start of what was read.
    pub(crate) message: Range<usize>,
}

/// The records of published bytes.
pub(crate) struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    #[inline]
    fn next(&mut self) -> Option<Record> {
        let word = u64::from_le_bytes(*self.bytes.get(self.at..)?.first_chunk()?);
        let start = self.at + HEADER;
        let end = start + (word & 0xffff_ffff) as usize;
        self.at = end;
        (end <= self.bytes.len()).then_some(Record {
            scope: (word >> 32) as u16,
            message: start..end,
        })
    }
}
