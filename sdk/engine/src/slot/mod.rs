//! Open spans: slots in a slab that stays mapped while the process lives, named by handles that go stale.
//!
//! A [`FreeSlot`] is owned by one holder; opening it gives a [`SpanRef`], which is a plain copyable name; closing
//! the span gives the `FreeSlot` back. Slot number and generation are one word, so that taking the lock and
//! checking that the name is still good are one compare-exchange.

mod chain;
mod lock;
#[cfg(not(loom))]
mod slab;
/// Under loom slots are made one by one: statics cannot be modelled.
#[cfg(loom)]
mod slab {
    use super::{FreeSlot, Slot};
    use alloc::{boxed::Box, vec::Vec};

    pub(super) fn slot(_: u32) -> Option<&'static Slot> {
        None
    }

    pub(crate) fn take_free(_: u32, count: usize, into: &mut Vec<FreeSlot>) {
        into.extend((0..count).map(|_| FreeSlot(Box::leak(Box::new(Slot::new(0))))));
    }

    pub(crate) fn give_back(_: u32, slots: impl Iterator<Item = FreeSlot>) {
        slots.for_each(drop);
    }
}

pub(crate) use chain::Chain;
pub(crate) use lock::Locked;
pub(crate) use slab::{give_back, take_free};

use crate::{
    open::OpenSpan,
    sync::{AtomicU32, Ordering, UnsafeCell, relax},
};
use core::num::NonZeroU64;
use spanline_core::SpanHandle;

/// One place for an open span.
pub(crate) struct Slot {
    index: u32,
    /// `generation << 1 | locked`.
    state: AtomicU32,
    /// The process epoch in which the span was opened: after a fork the child touches no slot of its parent.
    epoch: AtomicU32,
    /// The engine of the span that was opened here last.
    owner: AtomicU32,
    /// In a chain: the number of the next slot there, or that it is the last; else 0. See [`Chain`].
    next: AtomicU32,
    /// Of the span for which it is in a chain.
    chained: AtomicU32,
    span: UnsafeCell<OpenSpan>,
}

// SAFETY: `span` is reached by the one holder of the slot's `FreeSlot`, or by who holds the lock bit of `state`;
// `OpenSpan` is `Send`.
#[allow(unsafe_code)]
unsafe impl Sync for Slot {}

impl Slot {
    fn new(index: u32) -> Self {
        Self {
            index,
            state: AtomicU32::new(0),
            epoch: AtomicU32::new(0),
            owner: AtomicU32::new(0),
            next: AtomicU32::new(0),
            chained: AtomicU32::new(0),
            span: UnsafeCell::new(OpenSpan::new()),
        }
    }
}

impl core::fmt::Debug for Slot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Slot({})", self.index)
    }
}

const LOCKED: u32 = 1;
/// Generations count in the upper 31 bits.
const ONE_GENERATION: u32 = 2;

/// A slot that holds no span. Whoever has this value is the only one who may open it.
#[derive(Debug)]
pub struct FreeSlot(&'static Slot);

impl FreeSlot {
    /// What the slot holds, to be prepared before anybody else can name it.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(crate) fn span(&mut self) -> &mut OpenSpan {
        // SAFETY: we own the slot: every older name carries an older generation and so never gets the lock; and the
        // reference borrows `self` exclusively.
        self.0.span.with_mut(|span| unsafe { &mut *span })
    }

    /// Opens the span that was prepared in this slot.
    #[inline(always)]
    pub(crate) fn open(self, epoch: u32, owner: u32) -> SpanRef {
        let slot = self.0;
        slot.epoch.store(epoch, Ordering::Relaxed);
        slot.owner.store(owner, Ordering::Relaxed);
        // The name travels to other threads by means that synchronise; the generation was published at closing.
        SpanRef {
            slot,
            generation: slot.state.load(Ordering::Relaxed),
        }
    }
}

/// The name of a span that is, or was, open. Copyable; a stale name does nothing.
#[derive(Clone, Copy, Debug)]
pub struct SpanRef {
    slot: &'static Slot,
    /// As in `Slot::state`, lock bit clear.
    generation: u32,
}

