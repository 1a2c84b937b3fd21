//! The slab: slots in segments that are made on demand and never unmapped.
//!
//! One slab per process, so that a handle stays readable whatever became of its engine. What an engine may open is
//! bounded by the engine. Finding a slot takes no lock. Free slots are kept per process epoch: a forked child makes
//! slots of its own and leaves its parent's, with whatever lock was held there, alone.

use super::{FreeSlot, Locked, Slot};
use alloc::{boxed::Box, vec::Vec};
use core::sync::atomic::{AtomicU32, Ordering};
use once_cell::race::OnceBox;

const SLOTS_PER_SEGMENT: u32 = 64;
const SEGMENTS: u32 = 16_384;

static TABLE: [OnceBox<Segment>; SEGMENTS as usize] = [const { OnceBox::new() }; SEGMENTS as usize];
static NEXT_SEGMENT: AtomicU32 = AtomicU32::new(0);
static FREE: FreeList = FreeList {
    epoch: 0,
    slots: Locked::new(Vec::new()),
    next: OnceBox::new(),
};

struct Segment(Box<[Slot]>);

/// The free slots of one epoch, and the list of the next.
struct FreeList {
    epoch: u32,
    slots: Locked<Vec<FreeSlot>>,
    next: OnceBox<FreeList>,
}

/// The list of this epoch. Epochs only grow, so a list that is missing is appended.
fn list(epoch: u32) -> &'static FreeList {
    let mut list = &FREE;
    while list.epoch < epoch {
        list = list.next.get_or_init(|| {
            Box::new(FreeList {
                epoch,
                slots: Locked::new(Vec::new()),
                next: OnceBox::new(),
            })
        });
    }
    list
}

pub(super) fn slot(index: u32) -> Option<&'static Slot> {
    let segment = TABLE.get((index / SLOTS_PER_SEGMENT) as usize)?.get()?;
    segment.0.get((index % SLOTS_PER_SEGMENT) as usize)
}

/// Moves up to `count` free slots into `into`; fewer when all 1,048,576 are in use.
pub(crate) fn take_free(epoch: u32, count: usize, into: &mut Vec<FreeSlot>) {
    let mut slots = list(epoch).slots.lock();
    if slots.len() < count {
        make_segment(&mut slots);
    }
    let from = slots.len() - count.min(slots.len());
    into.extend(slots.drain(from..));
}

/// Gives free slots back.
pub(crate) fn give_back(epoch: u32, slots: impl Iterator<Item = FreeSlot>) {
    list(epoch).slots.lock().extend(slots);
}

fn make_segment(slots: &mut Vec<FreeSlot>) {
    let number = NEXT_SEGMENT.fetch_add(1, Ordering::Relaxed);
    let Some(place) = TABLE.get(number as usize) else {
        // Full: stay at the end, so that the counter never wraps.
        NEXT_SEGMENT.store(SEGMENTS, Ordering::Relaxed);
        return;
    };
    let first = number * SLOTS_PER_SEGMENT;
    let segment = place.get_or_init(|| {
        Box::new(Segment(
            (first..first + SLOTS_PER_SEGMENT).map(Slot::new).collect(),
        ))
    });
    slots.extend(segment.0.iter().map(FreeSlot));
}
