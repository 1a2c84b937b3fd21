use super::*;
use alloc::vec::Vec;
use std::{sync::Barrier, thread};

/// Tests take slots of epochs of their own, so that they do not share free lists.
fn free(epoch: u32) -> FreeSlot {
    let mut slots = Vec::new();
    take_free(epoch, 1, &mut slots);
    slots.pop().unwrap()
}

#[test]
fn a_stale_name_does_nothing() {
    let span = free(1001).open(1001, 1);
    assert_eq!(span.with(1001, |_| 7), Some(7));
    let ((), slot) = span.close(1001, |_| {}).unwrap();
    assert_eq!(span.with(1001, |_| 7), None);
    assert!(span.close(1001, |_| {}).is_none());
    let next = slot.open(1001, 1);
    assert_ne!(next, span);
    assert_eq!(span.with(1001, |_| 7), None, "the slot's next span is not meant");
    assert_eq!(next.with(1001, |_| 7), Some(7));
    next.close(1001, |_| {});
}

#[test]
fn a_name_survives_as_a_number() {
    let span = free(1002).open(1002, 9);
    let again = SpanRef::from_handle(span.handle()).unwrap();
    assert_eq!(again, span);
    assert_eq!(again.owner(), 9);
    span.close(1002, |_| {});
    assert_eq!(again.with(1002, |_| ()), None);
    let nowhere = NonZeroU64::new(u64::MAX).unwrap();
    assert!(SpanRef::from_handle(SpanHandle(nowhere)).is_none());
}

#[test]
fn a_span_of_another_epoch_is_not_touched() {
    let span = free(1003).open(1003, 1);
    assert_eq!(span.with(1004, |_| ()), None);
    // Also while its lock is held for ever, as a fork may leave it.
    span.with(1003, |_| assert!(span.close(1004, |_| {}).is_none()));
}

#[test]
fn a_panic_leaves_the_slot_free() {
    let span = free(1005).open(1005, 1);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        span.with(1005, |_| panic!("test"))
    }));
    assert!(result.is_err());
    assert_eq!(span.with(1005, |_| 1), Some(1));
    span.close(1005, |_| {});
}

#[test]
fn one_of_many_closes_and_all_changes_are_whole() {
    const THREADS: usize = 4;
    let span = free(1006).open(1006, 1);
    let barrier = Barrier::new(THREADS);
    let ended: usize = thread::scope(|scope| {
        let handles: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..1000 {
                        span.with(1006, |open| {
                            let before = open.scope;
                            open.scope = before.wrapping_add(1);
                        });
                    }
                    barrier.wait();
                    span.close(1006, |open| assert_eq!(open.scope, (THREADS * 1000) as u16))
                        .is_some() as usize
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).sum()
    });
    assert_eq!(ended, 1);
}
