//! Spans of traces that are decided to be kept, until they go into batches.

use super::records::{BLOCK, HeldSpans};
use crate::{
    export::{
        batch::{Batch, Plan},
        ledger::{Piece, Receipt},
    },
    queue::store::SlotStore,
};
use alloc::{collections::VecDeque, sync::Arc, vec::Vec};

/// Kept spans in the order in which their traces were decided.
#[derive(Debug, Default)]
pub(super) struct Kept {
    blocks: VecDeque<HeldSpans>,
    /// How far the first block was read: bytes and spans.
    read: (usize, usize),
    spans: u64,
    charge: usize,
}

impl Kept {
    pub(super) fn is_empty(&self) -> bool {
        self.spans == 0
    }

    pub(super) fn spans(&self) -> u64 {
        self.spans
    }

    pub(super) fn charge(&self) -> usize {
        self.charge
    }

    pub(super) fn push(&mut self, scope: u16, message: &[u8], piece: Option<Piece>) {
        if self.blocks.back().is_none_or(|block| block.len() >= BLOCK) {
            self.blocks.push_back(HeldSpans::default());
            self.charge += size_of::<HeldSpans>();
        }
        if let Some(block) = self.blocks.back_mut() {
            let before = block.charge();
            block.push(scope, message, piece);
            self.charge += block.charge() - before;
            self.spans += 1;
        }
    }

    /// Cuts a batch by this plan. `None`: there is nothing.
    pub(super) fn cut(
        &mut self,
        mut plan: Plan<'_>,
        store: Option<&Arc<SlotStore>>,
        now: u64,
    ) -> Option<Batch> {
        let (mut at, mut number) = self.read;
        let mut blocks = 0;
        'blocks: for block in &self.blocks {
            for span in block.iter_from(at, number) {
                if !plan.admit(span.scope, span.message.len()) {
                    break 'blocks;
                }
                (at, number) = (span.end, number + 1);
            }
            (at, number) = (0, 0);
            blocks += 1;
        }
        let mut left = plan.spans();
        if left == 0 {
            return None;
        }
        self.spans -= left as u64;
        let mut pieces = Vec::new();
        let read = self.read;
        let mut batch = plan.write_from(now, |writer| {
            let starts = core::iter::once(read).chain(core::iter::repeat((0, 0)));
            for (block, (at, number)) in self.blocks.iter().zip(starts) {
                for span in block.iter_from(at, number).take(left) {
                    left -= 1;
                    writer.put(span.scope, span.message);
                    pieces.extend(span.piece);
                }
                if left == 0 {
                    break;
                }
            }
        });
        if let Some(store) = store {
            batch = batch.with_origin(Some(Receipt::new(store.clone(), merged(pieces))), None);
        }
        for block in self.blocks.drain(..blocks) {
            self.charge -= block.charge() + size_of::<HeldSpans>();
        }
        self.read = (at, number);
        Some(batch)
    }
}

/// Pieces in any order as few as they can be.
pub(super) fn merged(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.sort_unstable_by_key(|piece| (piece.slot, piece.from));
    pieces.dedup_by(|next, piece| {
        let joins = next.slot == piece.slot && next.from <= piece.to;
        if joins {
            piece.to = piece.to.max(next.to);
        }
        joins
    });
    pieces
}
