//! One exporter with its queue and its thread.

use super::worker::{Worker, monotonic};
use super::{ExportBatch, SpanExporter};
use crate::guard;
use crate::provider::{Config, ExporterSpec};
use spanline_engine::{Batch, ExportQueue, ExporterStats, Outcome, Poll, QueueBounds};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Batches that may wait at an exporter before the drain stops cutting for it alone.
const READY: usize = 2;

/// An exporter side by side with others: its own queue, quota, state and thread.
#[derive(Debug)]
pub(crate) struct ExporterSlot {
    exporter: Arc<dyn SpanExporter>,
    queue: Mutex<ExportQueue>,
    changed: Condvar,
    started: AtomicBool,
    stop: AtomicBool,
    /// The thread has called the exporter for the last time.
    ended: AtomicBool,
    config: Arc<Config>,
}

impl ExporterSlot {
    pub(crate) fn new(number: usize, spec: &ExporterSpec, config: &Arc<Config>) -> Arc<Self> {
        let bytes = if number == 0 {
            config.buffer_bytes
        } else {
            config.exporter_buffer_bytes
        };
        let bounds = QueueBounds {
            bytes,
            max_age_nanos: config.max_age_nanos(),
            ready: READY,
        };
        Arc::new(Self {
            exporter: spec.make(config),
            queue: Mutex::new(ExportQueue::new(spec.name(), bounds).with_number(number)),
            changed: Condvar::new(),
            started: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            config: config.clone(),
        })
    }

    pub(crate) fn queue(&self) -> MutexGuard<'_, ExportQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over a batch. The thread is started with the first.
    pub(crate) fn push(self: &Arc<Self>, batch: Arc<Batch>, charged: usize, worker: &Arc<Worker>) {
        self.queue().push(batch, charged);
        self.changed.notify_one();
        if !self.started.swap(true, Ordering::AcqRel) {
            let (slot, worker) = (self.clone(), worker.clone());
            let spawned = crate::thread::spawn("spanline-export", move || slot.run(&worker));
            self.started.store(spawned, Ordering::Release);
        }
    }

    /// Cuts a pause short.
    pub(crate) fn hurry(&self) {
        self.queue().hurry();
        self.changed.notify_one();
    }

    /// Ends the thread: what is not delivered is given up and counted.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.queue().close();
        self.changed.notify_one();
        if self.started.load(Ordering::Acquire) {
            guard::foreign(&self.config.caught, "exporter", || self.exporter.interrupt());
        } else {
            guard::foreign(&self.config.caught, "exporter", || self.exporter.shutdown());
        }
    }

    pub(crate) fn flush_exporter(&self, timeout: Duration) -> bool {
        guard::foreign(&self.config.caught, "exporter", || self.exporter.flush(timeout)).unwrap_or(false)
    }

    pub(crate) fn stats(&self, undrained: u64) -> ExporterStats {
        self.queue().stats(undrained)
    }

    fn run(&self, worker: &Arc<Worker>) {
        while let Some(batch) = self.next(worker) {
            let outcome = self.send(&batch);
            self.queue().report(batch, outcome, monotonic(), worker.random());
            worker.progressed();
        }
        guard::foreign(&self.config.caught, "exporter", || self.exporter.shutdown());
        self.ended.store(true, Ordering::Release);
        worker.progressed();
    }

    /// Whether the exporter will not be called any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire) || !self.started.load(Ordering::Acquire)
    }

    /// Waits for a batch to send. `None`: it is time to end.
    fn next(&self, worker: &Worker) -> Option<Arc<Batch>> {
        let mut queue = self.queue();
        loop {
            if self.stop.load(Ordering::Acquire) {
                return None;
            }
            let now = monotonic();
            let settled = queue.progress().1;
            let poll = queue.poll(now);
            if queue.progress().1 != settled && !matches!(poll, Poll::Send(_)) {
                // Batches grew too old: there is room, and the drain may be waiting for it.
                drop(queue);
                worker.progressed();
                queue = self.queue();
                continue;
            }
            queue = match poll {
                Poll::Send(batch) => return Some(batch),
                Poll::Wait(until) => {
                    let pause = Duration::from_nanos(until.saturating_sub(now).max(1));
                    self.changed
                        .wait_timeout(queue, pause)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                Poll::Empty => self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn send(&self, batch: &Batch) -> Outcome {
        let view = ExportBatch {
            batch,
            config: &self.config,
        };
        let timeout = self.config.timeout;
        let result = guard::foreign(&self.config.caught, "exporter", || {
            self.exporter.export(view, timeout)
        });
        result.map_or_else(
            || Outcome::Failed {
                reason: "panic".to_owned(),
            },
            |result| result.outcome,
        )
    }
}
