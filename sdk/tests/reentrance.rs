//! Spans from where nobody expects them: a signal handler that interrupts the making of spans, and an allocator that
//! makes spans or forks. What cannot be done there is refused and counted; nothing hangs, nothing is mixed up.
#![allow(unsafe_code, reason = "handles signals, allocates and forks; see each block")]

mod process;

use process::play;
use spanline::{Provider, Stats, span};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The system's allocator, with a hook.
struct Hooked;

thread_local! {
    /// What this thread's allocations do.
    static HOOK: Cell<Option<fn()>> = const { Cell::new(None) };
}

fn hook() {
    // Once at a time: what the hook does allocates too.
    let Ok(Some(run)) = HOOK.try_with(Cell::take) else {
        return;
    };
    run();
    let _ = HOOK.try_with(|hook| hook.set(Some(run)));
}

// SAFETY: every call is passed on to the system's allocator as it came; the hook runs before, and may allocate.
unsafe impl GlobalAlloc for Hooked {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        hook();
        // SAFETY: the caller keeps the conditions of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        hook();
        // SAFETY: the caller keeps the conditions of this very function.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the conditions of this very function.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Hooked = Hooked;

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    let Some((scenario, _)) = process::scenario() else {
        return;
    };
    let builder = spanline::init().without_environment().exporter("discard");
    let provider = builder.start().unwrap();
    match scenario.as_str() {
        "storm" => storm(&provider),
        "allocator" => allocator(&provider),
        "forking allocator" => forking_allocator(&provider),
        other => panic!("no scenario {other}"),
    }
}

/// A flushed account in which every span of a name was either recorded or refused.
#[track_caller]
fn settled(provider: &Provider) -> Stats {
    let report = provider.flush();
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    report.stats
}

const ROUNDS: i64 = 10_000;
static INTERRUPTED: AtomicU64 = AtomicU64::new(0);
static MIXED: AtomicBool = AtomicBool::new(false);

/// Makes a span, below whatever it has interrupted.
extern "C" fn on_alarm(_: libc::c_int) {
    INTERRUPTED.fetch_add(1, Ordering::Relaxed);
    let above = spanline::current_span();
    let span = span!("interrupt", "key" = 7);
    let (parent, child) = (above.context(), span.context());
    // Below the span that was interrupted, or in a trace of its own, or nothing at all.
    let follows = !parent.is_valid() || !child.is_valid() || child.trace_id() == parent.trace_id();
    if !(follows && PAIRS.iter().all(|pair| pair.fits(parent))) {
        MIXED.store(true, Ordering::Relaxed);
    }
}

/// Trace and span ids that belong together.
struct Pair {
    trace: AtomicU64,
    span: AtomicU64,
}

static PAIRS: [Pair; 2] = [const {
    Pair {
        trace: AtomicU64::new(0),
        span: AtomicU64::new(0),
    }
}; 2];

impl Pair {
    fn set(&self, span: &spanline::SpanContext) {
        self.trace
            .store(low(&span.trace_id().to_bytes()), Ordering::Relaxed);
        self.span
            .store(low(&span.span_id().to_bytes()), Ordering::Relaxed);
    }

    /// Whether the span is not one whose span id is known with another trace.
    fn fits(&self, span: &spanline::SpanContext) -> bool {
        let known = self.span.load(Ordering::Relaxed) == low(&span.span_id().to_bytes());
        !known || self.trace.load(Ordering::Relaxed) == low(&span.trace_id().to_bytes())
    }
}

/// The last eight bytes as a number.
fn low(id: &[u8]) -> u64 {
    id[id.len() - 8..]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A timer that interrupts this thread alone.
fn alarm_clock() -> libc::timer_t {
    // SAFETY: all zeros is a valid value of both plain structures.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_alarm as *const () as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the action is complete; the handler makes spans, which is what this is about.
    let done = unsafe { libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()) };
    assert_eq!(done, 0);
    // SAFETY: as above.
    let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
    event.sigev_notify = libc::SIGEV_THREAD_ID;
    event.sigev_signo = libc::SIGALRM;
    // SAFETY: gettid has no preconditions.
    event.sigev_notify_thread_id = unsafe { libc::gettid() };
    let mut timer = std::ptr::null_mut();
    // SAFETY: writes the timer to a local.
    let done = unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) };
    assert_eq!(done, 0);
    timer
}

