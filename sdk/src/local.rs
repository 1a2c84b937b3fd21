//! What each thread keeps: the current frame, its ends of the engines, and its random numbers.
//!
//! Everything that touches a thread's end of an engine borrows it for the whole operation. A signal handler, finaliser
//! or allocator hook that comes in between finds it borrowed, is counted and does nothing: it can neither deadlock
//! nor see half a change.

use crate::frame::HeadCell;
use crate::provider::{Shared, registry};
use crate::{clock::Clock, fork, guard};
use spanline_core::{Context, SpanId, TraceId, Xoshiro256};
use spanline_engine::{Life, Producer};
use std::cell::{Cell, RefCell, RefMut};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

/// A thread's end of one provider.
pub(crate) struct Lane {
    pub(crate) shared: Arc<Shared>,
    pub(crate) producer: Producer,
    /// The provider's number, here so that finding the lane looks nowhere else.
    pub(crate) id: u32,
    epoch: u32,
    /// Starts and ends until the next one that is timed, where that is asked for; 0 before the first.
    until_timed: u32,
}

/// One operation in so many is timed, on average: at random, so that no rhythm of the program's decides which.
const TIMED: u64 = 1024;

impl Lane {
    /// Whether the operation that begins is to be timed.
    pub(crate) fn is_due(&mut self, dice: &mut Dice<'_>) -> bool {
        if self.until_timed == 0 {
            // Somewhere in the first stretch, so that threads that end soon have their part.
            self.until_timed = stretch(dice.next_u64(self.shared.clock), TIMED);
        }
        self.until_timed -= 1;
        if self.until_timed > 0 {
            return false;
        }
        self.until_timed = stretch(dice.next_u64(self.shared.clock), 2 * TIMED - 1);
        true
    }
}

/// From 1 to `most`, which fits.
fn stretch(random: u64, most: u64) -> u32 {
    u32::try_from(1 + random % most).unwrap_or(1)
}

/// What an operation borrows.
struct Ends {
    lanes: Vec<Lane>,
    random: Random,
}

struct Random {
    source: Xoshiro256,
    /// The epoch in which it was seeded; 0 before.
    epoch: u32,
    jumps: u32,
}

impl Random {
    const UNSEEDED: Self = Self {
        source: Xoshiro256::from_seed([0; 32]),
        epoch: 0,
        jumps: 0,
    };
}

/// The thread's plain state: nothing in it is dropped, so it can be used as long as the thread runs.
pub(crate) struct Local {
    /// What is current.
    pub(crate) head: HeadCell,
    /// Where the head says that the context carries more: that context. Its span is that of some frame below. Guards
    /// put back what was before, so that in the end it is empty again.
    pub(crate) carried: RefCell<ManuallyDrop<Option<Arc<Context>>>>,
    /// The provider that tests set for this thread; 0 for none.
    pub(crate) override_provider: Cell<u32>,
    /// While end callbacks run: the number under which this thread may change the ending span; else 0.
    pub(crate) ending: Cell<u64>,
    /// How many redactions are under way on this thread.
    redactions: Cell<u64>,
    /// This is one of our own threads: never traced, never waited for.
    pub(crate) is_ours: Cell<bool>,
    /// This thread's number; 0 while it has none.
    number: Cell<u64>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            head: HeadCell::new(),
            carried: RefCell::new(ManuallyDrop::new(None)),
            override_provider: Cell::new(0),
            ending: Cell::new(0),
            redactions: Cell::new(0),
            is_ours: Cell::new(false),
            number: Cell::new(0),
        }
    };
    static ENDS: RefCell<Ends> = const { RefCell::new(Ends { lanes: Vec::new(), random: Random::UNSEEDED }) };
}

/// Runs `f` with the thread's plain state.
#[inline(always)]
pub(crate) fn with<R>(f: impl FnOnce(&Local) -> R) -> R {
    LOCAL.with(f)
}

