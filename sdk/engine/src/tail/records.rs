//! Encoded spans of any number, one behind the other, as they stand in a chunk.

use crate::{
    export::ledger::Piece,
    queue::record::{HEADER, Records, write_header},
};
use alloc::vec::Vec;

/// Spans with the numbers of their scopes and, where a spool keeps them too, their places in it.
#[derive(Debug, Default)]
pub(super) struct HeldSpans {
    bytes: Vec<u8>,
    /// One for each span; none at all without a spool.
    pieces: Vec<Piece>,
    spans: u32,
}

/// One of them.
#[derive(Debug)]
pub(super) struct HeldSpan<'a> {
    pub(super) scope: u16,
    pub(super) message: &'a [u8],
    pub(super) piece: Option<Piece>,
    /// Where the next one begins.
    pub(super) end: usize,
}

impl HeldSpans {
    pub(super) fn push(&mut self, scope: u16, message: &[u8], piece: Option<Piece>) {
        let wanted = HEADER + message.len();
        // By a quarter, not by the double: what is held is charged by what it takes.
        if self.bytes.capacity() - self.bytes.len() < wanted {
            self.bytes.reserve_exact(wanted.max(self.bytes.capacity() / 4));
        }
        let mut header = [0; HEADER];
        write_header(&mut header, message.len(), scope);
        self.bytes.extend_from_slice(&header);
        self.bytes.extend_from_slice(message);
        self.pieces.extend(piece);
        self.spans += 1;
    }

    pub(super) fn spans(&self) -> u64 {
        u64::from(self.spans)
    }

    /// Bytes of the spans.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// What it costs in memory, itself not counted.
    pub(super) fn charge(&self) -> usize {
        self.bytes.capacity() + self.pieces.capacity() * size_of::<Piece>()
    }

    /// The spans, from this byte and the span of this number on.
    pub(super) fn iter_from(&self, at: usize, number: usize) -> impl Iterator<Item = HeldSpan<'_>> {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        Records::new(bytes)
            .enumerate()
            .map(move |(index, record)| HeldSpan {
                scope: record.scope,
                end: at + record.message.end,
                message: bytes.get(record.message).unwrap_or_default(),
                piece: self.pieces.get(number + index).copied(),
            })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = HeldSpan<'_>> {
        self.iter_from(0, 0)
    }
}
