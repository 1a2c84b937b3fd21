//! Waiting until what has ended so far is handed over.

use super::{Worker, monotonic};
use crate::export::ExporterSlot;
use crate::local;
use crate::thread as ours;
use spanline_engine::{Engine, ExportQueue};
use std::cell::Cell;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How often a waiting flush looks by itself: what a thread counts wakes nobody.
const RECHECK: Duration = Duration::from_millis(20);

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

/// A flush that has begun, and is not waited for yet.
pub(crate) struct Begun(Vec<Watched>);

impl Worker {
    /// Has everything accepted so far be drained, and one attempt of each exporter begin without a pause. Waits for nothing.
    pub(crate) fn begin_flush(self: &Arc<Self>, engine: &Engine) -> Begun {
        if ours::is_ours() {
            return Begun(Vec::new());
        }
        let watched = self.exporters.iter().map(Watched::of).collect();
        // Before anything is handed over: what is tried from here on is tried in time.
        for exporter in &self.exporters {
            exporter.hurry();
        }
        self.drain_all(engine);
        Begun(watched)
    }

    /// What is flushed from here on is flushed for the last time.
    pub(crate) fn begin_end(&self) {
        self.wanted().ending = true;
    }

    /// Spans that every exporter's queue has been given, and those that tail sampling has dropped.
    fn finished(&self, engine: &Engine) -> u64 {
        self.delivered() + engine.tail_dropped()
    }

    /// Has everything accepted so far be drained: so many spans.
    fn drain_all(self: &Arc<Self>, engine: &Engine) -> u64 {
        let target = local::busy(|| engine.stats()).for_exporters();
        if target > self.finished(engine) {
            let mut wanted = self.wanted();
            wanted.drained = wanted.drained.max(target);
            drop(wanted);
            self.wake();
        }
        target
    }

    /// Waits until everything accepted so far has met its fate. False when time was over first, or would be before
    /// anything else is tried.
    ///
    /// `replays` says whether more is to come for an exporter of what other processes left, which is waited for too.
    pub(crate) fn flush(
        self: &Arc<Self>,
        engine: &Engine,
        Begun(watched): Begun,
        deadline: Instant,
        patience: Patience,
        replays: &dyn Fn(usize) -> bool,
    ) -> bool {
        if ours::is_ours() {
            return false;
        }
        let target = self.drain_all(engine);
        // What is still pausing then will not be tried before the time is over.
        let left = deadline.saturating_duration_since(Instant::now());
        let end = monotonic().saturating_add(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX));
        let given_up = |number: usize, queue: &ExportQueue| {
            let found_nobody = match patience {
                Patience::Full => false,
                Patience::Shutdown => watched
                    .get(number)
                    .is_some_and(|watched| watched.found_nobody(queue)),
                Patience::Exit => queue.is_unreachable() && (queue.is_paused() || queue.is_closed()),
            };
            queue.resting_until().is_some_and(|until| until >= end) || found_nobody
        };
        let mut drained = true;
        self.wait_until(deadline, || {
            let done = self.finished(engine);
            // A span that ends while the engine closes counts as accepted until its thread learns that it came too late.
            drained = done >= target || done >= local::busy(|| engine.stats()).for_exporters();
            let nobody = || {
                let mut exporters = self.exporters.iter().enumerate();
                exporters.all(|(number, exporter)| given_up(number, &exporter.queue()))
            };
            drained || self.has_failed() || (!self.exporters.is_empty() && nobody())
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

    pub(super) fn wait_until(&self, deadline: Instant, mut done: impl FnMut() -> bool) -> bool {
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
}
