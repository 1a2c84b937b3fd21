//! The pipeline's thread: drains, cuts batches, hands them to the exporters and keeps time; no network.

use super::ExporterSlot;
use crate::observe::{Component, Losses};
use crate::provider::Config;
use crate::thread as ours;
use crate::{guard, local, log};
use spanline_engine::{Cutting, EncodedPart, Engine, Envelope, ExportQueue, Next, Pipeline};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How often a waiting flush looks by itself: what a thread counts wakes nobody.
const RECHECK: Duration = Duration::from_millis(20);

/// Nanoseconds between two rounds of what is done now and then.
const HOUSEKEEPING: u64 = 1_000_000_000;

/// Nanoseconds of a clock that only goes forward.
pub(crate) fn monotonic() -> u64 {
    crate::clock::monotonic_nanos()
}

/// The pipeline of one engine, with its exporters.
#[derive(Debug)]
pub(crate) struct Worker {
    config: Arc<Config>,
    exporters: Vec<Arc<ExporterSlot>>,
    /// What the exporters are called in metrics.
    components: OnceLock<Vec<Component>>,
    engine: OnceLock<Weak<Engine>>,
    started: AtomicBool,
    thread: OnceLock<Thread>,
    wanted: Mutex<Wanted>,
    progress: Condvar,
    random: AtomicU64,
    /// When housekeeping was last done.
    kept_house: AtomicU64,
    /// Lost spans that were spoken of.
    told: AtomicU64,
    /// Spans that every exporter's queue has been given; behind what is drained while a batch is on its way.
    delivered: AtomicU64,
}

/// What flush and shutdown want of the thread.
#[derive(Debug, Default)]
struct Wanted {
    /// Spans that must have been drained.
    drained: u64,
    stop: bool,
    /// The thread has done its last.
    finished: bool,
}

/// What counts against the bound of this exporter's queue beside what is in it: chunks and the first exporter's queue
/// share one.
fn charged(exporter: usize, engine: &Engine) -> usize {
    if exporter == 0 {
        engine.charged_beside_queue()
    } else {
        0
    }
}

/// For whom a flush waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Patience {
    /// For all exporters: the user asked for it.
    Full,
    /// The user asked for it at the end: for those that find nobody only so long.
    Shutdown,
    /// For those that find somebody: the process ends.
    Exit,
}

/// How long a shutdown waits for an exporter after an attempt of its own that found nobody.
const FOUND_NOBODY: Duration = Duration::from_secs(5);

/// What the attempts of an exporter have come to since a wait began.
struct Watched {
    /// How many there had been before.
    attempts: u64,
    /// When one had found nobody.
    failed: Cell<Option<Instant>>,
}

impl Watched {
    fn of(exporter: &Arc<ExporterSlot>) -> Self {
        Self {
            attempts: exporter.queue().attempts(),
            failed: Cell::new(None),
        }
    }

    /// Whether the first attempt since found nobody, and all others in the time that there was for them.
    fn found_nobody(&self, queue: &ExportQueue) -> bool {
        let nobody = queue.is_unreachable() && queue.resting_until().is_some();
        if nobody && queue.attempts() > self.attempts {
            let failed = self.failed.get().unwrap_or_else(Instant::now);
            self.failed.set(Some(failed));
            return failed.elapsed() >= FOUND_NOBODY;
        }
        false
    }
}

struct Wrapping<'a>(&'a Config);

impl Envelope for Wrapping<'_> {
    fn resource(&self) -> &EncodedPart {
        self.0.described.encoded()
    }

    fn scope(&self, number: u16) -> &EncodedPart {
        static NONE: EncodedPart = EncodedPart {
            head: Vec::new(),
            tail: Vec::new(),
        };
        self.0.scopes.get(number).map_or(&NONE, |known| &known.encoded)
    }
}

