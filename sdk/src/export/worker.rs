//! The pipeline's thread: drains, cuts batches, hands them to the exporters and keeps time; no network.

mod flush;

pub(crate) use flush::{Begun, Patience};

use super::ExporterSlot;
use crate::observe::{Component, Losses};
use crate::processors::Part;
use crate::provider::Config;
use crate::thread as ours;
use crate::{guard, log};
use spanline_engine::{Cutting, EncodedPart, Engine, Envelope, Next, Pipeline};
#[cfg(test)]
use std::sync::atomic::AtomicU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

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
    /// Faults of ours have ended the thread.
    failed: AtomicBool,
    /// How many looks from now on a fault of ours is to befall.
    #[cfg(test)]
    faults: AtomicU32,
    /// Spans that every exporter's queue has been given; behind what is drained while a batch is on its way.
    delivered: AtomicU64,
}

/// What flush and shutdown want of the thread.
#[derive(Debug, Default)]
struct Wanted {
    /// Spans that must have been drained.
    drained: u64,
    /// The end has begun: what is flushed from here on is flushed for the last time.
    ending: bool,
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
            failed: AtomicBool::new(false),
            #[cfg(test)]
            faults: AtomicU32::new(0),
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
        if let Some(tail) = &self.config.tail
            && let Some(judge) = tail.judge(self.config.described.encoded())
        {
            // Made here: a forked child holds and remembers nothing of its parent's.
            pipeline = pipeline.with_tail(tail.settings, judge);
        }
        let survived = guard::repeat(&self.config.caught, "pipeline", || self.step(&mut pipeline));
        if !survived {
            // Recording goes on being refused and counted; the program goes on.
            engine.close();
            self.failed.store(true, Ordering::Release);
        }
        for exporter in &self.exporters {
            exporter.stop();
        }
        self.wanted().finished = true;
        self.progress.notify_all();
    }

    /// Whether faults of ours have ended the thread: what was not drained by then never is.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Looks once and does what there is to do. False when that was the last time.
    fn step(self: &Arc<Self>, pipeline: &mut Pipeline) -> bool {
        #[cfg(test)]
        tests::fail_if_asked(&self.faults);
        let (drained, stop, ending) = {
            let wanted = self.wanted();
            (wanted.drained, wanted.stop, wanted.ending)
        };
        if stop || ending {
            pipeline.end();
        }
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
        if let Some(watch) = &self.config.built_in.overhead {
            watch.charge(Part::Pipeline);
        }
        let urgent = stop || drained > pipeline.finished();
        let hungry =
            stop || self.exporters.is_empty() || self.exporters.iter().any(|e| e.queue().is_hungry());
        let next = pipeline.next(monotonic(), hungry, urgent, &mut Wrapping(&self.config));
        if pipeline.take_dropped() > 0 {
            // Somebody may wait for just these spans.
            drop(self.wanted());
            self.progress.notify_all();
        }
        match next {
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
        if let Some(watch) = &self.config.built_in.overhead {
            watch.look(&engine.stats());
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

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