/// Runs `f` with this thread's end of a provider. `Err`: there is none; nothing was done.
#[inline(always)]
pub(crate) fn lane<R>(provider: u32, f: impl FnOnce(&mut Lane, &mut Dice<'_>) -> R) -> Result<R, NoLane> {
    let found = ENDS.try_with(|ends| {
        let Ok(mut borrowed) = ends.try_borrow_mut() else {
            return Err(NoLane::Reentrant);
        };
        // A handler that interrupts this thread must find it borrowed, so nothing may be moved across the borrowing.
        compiler_fence(Ordering::SeqCst);
        let epoch = fork::current_epoch();
        if !borrowed.begins_with(provider, epoch) {
            borrowed = bring_lane(ends, borrowed, provider, epoch)?;
        }
        let Ends { lanes, random } = &mut *borrowed;
        let result = match lanes.first_mut() {
            Some(lane) => Ok(f(lane, &mut Dice { random, epoch })),
            None => Err(NoLane::Gone),
        };
        compiler_fence(Ordering::SeqCst);
        result
    });
    found.unwrap_or(Err(NoLane::Dead))
}

/// Runs `f`, which takes locks of the engine, so that a signal handler that comes meanwhile keeps away from them.
pub(crate) fn busy<R>(f: impl Fn() -> R) -> R {
    let done = ENDS.try_with(|ends| {
        // When it is borrowed already: this is such a handler, or code that an operation called.
        let _borrowed = ends.try_borrow_mut();
        compiler_fence(Ordering::SeqCst);
        let result = f();
        compiler_fence(Ordering::SeqCst);
        result
    });
    // In a thread that is being torn down there is nothing to borrow.
    done.unwrap_or_else(|_| f())
}

impl Local {
    /// A number for this thread, never 0 and never given twice.
    pub(crate) fn thread_number(&self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if self.number.get() == 0 {
            self.number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        self.number.get()
    }

    /// The number under which this thread changes a span whose end begins now: another one within a redaction than around
    /// it, so that nothing can be added any more to the span that is being redacted.
    pub(crate) fn owner(&self) -> u64 {
        self.redactions.get() << 48 | self.thread_number()
    }
}

/// Runs foreign code that may change no span that is ending on this thread: what it added would not be redacted. It must not
/// panic.
pub(crate) fn changing_nothing<R>(f: impl FnOnce() -> R) -> R {
    let (owner, depth) = with(|local| (local.ending.replace(0), local.redactions.get()));
    with(|local| local.redactions.set(depth + 1));
    let result = f();
    with(|local| {
        local.ending.set(owner);
        local.redactions.set(depth);
    });
    result
}

/// Why an operation has no end of a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoLane {
    /// The provider was dropped, or the number stands for a disabled scope.
    Gone,
    /// The thread is inside an operation already.
    Reentrant,
    /// The thread is being torn down.
    Dead,
}

impl Ends {
    #[inline(always)]
    fn begins_with(&self, provider: u32, epoch: u32) -> bool {
        let first = self.lanes.first();
        first.is_some_and(|lane| lane.id == provider && lane.epoch == epoch)
    }
}

/// The thread ends: what its lanes held last may be the user's, whose destructors may panic and may make spans.
impl Drop for Ends {
    fn drop(&mut self) {
        let epoch = fork::current_epoch();
        let lanes = std::mem::take(&mut self.lanes);
        // A handler that comes meanwhile must not ask for the locks that are taken here.
        let leave = || {
            for lane in lanes {
                match lane.epoch == epoch {
                    true => bury(lane),
                    false => std::mem::forget(lane),
                }
            }
        };
        with(|local| local.head.changing(|_| leave()));
    }
}

/// Lets go of a lane, and perhaps of the last that there is of its provider: processors, sampler and exporters of the
/// user's are dropped with it.
fn bury(lane: Lane) {
    let caught = AtomicU64::new(0);
    guard::foreign(&caught, "destructor of a part of the provider", || drop(lane));
}

/// Brings the lane of a provider to the front. The borrowing is given up meanwhile where lanes of other providers have
/// had their time: what is dropped with them is foreign code.
#[cold]
#[inline(never)]
fn bring_lane<'a>(
    ends: &'a RefCell<Ends>,
    mut borrowed: RefMut<'a, Ends>,
    provider: u32,
    epoch: u32,
) -> Result<RefMut<'a, Ends>, NoLane> {
    if registry::with_disabled_scope(provider).is_some() {
        return Err(NoLane::Gone);
    }
    let mut stale = Vec::new();
    let found = find_lane(&mut borrowed.lanes, provider, epoch, Some(&mut stale));
    if stale.is_empty() {
        return if found { Ok(borrowed) } else { Err(NoLane::Gone) };
    }
    compiler_fence(Ordering::SeqCst);
    drop(borrowed);
    stale.into_iter().for_each(bury);
    let mut borrowed = ends.try_borrow_mut().map_err(|_| NoLane::Reentrant)?;
    compiler_fence(Ordering::SeqCst);
    // Spans of other providers may have been made by what was dropped.
    match find_lane(&mut borrowed.lanes, provider, epoch, None) {
        true => Ok(borrowed),
        false => Err(NoLane::Gone),
    }
}

