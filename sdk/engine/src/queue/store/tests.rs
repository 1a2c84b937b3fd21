use super::*;
use crate::queue::chunk::SEALED;

const SLOT: u32 = 64;

fn store(slots: u32, exporters: usize) -> (Arc<Region>, Arc<SlotStore>) {
    let region = Region::on_heap(slots, SLOT);
    (region.clone(), SlotStore::new(region, exporters, || 1))
}

fn states(region: &Region) -> Vec<u32> {
    (0..region.slots())
        .map(|slot| region.entry(slot).unwrap().state.load(Ordering::Acquire))
        .collect()
}

fn fill(mut writer: ChunkWriter, size: usize) {
    writer.append(size, |bytes| bytes.fill(7)).unwrap();
    assert_eq!(writer.seal() & SEALED, 0);
}

fn piece(slot: u32, from: u32, to: u32) -> [Piece; 1] {
    [Piece { slot, from, to }]
}

#[test]
fn a_slot_is_free_again_when_every_exporter_is_done_with_all_of_it() {
    let (region, store) = store(2, 2);
    fill(store.take(10).unwrap(), 40);
    assert_eq!(states(&region), [OPEN, FREE]);
    store.taken(0);
    assert_eq!(states(&region), [TAKEN, FREE]);
    store.settled(0, &piece(0, 0, 40));
    store.settled(1, &piece(0, 20, 40));
    assert_eq!(states(&region), [TAKEN, FREE]);
    assert!(!store.is_settled());
    let entry = region.entry(0).unwrap();
    assert_eq!(entry.settled[0].load(Ordering::Relaxed), 40);
    assert_eq!(
        entry.settled[1].load(Ordering::Relaxed),
        0,
        "only what has no gap is written down"
    );
    store.settled(1, &piece(0, 0, 20));
    assert_eq!(states(&region), [FREE, FREE]);
    assert!(store.is_settled());
    // Used again, it begins anew.
    let writer = store.take(1).unwrap();
    assert_eq!(writer.chunk().slot(), Some(0));
    assert_eq!((writer.room(), writer.chunk().published()), (SLOT as usize, 0));
    assert_eq!(entry.settled[0].load(Ordering::Relaxed), 0);
}

#[test]
fn a_slot_that_is_settled_before_it_is_left_waits_for_its_thread() {
    let (region, store) = store(1, 1);
    let mut writer = store.take(1).unwrap();
    writer.append(8, |bytes| bytes.fill(1)).unwrap();
    store.settled(0, &piece(0, 0, 8));
    assert_eq!(states(&region), [OPEN]);
    assert!(store.is_settled());
    assert!(store.take(1).is_none());
    writer.append(8, |bytes| bytes.fill(2)).unwrap();
    assert!(!store.is_settled());
    writer.seal();
    store.taken(0);
    assert_eq!(states(&region), [TAKEN]);
    store.settled(0, &piece(0, 8, 16));
    assert_eq!(states(&region), [FREE]);
}

#[test]
fn a_slot_that_somebody_still_reads_is_not_given_away() {
    let (_, store) = store(1, 1);
    let writer = store.take(1).unwrap();
    let reader = writer.chunk().clone();
    fill(writer, 8);
    store.settled(0, &piece(0, 0, 8));
    store.taken(0);
    assert!(store.take(1).is_none());
    drop(reader);
    assert!(store.take(1).is_some());
}

#[test]
fn what_is_larger_than_a_slot_takes_several_in_a_row() {
    let (region, store) = store(4, 1);
    fill(store.take(1).unwrap(), 1);
    let large = store.take(150).unwrap();
    assert_eq!((large.chunk().slot(), large.room()), (Some(1), 192));
    assert_eq!(states(&region), [OPEN, OPEN, CONTINUED, CONTINUED]);
    assert_eq!(region.entry(1).unwrap().slots.load(Ordering::Relaxed), 3);
    fill(large, 150);
    assert!(store.take(1).is_none());
    store.taken(0);
    store.settled(0, &piece(0, 0, 1));
    assert!(store.take(65).is_none(), "two in a row are not free");
    store.taken(1);
    store.settled(0, &piece(1, 0, 150));
    assert_eq!(states(&region), [FREE; 4]);
    assert!(store.take(256).is_some());
    assert!(store.take(257).is_none());
}

#[test]
fn scopes_take_slots_of_their_own_and_keep_them() {
    let (region, store) = store(3, 1);
    assert!(store.add_scope(1, b"one") && store.add_scope(2, b"two"));
    assert_eq!(states(&region), [SCOPES, FREE, FREE]);
    assert!(store.add_scope(3, &[0; 100]));
    assert_eq!(states(&region), [SCOPES, SCOPES, CONTINUED]);
    assert!(!store.add_scope(4, &[0; 100]));
    assert!(store.is_settled());
}

#[test]
fn pieces_of_nobody_change_nothing() {
    let (region, store) = store(1, 1);
    for (exporter, slot) in [(0, 0), (0, 9), (5, 0)] {
        store.settled(exporter, &piece(slot, 0, 10));
    }
    assert_eq!(states(&region), [FREE]);
}

/// The file may be written to by others: what it says is never believed beyond the slot.
#[test]
fn a_length_beyond_the_slot_is_not_believed() {
    let (region, store) = store(2, 1);
    let mut writer = store.take(1).unwrap();
    writer.append(8, |bytes| bytes.fill(1)).unwrap();
    region
        .entry(0)
        .unwrap()
        .published
        .store(LENGTH, Ordering::Relaxed);
    let chunk = writer.chunk();
    assert_eq!(chunk.published(), SLOT);
    assert_eq!(chunk.read(0, SLOT, <[u8]>::len), SLOT as usize);
    assert_eq!(chunk.read(0, SLOT + 1, <[u8]>::len), 0);
    assert_eq!(chunk.mark_idle(), SLOT);
    assert_eq!(chunk.close() & LENGTH, SLOT);
}

#[test]
fn a_forked_child_keeps_its_hands_off() {
    std::thread_local!(static EPOCH: core::cell::Cell<u32> = const { core::cell::Cell::new(1) });
    let region = Region::on_heap(2, SLOT);
    let store = SlotStore::new(region.clone(), 1, || EPOCH.get());
    fill(store.take(1).unwrap(), 8);
    EPOCH.set(2);
    store.taken(0);
    store.settled(0, &piece(0, 0, 8));
    assert!(store.take(1).is_none() && !store.add_scope(1, b"x"));
    assert_eq!(states(&region), [OPEN, FREE]);
    EPOCH.set(1);
    assert!(store.take(1).is_some());
}
