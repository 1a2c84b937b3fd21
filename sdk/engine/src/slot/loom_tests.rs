//! Every interleaving of the slot's lock. Run by `cargo xtask test --all`.

use super::*;
use alloc::boxed::Box;
use loom::thread;

fn slot() -> FreeSlot {
    FreeSlot(Box::leak(Box::new(Slot::new(0))))
}

fn in_scope(mut slot: FreeSlot, scope: u16) -> FreeSlot {
    slot.span().scope = scope;
    slot
}

#[test]
fn changes_under_the_lock_exclude_each_other() {
    loom::model(|| {
        let span = in_scope(slot(), 0).open(1, 1);
        let other = thread::spawn(move || span.with(1, |open| open.scope += 1));
        span.with(1, |open| open.scope += 1);
        other.join().unwrap();
        assert_eq!(span.with(1, |open| open.scope), Some(2));
    });
}

#[test]
fn of_two_ends_one_counts() {
    loom::model(|| {
        let span = slot().open(1, 1);
        let other = thread::spawn(move || span.close(1, |_| {}).is_some());
        let mine = span.close(1, |_| {}).is_some();
        assert!(mine ^ other.join().unwrap());
    });
}

#[test]
fn a_change_after_the_end_reaches_nobody() {
    loom::model(|| {
        let span = in_scope(slot(), 7).open(1, 1);
        let late = thread::spawn(move || span.with(1, |open| open.scope = 9));
        let ((), free) = span.close(1, |open| open.scope = 0).unwrap();
        let next = in_scope(free, 1).open(1, 1);
        late.join().unwrap();
        assert_eq!(next.with(1, |open| open.scope), Some(1));
    });
}

#[test]
fn the_small_lock_excludes() {
    loom::model(|| {
        let value = loom::sync::Arc::new(Locked::new(0));
        let other = {
            let value = value.clone();
            thread::spawn(move || *value.lock() += 1)
        };
        *value.lock() += 1;
        other.join().unwrap();
        assert_eq!(*value.lock(), 2);
    });
}