/// One interruption, so many nanoseconds from now.
fn arm(timer: libc::timer_t, nanos: i64) {
    let zero = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let times = libc::itimerspec {
        it_interval: zero,
        it_value: libc::timespec {
            tv_nsec: nanos,
            ..zero
        },
    };
    // SAFETY: the timer was made by `alarm_clock`.
    let done = unsafe { libc::timer_settime(timer, 0, &raw const times, std::ptr::null_mut()) };
    assert_eq!(done, 0);
}

fn storm(provider: &Provider) {
    // What the thread allocates once is there before the handler comes.
    drop(span!("first", "key" = 7));
    let timer = alarm_clock();
    let mut made = 1;
    for round in 0..ROUNDS {
        // Sooner and later within the round, and now and then in the next.
        arm(timer, 1 + round * 7919 % 40_000);
        let outer = span!("outer", "key" = "some text");
        PAIRS[0].set(outer.context());
        let inner = span!("inner");
        PAIRS[1].set(inner.context());
        inner.set("another", 1.5);
        drop(inner);
        drop(outer);
        made += 2;
    }
    arm(timer, 0);
    let stats = settled(provider);
    let interrupted = INTERRUPTED.load(Ordering::Relaxed);
    assert!(!MIXED.load(Ordering::Relaxed), "half a context was seen");
    assert_eq!(stats.started, made + interrupted, "{stats:?}");
    assert_eq!(stats.live, 0, "{stats:?}");
    let refused = stats.refused.reentrant;
    assert!(
        0 < refused && refused < interrupted,
        "{refused} of {interrupted} refused"
    );
}

static HOOKED: AtomicU64 = AtomicU64::new(0);

fn makes_a_span() {
    HOOKED.fetch_add(1, Ordering::Relaxed);
    drop(span!("allocation"));
}

fn allocator(provider: &Provider) {
    drop(span!("first"));
    HOOK.set(Some(makes_a_span));
    for _ in 0..200 {
        let outer = span!("outer");
        for n in 0..40 {
            // The span's storage has to grow, inside the engine.
            outer.set(["a", "b", "c", "d", "e"][n % 5], &*"text ".repeat(n));
            outer.add_event("event", &[]);
        }
    }
    HOOK.set(None);
    let stats = settled(provider);
    let hooked = HOOKED.load(Ordering::Relaxed);
    assert!(hooked > 200 && stats.refused.reentrant > 0, "{hooked}, {stats:?}");
    assert_eq!((stats.started, stats.live), (201 + hooked, 0), "{stats:?}");
}

static FORKS: AtomicU64 = AtomicU64::new(0);

fn forks() {
    if FORKS.fetch_add(1, Ordering::Relaxed) >= 30 {
        return;
    }
    // SAFETY: the child goes on inside the allocator as its parent does, and leaves when it has ended its spans.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        CHILD.store(true, Ordering::Relaxed);
        FORKS.store(u64::MAX / 2, Ordering::Relaxed);
    } else {
        let mut status = 0;
        // SAFETY: waits for our child and writes to a local.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        assert_eq!(status, 0);
    }
}

static CHILD: AtomicBool = AtomicBool::new(false);

/// The process forks wherever the engine allocates.
fn forking_allocator(provider: &Provider) {
    drop(span!("first"));
    let mut made = 1;
    while FORKS.load(Ordering::Relaxed) < 30 {
        HOOK.set(Some(forks));
        let outer = span!("outer");
        outer.set("key", &*"text ".repeat(made));
        outer.add_event("event", &[]);
        let inner = span!("inner", "key" = "text ".repeat(made).as_str());
        drop(inner);
        drop(outer);
        HOOK.set(None);
        made += 2;
        if CHILD.load(Ordering::Relaxed) {
            drop(span!("child"));
            let stats = provider.flush().stats;
            let good = stats.balances()
                && stats.live == 0
                && stats.accepted == 1 + stats.started - 1 - stats.dropped.forked;
            // SAFETY: _exit has no preconditions.
            unsafe { libc::_exit(i32::from(!good)) }
        }
    }
    let stats = settled(provider);
    assert_eq!(
        (stats.started, stats.accepted),
        (made as u64, made as u64),
        "{stats:?}"
    );
}

#[track_caller]
fn played(scenario: &str) {
    let ended = play(scenario, "");
    assert!(
        ended.status.success(),
        "{scenario}: {:?} {}",
        ended.status,
        ended.output
    );
}

#[test]
fn a_signal_handler_that_makes_spans_neither_hangs_nor_mixes_contexts() {
    played("storm");
}

#[test]
fn an_allocator_that_makes_spans_is_refused_inside_the_engine() {
    played("allocator");
}

#[test]
fn an_allocator_that_forks_inside_the_engine_leaves_parent_and_child_whole() {
    played("forking allocator");
}
