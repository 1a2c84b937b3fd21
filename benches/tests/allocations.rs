//! What a span allocates in the steady state: nothing on the thread that makes it, and next to nothing elsewhere.

use spanline::{Provider, span};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The system's allocator, counting.
struct Counting;

static EVERYWHERE: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static HERE: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    EVERYWHERE.fetch_add(1, Ordering::Relaxed);
    // A thread that is being torn down has nothing left to count with; it makes no spans either.
    let _ = HERE.try_with(|here| here.set(here.get() + 1));
}

#[allow(unsafe_code, reason = "an allocator cannot be had without it")]
// SAFETY: every call is passed on to the system's allocator as it came, and counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the conditions of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the conditions of this very function.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the conditions of this very function.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the conditions of this very function.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The counter is one for the process: tests that look at all of it take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

const SPANS: u64 = 100_000;

/// Few enough that the drain is never behind by more than a chunk (4 KiB), whatever the scheduler does: the thread goes
/// back and forth between two chunks.
const FEW: u64 = 10;

/// As many as a busy thread makes between two drains. Its chunks come back from the drain when that gets to it, so now
/// and then the thread needs a further one, which is two allocations for some hundred spans.
const MANY: u64 = 1_000;

/// Allocations of 100,000 spans: those of the thread that makes them, and those of the whole process with the draining
/// of the spans.
struct Allocations {
    here: u64,
    everywhere: u64,
}

/// Makes spans block by block. After each block the exporter has them all: no amount of memory would do for a loop
/// that the drain cannot follow. What the wait itself allocates counts as elsewhere.
fn steady(provider: &Provider, block: u64, make: fn()) -> Allocations {
    let _entered = provider.enter();
    let blocks = SPANS / block;
    let (mut here, mut everywhere) = (0, 0);
    // The first half warms up.
    for number in 0..2 * blocks {
        if number == blocks {
            here = 0;
            everywhere = EVERYWHERE.load(Ordering::Relaxed);
        }
        let before = HERE.get();
        for _ in 0..block {
            make();
        }
        here += HERE.get() - before;
        assert!(provider.flush().complete);
    }
    everywhere = EVERYWHERE.load(Ordering::Relaxed) - everywhere;
    Allocations { here, everywhere }
}

/// Nothing per span, and of a busy thread only what chunks and batches need: a block is drained as a batch or two, and
/// the flush that waits for it makes a report, some dozens of allocations for a thousand spans.
fn assert_steady(provider: &Provider, make: fn()) {
    let few = steady(provider, FEW, make);
    assert_eq!(few.here, 0, "allocations on the thread that made {SPANS} spans");
    let many = steady(provider, MANY, make);
    assert!(
        many.here <= SPANS / 100,
        "{} where {SPANS} spans were made",
        many.here
    );
    assert!(
        many.everywhere <= SPANS / 10,
        "{} for {SPANS} spans",
        many.everywhere
    );
    let stats = provider.stats();
    assert!(stats.balances() && stats.accepted == 4 * SPANS, "{stats:?}");
}

fn provider() -> Provider {
    let builder = spanline::init().without_environment().service_name("allocations");
    builder.exporter("discard").build().unwrap()
}

fn typical() {
    let _span = span!(
        "GET /api/users/{id}",
        "http.request.method" = black_box("GET"),
        "url.path" = black_box("/api/users/42"),
        "http.response.status_code" = black_box(200),
    );
}

#[test]
fn a_recorded_span_allocates_nothing_where_it_is_made() {
    let _turn = turn();
    let provider = provider();
    let _entered = provider.enter();
    let parent = span!("parent");
    assert_steady(&provider, typical);
    drop(parent);
}

#[test]
fn a_bare_root_span_allocates_nothing_where_it_is_made() {
    let _turn = turn();
    assert_steady(&provider(), || drop(span!(black_box("root"))));
}

#[test]
fn an_unsampled_span_allocates_nothing_at_all() {
    let _turn = turn();
    let builder = spanline::init().without_environment().service_name("allocations");
    let provider = builder.exporter("discard").sampler(0.0).build().unwrap();
    let _entered = provider.enter();
    let _parent = span!("parent");
    // No flush: there is nothing to wait for, and its report would count.
    for _ in 0..SPANS {
        typical();
    }
    let (here, everywhere) = (HERE.get(), EVERYWHERE.load(Ordering::Relaxed));
    for _ in 0..SPANS {
        typical();
    }
    assert_eq!(HERE.get() - here, 0);
    let elsewhere = EVERYWHERE.load(Ordering::Relaxed) - everywhere;
    // The test runner's own threads may do something meanwhile.
    assert!(
        elsewhere < SPANS / 1_000,
        "{elsewhere} allocations for {SPANS} spans"
    );
    assert_eq!(provider.stats().sampled_out, 2 * SPANS + 1);
}

#[test]
fn the_counter_counts() {
    let _turn = turn();
    let counted = steady(&provider(), MANY, || drop(black_box(Box::new(1))));
    assert_eq!(counted.here, SPANS);
    assert!(counted.everywhere >= SPANS);
}
