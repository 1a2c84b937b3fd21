//! Finding a provider by its number, from any thread and without a lock that a fork could leave taken.

use super::Shared;
use once_cell::race::OnceBox;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

const SEGMENT: usize = 64;
const SEGMENTS: usize = 1024;

/// A place for one provider at a time. The mutex is only ever tried: a fork may leave it taken.
type Place = Mutex<Weak<Shared>>;

static PLACES: [OnceBox<[Place; SEGMENT]>; SEGMENTS] = [const { OnceBox::new() }; SEGMENTS];
static NEXT: AtomicU32 = AtomicU32::new(1);

fn place(id: u32) -> &'static Place {
    let at = id as usize % (SEGMENT * SEGMENTS);
    let segment =
        PLACES[at / SEGMENT].get_or_init(|| Box::new(std::array::from_fn(|_| Mutex::new(Weak::new()))));
    &segment[at % SEGMENT]
}

fn try_lock<T>(mutex: &Mutex<T>) -> Option<std::sync::MutexGuard<'_, T>> {
    for round in 0..1000 {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) if round < 100 => std::hint::spin_loop(),
            Err(std::sync::TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

/// A number for a new provider: never 0, and not that of one that lives.
pub(crate) fn next_id() -> u32 {
    loop {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        if id != 0 && try_lock(place(id)).is_some_and(|known| known.strong_count() == 0) {
            return id;
        }
    }
}

/// Makes a provider findable.
pub(crate) fn add(shared: &Arc<Shared>) {
    if let Some(mut place) = try_lock(place(shared.id)) {
        *place = Arc::downgrade(shared);
    }
}

/// The provider of this number, while it lives.
pub(crate) fn find(id: u32) -> Option<Arc<Shared>> {
    if id == 0 {
        return None;
    }
    let shared = try_lock(place(id))?.upgrade()?;
    (shared.id == id).then_some(shared)
}

/// All providers that live.
pub(crate) fn all() -> Vec<Arc<Shared>> {
    PLACES
        .iter()
        .filter_map(OnceBox::get)
        .flat_map(|segment| segment.iter())
        .filter_map(|place| try_lock(place)?.upgrade())
        .collect()
}