/// As [`bring_lane`], making the lane when this thread has none. False: the provider is gone. Moves lanes of providers
/// that have shut down into `stale`.
fn find_lane(lanes: &mut Vec<Lane>, provider: u32, epoch: u32, stale: Option<&mut Vec<Lane>>) -> bool {
    if lanes.iter().any(|lane| lane.epoch != epoch) {
        // A parent's lanes: its chunks and locks are left as they are.
        for lane in lanes.drain(..) {
            std::mem::forget(lane);
        }
    }
    let at = match lanes.iter().position(|lane| lane.shared.id == provider) {
        Some(at) => at,
        None => {
            if let Some(stale) = stale {
                stale.extend(lanes.extract_if(.., |lane| lane.producer.engine().is_closed()));
            }
            let Some(shared) = registry::find(provider) else {
                return false;
            };
            let producer = Producer::new(shared.engine(epoch).engine().clone());
            lanes.push(Lane {
                id: provider,
                shared,
                producer,
                epoch,
                until_timed: 0,
            });
            lanes.len() - 1
        }
    };
    lanes.swap(0, at);
    true
}

/// A thread's random ids.
pub(crate) struct Dice<'a> {
    random: &'a mut Random,
    epoch: u32,
}

impl Dice<'_> {
    /// A new span id.
    #[inline(always)]
    pub(crate) fn span_id(&mut self, clock: &Clock) -> SpanId {
        self.source(clock).span_id()
    }

    /// A new trace id, random in all its bytes.
    #[inline]
    pub(crate) fn trace_id(&mut self, clock: &Clock) -> TraceId {
        self.source(clock).trace_id()
    }

    /// 64 random bits.
    pub(crate) fn next_u64(&mut self, clock: &Clock) -> u64 {
        self.source(clock).next_u64()
    }

    #[inline(always)]
    fn source(&mut self, clock: &Clock) -> &mut Xoshiro256 {
        let jumps = clock.jumps();
        if self.random.epoch != self.epoch || self.random.jumps != jumps {
            *self.random = seed(self.epoch, jumps);
        }
        &mut self.random.source
    }
}

/// A generator seeded by the operating system; after a fork or a jump of the clock (a restored snapshot) anew.
#[cold]
fn seed(epoch: u32, jumps: u32) -> Random {
    let mut bytes = [0; 32];
    if getrandom::fill(&mut bytes).is_err() {
        bytes = fallback_seed();
    }
    Random {
        source: Xoshiro256::from_seed(bytes),
        epoch,
        jumps,
    }
}

/// Where the operating system has no randomness to give: std's own per-process keys, the time and an address.
fn fallback_seed() -> [u8; 32] {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut bytes = [0; 32];
    for (n, word) in bytes.chunks_exact_mut(8).enumerate() {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_usize(n);
        hasher.write_u64(crate::clock::wall_nanos());
        hasher.write_usize(std::ptr::from_ref(&hasher).addr());
        word.copy_from_slice(&hasher.finish().to_le_bytes());
    }
    bytes
}

/// Counts a span of a provider from outside its lanes.
#[cold]
pub(crate) fn count_outside(provider: u32, lives: &[Life]) {
    if let Some(shared) = registry::find(provider) {
        let set = shared.engine(fork::current_epoch());
        for &life in lives {
            set.engine().count_shared(life, 1);
        }
    }
}
