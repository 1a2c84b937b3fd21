//! Where the chunks lie in a spool: they stay there until they are decided and delivered, or dropped.

use super::*;
use crate::queue::region::{FREE, Region};

const SLOT: u32 = 64 << 10;

fn world(words: &[&str], slots: u32) -> (World, Arc<Region>, Arc<SlotStore>) {
    let region = Region::on_heap(slots, SLOT);
    let store = SlotStore::new(region.clone(), 2, || 1);
    let world = World::with(
        policies(words),
        TailSettings::default(),
        Bounds::default(),
        Some(store.clone()),
    );
    (world, region, store)
}

fn taken(region: &Region) -> usize {
    let states = (0..region.slots()).map(|slot| region.entry(slot).unwrap().state.load(Ordering::Acquire));
    states.filter(|state| *state != FREE).count()
}

#[test]
fn what_is_held_stays_in_the_spool_and_what_is_dropped_is_owed_to_nobody() {
    let (mut world, region, store) = world(&["error"], 12);
    let mut thread = world.producer();
    for trace in 0..20 {
        ended(
            &mut thread,
            trace,
            10,
            Kind {
                size: 6_000,
                ..child(9)
            },
        );
    }
    drop(thread);
    world.pass(SECOND);
    assert_eq!(world.stats().tail.pending_traces, 20);
    assert!(
        !store.is_settled() && taken(&region) >= 2,
        "undecided: a start after a crash would send them"
    );
    world.pass(31 * SECOND);
    assert_eq!(world.stats().tail_dropped, 20);
    assert!(store.is_settled());
    assert_eq!(taken(&region), 0);
}

#[test]
fn what_is_kept_stays_in_the_spool_until_every_exporter_has_it() {
    let (mut world, region, store) = world(&["error"], 12);
    let mut thread = world.producer();
    for trace in 0..20 {
        let kind = Kind {
            error: trace % 2 == 0,
            size: 6_000,
            ..ROOT
        };
        ended(&mut thread, trace, 10, kind);
    }
    drop(thread);
    world.pass(2 * SECOND);
    assert_eq!((world.stats().tail_dropped, world.out.len()), (10, 10));
    assert!(!store.is_settled());
    for exporter in 0..2 {
        assert!(taken(&region) > 0);
        world.batches.iter().for_each(|batch| batch.settle(exporter));
    }
    assert!(store.is_settled());
    assert_eq!(taken(&region), 0);
}

#[test]
fn when_slots_run_short_the_oldest_are_decided_early() {
    let (mut world, _, store) = world(&["error"], 60);
    let mut thread = world.producer();
    let mut made = 0;
    while made < 2_000 {
        for _ in 0..20 {
            made += 1;
            ended(
                &mut thread,
                made,
                10,
                Kind {
                    size: 6_000,
                    ..child(9)
                },
            );
        }
        world.now += 600 * MS;
        world.look(true, false);
        world.now += 600 * MS;
        world.look(true, false);
    }
    let stats = world.stats();
    assert_eq!(stats.dropped.buffer_full, 0, "{stats:?}");
    assert!(
        stats.tail.evicted_traces > 0 && stats.tail_dropped > 0,
        "{stats:?}"
    );
    drop(thread);
    world.flush();
    assert!(store.is_settled());
}