impl Worker {
    pub(crate) fn new(config: Arc<Config>, exporters: Vec<Arc<ExporterSlot>>) -> Self {
        Self {
            config,
            components: OnceLock::new(),
            exporters,
            engine: OnceLock::new(),
            started: AtomicBool::new(false),
            thread: OnceLock::new(),
            wanted: Mutex::default(),
            progress: Condvar::new(),
            random: AtomicU64::new(monotonic()),
            kept_house: AtomicU64::new(0),
            told: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
        }
    }

    pub(crate) fn attach(&self, engine: &Arc<Engine>) {
        let _ = self.engine.set(Arc::downgrade(engine));
    }

    pub(crate) fn exporters(&self) -> &[Arc<ExporterSlot>] {
        &self.exporters
    }

    pub(crate) fn components(&self) -> &[Component] {
        self.components.get_or_init(|| {
            let exporters = self.exporters.iter();
            Component::number(exporters.map(|exporter| exporter.description().clone()))
        })
    }

    /// Makes the thread look, starting it when this is the first time.
    pub(crate) fn wake(self: &Arc<Self>) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        } else if !self.started.swap(true, Ordering::AcqRel) {
            // Without an engine there is nothing to run.
            let Some(engine) = self.engine.get().and_then(Weak::upgrade) else {
                return;
            };
            let worker = self.clone();
            let spawned = ours::spawn(c"spanline-pipeline", move || {
                // Whoever finds no thread to unpark comes before the thread's first look.
                let _ = worker.thread.set(std::thread::current());
                worker.run(engine);
            });
            self.started.store(spawned, Ordering::Release);
        }
    }

    /// An exporter has an answer: there may be room, and somebody may wait for it.
    pub(crate) fn progressed(&self) {
        drop(self.wanted());
        self.progress.notify_all();
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Spans that were handed to the exporters' queues so far.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Acquire)
    }

    /// A number that differs from call to call and from process to process, for spreading pauses.
    pub(crate) fn random(&self) -> u64 {
        let word = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed) ^ monotonic();
        (word ^ word >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(self: Arc<Self>, engine: Arc<Engine>) {
        let mut pipeline = Pipeline::new(engine.clone(), self.config.cutting);
        let survived = guard::repeat(&self.config.caught, "pipeline", || self.step(&mut pipeline));
        if !survived {
            // Recording goes on being refused and counted; the program goes on.
            engine.close();
        }
        for exporter in &self.exporters {
            exporter.stop();
        }
        self.wanted().finished = true;
        self.progress.notify_all();
    }

    /// Looks once and does what there is to do. False when that was the last time.
    fn step(self: &Arc<Self>, pipeline: &mut Pipeline) -> bool {
        let (drained, stop) = {
            let wanted = self.wanted();
            (wanted.drained, wanted.stop)
        };
        if let Some(first) = self.exporters.first() {
            let (queued, spans) = {
                let queue = first.queue();
                (queue.bytes(), queue.batch_spans())
            };
            pipeline.engine().set_first_queue_bytes(queued);
            pipeline.limit_batches(spans);
        }
        if stop && self.config.effective.spool_dir.is_some() {
            // What an exporter has no room for now would be dropped by its full queue. It waits in the spool instead.
            for exporter in self.exporters.iter().filter(|e| !e.queue().is_hungry()) {
                exporter.queue().close(monotonic());
            }
        }
        let urgent = stop || drained > pipeline.engine().drained();
        let hungry =
            stop || self.exporters.is_empty() || self.exporters.iter().any(|e| e.queue().is_hungry());
        match pipeline.next(monotonic(), hungry, urgent, &mut Wrapping(&self.config)) {
            Next::Deliver(batch) => {
                let spans = batch.spans();
                self.deliver(Arc::new(batch), pipeline.engine());
                self.delivered.fetch_add(spans, Ordering::AcqRel);
                drop(self.wanted());
                self.progress.notify_all();
                self.housekeeping(pipeline.engine());
            }
            Next::Wait | Next::WaitUntil(_) if stop => return false,
            Next::Wait => {
                match pipeline.engine().has_losses() {
                    true => std::thread::park_timeout(self.until_housekeeping()),
                    false => std::thread::park(),
                }
                self.housekeeping(pipeline.engine());
            }
            Next::WaitUntil(until) => {
                let pause = until.saturating_sub(monotonic());
                if pause > 0 {
                    std::thread::park_timeout(Duration::from_nanos(pause));
                }
                self.housekeeping(pipeline.engine());
            }
        }
        true
    }

    fn until_housekeeping(&self) -> Duration {
        let since = monotonic().saturating_sub(self.kept_house.load(Ordering::Relaxed));
        Duration::from_nanos(HOUSEKEEPING.saturating_sub(since))
    }

    /// What is done now and then while spans flow or are lost, at most once a second.
    fn housekeeping(&self, engine: &Engine) {
        if !self.until_housekeeping().is_zero() {
            return;
        }
        self.kept_house.store(monotonic(), Ordering::Relaxed);
        self.config.clock.recalibrate();
        let caught = &self.config.caught;
        // A user's own could have notices without end.
        for _ in 0..8 {
            let notice = guard::foreign(caught, "sampler", || self.config.sampler.take_notice()).flatten();
            let Some(notice) = notice else { break };
            log::report(log::Level::Warn, "sampler", format_args!("{notice}"));
        }
        for _ in 0..8 {
            let notice =
                guard::foreign(caught, "propagator", || self.config.propagator.take_notice()).flatten();
            let Some(notice) = notice else { break };
            log::report(log::Level::Warn, "propagator", format_args!("{notice}"));
        }
        self.tell_losses(engine);
    }

    /// Says what was lost since this was last said, and which options bound it.
    fn tell_losses(&self, engine: &Engine) {
        engine.forget_losses();
        let mut stats = engine.stats();
        stats.exporters = self.exporters.iter().map(|exporter| exporter.stats()).collect();
        let losses = Losses::so_far(&stats, &self.config);
        let all = losses.total();
        if all > self.told.swap(all, Ordering::Relaxed) {
            log::report(
                log::Level::Warn,
                "spans_lost",
                format_args!("spans lost so far: {losses}"),
            );
        }
    }

    fn deliver(self: &Arc<Self>, batch: Arc<spanline_engine::Batch>, engine: &Engine) {
        for (number, exporter) in self.exporters.iter().enumerate() {
            exporter.push(batch.clone(), charged(number, engine), self);
        }
    }

    /// Hands a batch to one exporter alone: spans that another process left for it.
    #[cfg_attr(not(all(feature = "spool", target_os = "linux")), expect(dead_code))]
    pub(crate) fn push(
        self: &Arc<Self>,
        exporter: usize,
        batch: Arc<spanline_engine::Batch>,
        engine: &Engine,
    ) {
        if let Some(slot) = self.exporters.get(exporter) {
            slot.push(batch, charged(exporter, engine), self);
        }
    }

    /// Panics of exporters and of our own threads.
    #[cfg_attr(not(all(feature = "spool", target_os = "linux")), expect(dead_code))]
    pub(crate) fn caught(&self) -> &AtomicU64 {
        &self.config.caught
    }

    /// How batches are cut.
    #[cfg_attr(not(all(feature = "spool", target_os = "linux")), expect(dead_code))]
    pub(crate) fn cutting(&self) -> Cutting {
        self.config.cutting
    }

    /// Waits until an exporter has an answer, at most so long; not at all when `ready`.
    #[cfg_attr(not(all(feature = "spool", target_os = "linux")), expect(dead_code))]
    pub(crate) fn wait_for_progress(&self, timeout: Duration, ready: impl FnOnce() -> bool) {
        let wanted = self.wanted();
        if !ready() {
            drop(self.progress.wait_timeout(wanted, timeout));
        }
    }

    /// Waits until everything accepted so far has met its fate. False when time was over first, or would be before
    /// anything else is tried.
    ///
    /// `replays` says whether more is to come for an exporter of what other processes left, which is waited for too.
    pub(crate) fn flush(
        self: &Arc<Self>,
        engine: &Engine,
        deadline: Instant,
        patience: Patience,
        replays: &dyn Fn(usize) -> bool,
    ) -> bool {
        if ours::is_ours() {
            return false;
        }
        let watched: Vec<Watched> = self.exporters.iter().map(Watched::of).collect();
        // Before anything is handed over: what is tried from here on is tried in time.
        for exporter in &self.exporters {
            exporter.hurry();
        }
        let target = local::busy(|| engine.stats()).accepted;
        if target > self.delivered() {
            let mut wanted = self.wanted();
            wanted.drained = wanted.drained.max(target);
            drop(wanted);
            self.wake();
        }
        // What is still pausing then will not be tried before the time is over.
        let left = deadline.saturating_duration_since(Instant::now());
        let end = monotonic().saturating_add(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX));
        let given_up = |number: usize, queue: &ExportQueue| {
            let found_nobody = match patience {
                Patience::Full => false,
                Patience::Shutdown => watched[number].found_nobody(queue),
                Patience::Exit => queue.is_unreachable() && (queue.is_paused() || queue.is_closed()),
            };
            queue.resting_until().is_some_and(|until| until >= end) || found_nobody
        };
        let mut drained = true;
        self.wait_until(deadline, || {
            let done = self.delivered();
            // A span that ends while the engine closes counts as accepted until its thread learns that it came too late.
            drained = done >= target || done >= local::busy(|| engine.stats()).accepted;
            let nobody = || {
                let mut exporters = self.exporters.iter().enumerate();
                exporters.all(|(number, exporter)| given_up(number, &exporter.queue()))
            };
            drained || (!self.exporters.is_empty() && nobody())
        });
        self.wait_until(deadline, || {
            let mut exporters = self.exporters.iter().enumerate();
            exporters.all(|(number, exporter)| !replays(number) || given_up(number, &exporter.queue()))
        });
        let marks: Vec<u64> = self
            .exporters
            .iter()
            .map(|exporter| exporter.queue().mark())
            .collect();
        let mut settled = true;
        self.wait_until(deadline, || {
            settled = true;
            // Each is looked at: whether all is settled is another question than whether to wait.
            self.exporters
                .iter()
                .zip(&marks)
                .enumerate()
                .fold(true, |all, (number, (exporter, &mark))| {
                    let queue = exporter.queue();
                    let is_settled = queue.is_settled_up_to(mark);
                    settled &= is_settled;
                    all & (is_settled || given_up(number, &queue))
                })
        });
        let mut flushed = true;
        for exporter in &self.exporters {
            flushed &= exporter.flush_exporter(deadline.saturating_duration_since(Instant::now()));
        }
        drained && settled && flushed
    }

    fn wait_until(&self, deadline: Instant, mut done: impl FnMut() -> bool) -> bool {
        let mut wanted = self.wanted();
        loop {
            if done() {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            wanted = self
                .progress
                .wait_timeout(wanted, left.min(RECHECK))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Ends the threads. What is not delivered is given up and counted; waits for that at most until `deadline`.
    pub(crate) fn stop(self: &Arc<Self>, deadline: Instant) {
        self.wanted().stop = true;
        if self.started.load(Ordering::Acquire) {
            self.wake();
            if !ours::is_ours() {
                let mut wanted = self.wanted();
                while !wanted.finished {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    wanted = self
                        .progress
                        .wait_timeout(wanted, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0;
                }
                drop(wanted);
                self.wait_until(deadline, || {
                    self.exporters.iter().all(|exporter| exporter.has_ended())
                });
            }
        } else {
            for exporter in &self.exporters {
                exporter.stop();
            }
        }
    }
}