impl SpanRef {
    /// Runs `f` on the span while it is open, holding its lock. `None`: it has ended, or belongs to another epoch.
    ///
    /// `f` is ours and short: no foreign code, nothing that can wait.
    #[inline]
    pub(crate) fn with<R>(self, epoch: u32, f: impl FnOnce(&mut OpenSpan) -> R) -> Option<R> {
        let mut held = self.lock(epoch)?;
        Some(f(held.span()))
    }

    /// Runs `f` on the span for the last time and frees its slot. `None` as in [`Self::with`].
    #[inline]
    pub(crate) fn close<R>(self, epoch: u32, f: impl FnOnce(&mut OpenSpan) -> R) -> Option<(R, FreeSlot)> {
        let mut held = self.lock(epoch)?;
        let result = f(held.span());
        held.next = self.generation.wrapping_add(ONE_GENERATION);
        drop(held);
        Some((result, FreeSlot(self.slot)))
    }

    /// In a forked child: ends what is a copy of its parent's span, without touching what the copy holds. True the first
    /// time; false when the span is of this epoch or had ended.
    #[cold]
    pub(crate) fn disown(self, epoch: u32) -> bool {
        let state = &self.slot.state;
        let theirs = self.slot.epoch.load(Ordering::Relaxed) != epoch;
        let next = self.generation.wrapping_add(ONE_GENERATION);
        // Locked or not: whoever held the lock lives in the parent only, and nobody opens this slot again here.
        theirs
            && [self.generation, self.generation | LOCKED]
                .into_iter()
                .any(|open| {
                    state
                        .compare_exchange(open, next, Ordering::AcqRel, Ordering::Relaxed)
                        .is_ok()
                })
    }

    /// Ends a span whose engine is gone: its slot becomes free, nobody counts it.
    #[cold]
    pub fn forget(self, epoch: u32) {
        if let Some(((), slot)) = self.close(epoch, OpenSpan::clear) {
            slab::give_back(epoch, core::iter::once(slot));
        }
    }

    #[inline]
    fn lock(self, epoch: u32) -> Option<Held> {
        let state = &self.slot.state;
        let mut round = 0;
        loop {
            // A lock inherited through a fork is never waited for.
            if self.slot.epoch.load(Ordering::Relaxed) != epoch {
                return None;
            }
            match state.compare_exchange_weak(
                self.generation,
                self.generation | LOCKED,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    return Some(Held {
                        slot: self.slot,
                        next: self.generation,
                    });
                }
                Err(now) if now & !LOCKED != self.generation => return None,
                Err(_) => {
                    relax(round);
                    round = round.saturating_add(1);
                }
            }
        }
    }

    /// The engine ([`crate::Engine::id`]) whose span is or was open here; may be that of a later span when the name is
    /// stale.
    pub fn owner(self) -> u32 {
        self.slot.owner.load(Ordering::Relaxed)
    }

    /// The name as a number that contexts and bindings carry.
    #[inline]
    pub fn handle(self) -> SpanHandle {
        let number = u64::from(self.slot.index + 1) << 32 | u64::from(self.generation);
        // Index + 1 is never zero.
        SpanHandle(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }

    /// The name that this number stands for. `None` when no slot has that index.
    #[inline]
    pub fn from_handle(handle: SpanHandle) -> Option<Self> {
        let number = handle.0.get();
        let index = ((number >> 32) as u32).checked_sub(1)?;
        Some(Self {
            slot: slab::slot(index)?,
            generation: number as u32 & !LOCKED,
        })
    }
}

impl PartialEq for SpanRef {
    fn eq(&self, other: &Self) -> bool {
        self.slot.index == other.slot.index && self.generation == other.generation
    }
}

impl Eq for SpanRef {}

/// The lock of a slot, held; unlocks when dropped, also when `f` unwinds.
struct Held {
    slot: &'static Slot,
    /// The state to leave behind.
    next: u32,
}

impl Held {
    #[inline]
    #[allow(unsafe_code)]
    fn span(&mut self) -> &mut OpenSpan {
        // SAFETY: the lock bit is ours until `self` is dropped, and the reference borrows `self` exclusively.
        self.slot.span.with_mut(|span| unsafe { &mut *span })
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        self.slot.state.store(self.next, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
