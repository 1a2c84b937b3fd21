//! Encoded spans of any number, one behind the other, as they stand in a chunk.

use crate::{
    export::ledger::Piece,
    queue::record::{HEADER, Records, write_header},
};
use alloc::{boxed::Box, vec::Vec};

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

/// Bytes from which on a block takes nothing more.
pub(super) const BLOCK: usize = 64 << 10;

/// The spans of one trace, in blocks: a large trace is not copied when it grows, and freed bit by bit when it is kept.
#[derive(Debug, Default)]
pub(super) struct TraceSpans {
    full: Option<Box<Full>>,
    last: HeldSpans,
}

/// Blocks that take nothing more, with what they come to.
#[derive(Debug, Default)]
struct Full {
    blocks: Vec<HeldSpans>,
    spans: u64,
    bytes: usize,
    cost: usize,
}

impl TraceSpans {
    pub(super) fn push(&mut self, scope: u16, message: &[u8], piece: Option<Piece>) {
        if self.last.len() >= BLOCK {
            let last = core::mem::take(&mut self.last);
            let full = self.full.get_or_insert_default();
            full.spans += last.spans();
            full.bytes += last.len();
            full.cost += last.charge();
            full.blocks.push(last);
        }
        self.last.push(scope, message, piece);
    }

    pub(super) fn spans(&self) -> u64 {
        self.full.as_ref().map_or(0, |full| full.spans) + self.last.spans()
    }

    /// Bytes of the spans.
    pub(super) fn len(&self) -> usize {
        self.full.as_ref().map_or(0, |full| full.bytes) + self.last.len()
    }

    /// What it costs in memory, itself not counted.
    pub(super) fn charge(&self) -> usize {
        let full = self.full.as_ref().map_or(0, |full| {
            full.cost + full.blocks.capacity() * size_of::<HeldSpans>() + size_of::<Full>()
        });
        full + self.last.charge()
    }

    fn blocks(&self) -> impl Iterator<Item = &HeldSpans> {
        let full = self.full.iter().flat_map(|full| &full.blocks);
        full.chain([&self.last])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = HeldSpan<'_>> {
        self.blocks().flat_map(HeldSpans::iter)
    }

    pub(super) fn pieces(&self) -> Vec<Piece> {
        self.blocks().flat_map(HeldSpans::pieces).copied().collect()
    }

    /// Block by block: each is freed when the next one is asked for.
    pub(super) fn into_blocks(self) -> impl Iterator<Item = HeldSpans> {
        let full = self.full.into_iter().flat_map(|full| full.blocks);
        full.chain([self.last])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_large_trace_comes_apart_in_blocks() {
        let mut spans = TraceSpans::default();
        assert_eq!((spans.iter().count(), spans.charge(), spans.len()), (0, 0, 0));
        let message = |number: u32| vec![number as u8; 1_000 + number as usize % 50];
        for number in 0..1_000 {
            let piece = Piece {
                slot: number,
                from: 0,
                to: 1,
            };
            spans.push(number as u16, &message(number), Some(piece));
        }
        assert!(spans.iter().zip(0..).all(|(span, number)| {
            span.scope == number as u16
                && span.message == message(number)
                && span.piece.unwrap().slot == number
        }));
        assert!(spans.pieces().iter().map(|piece| piece.slot).eq(0..1_000));
        let (count, bytes, charge) = (spans.spans(), spans.len(), spans.charge());
        let blocks: Vec<_> = spans.into_blocks().collect();
        assert!(
            blocks
                .iter()
                .all(|block| block.charge() < 3 * BLOCK && block.len() < 2 * BLOCK)
        );
        assert_eq!(count, 1_000);
        assert_eq!(bytes, blocks.iter().map(HeldSpans::len).sum());
        let parts: usize = blocks.iter().map(HeldSpans::charge).sum();
        assert!(parts <= charge && charge < parts + parts / 20, "{parts} {charge}");
    }
}
