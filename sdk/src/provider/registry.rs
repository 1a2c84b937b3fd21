//! Finding a provider by its number, from any thread and without a lock that a fork could leave taken.

use super::Shared;
use once_cell::race::OnceBox;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, RwLock, TryLockError, Weak};

const SEGMENT: usize = 64;
const SEGMENTS: usize = 1024;

/// In a number that is no provider's, but stands for the disabled scopes of the provider whose number the rest is.
const DISABLED_SCOPE: u32 = 1 << 31;

/// What stands for the disabled scopes of a provider. Nobody is found under it: that is how a span of theirs leaves the way
/// of those that may be recorded, which need not ask.
pub(crate) fn disabled_scope_of(provider: u32) -> u32 {
    provider | DISABLED_SCOPE
}

/// The provider of the disabled scopes that the number stands for.
pub(crate) fn with_disabled_scope(number: u32) -> Option<u32> {
    (number & DISABLED_SCOPE != 0).then_some(number & !DISABLED_SCOPE)
}

/// A place for one provider at a time. The lock is only ever tried. A fork may leave it taken for reading, which
/// keeps no reader out; it is taken for writing only before anybody has the provider.
type Place = RwLock<Weak<Shared>>;

static PLACES: [OnceBox<[Place; SEGMENT]>; SEGMENTS] = [const { OnceBox::new() }; SEGMENTS];
static NEXT: AtomicU32 = AtomicU32::new(1);

fn place(id: u32) -> &'static Place {
    let at = id as usize % (SEGMENT * SEGMENTS);
    let segment =
        PLACES[at / SEGMENT].get_or_init(|| Box::new(std::array::from_fn(|_| RwLock::new(Weak::new()))));
    &segment[at % SEGMENT]
}

/// Tries for a while.
fn patient<G>(lock: impl Fn() -> Result<G, TryLockError<G>>) -> Option<G> {
    for round in 0..1000 {
        match lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if round < 100 => std::hint::spin_loop(),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

fn read(place: &Place) -> Option<Arc<Shared>> {
    let known = patient(|| place.try_read())?;
    known.upgrade()
}

/// A number for a new provider: never 0, and not that of one that lives.
pub(crate) fn next_id() -> u32 {
    loop {
        let id = NEXT.fetch_add(1, Ordering::Relaxed) & !DISABLED_SCOPE;
        if id != 0 && patient(|| place(id).try_write()).is_some_and(|known| known.strong_count() == 0) {
            return id;
        }
    }
}

/// Makes a provider findable.
pub(crate) fn add(shared: &Arc<Shared>) {
    if let Some(mut place) = patient(|| place(shared.id).try_write()) {
        *place = Arc::downgrade(shared);
    }
}

/// The provider of this number, while it lives.
pub(crate) fn find(id: u32) -> Option<Arc<Shared>> {
    if id == 0 || with_disabled_scope(id).is_some() {
        return None;
    }
    let shared = read(place(id))?;
    (shared.id == id).then_some(shared)
}

/// All providers that live.
pub(crate) fn all() -> Vec<Arc<Shared>> {
    PLACES
        .iter()
        .filter_map(OnceBox::get)
        .flat_map(|segment| segment.iter())
        .filter_map(read)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_a_reader_left_behind_keeps_no_reader_out() {
        let provider = crate::init().exporter("none").build().unwrap();
        let id = provider.shared().id;
        // As in a child that was forked while another thread of its parent was looking.
        std::mem::forget(place(id).read());
        assert!(find(id).is_some_and(|found| found.id == id));
        assert!(all().iter().any(|known| known.id == id));
    }

    #[test]
    fn no_provider_has_a_number_that_stands_for_a_disabled_scope() {
        NEXT.store(DISABLED_SCOPE - 1, Ordering::Relaxed);
        for _ in 0..3 {
            let provider = crate::init().exporter("none").build().unwrap();
            let id = provider.shared().id;
            assert!(with_disabled_scope(id).is_none() && find(id).is_some());
            assert_eq!(with_disabled_scope(disabled_scope_of(id)), Some(id));
            assert!(find(disabled_scope_of(id)).is_none());
        }
    }

    #[test]
    fn a_provider_that_is_gone_is_not_found() {
        let provider = crate::init().exporter("none").build().unwrap();
        let id = provider.shared().id;
        assert!(find(id).is_some());
        drop(provider);
        assert!(find(id).is_none() && find(0).is_none());
    }
}
