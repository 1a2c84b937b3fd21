//! One exporter with its queue and its threads.

use super::course::Course;
use super::worker::{Worker, monotonic};
use super::{AnswerStatus, ExportBatch, ExporterDescription, SpanExporter};
use crate::log::{self, Level, UserText};
use crate::observe::{Fate, spans};
use crate::processors::Part;
use crate::provider::{Config, ExporterSpec};
use crate::{fork, guard};
use spanline_engine::{Batch, ExportQueue, ExporterStats, Outcome, Poll, QueueBounds, Sending};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// An exporter side by side with others: its own queue, quota, state and threads, one for each send at once.
#[derive(Debug)]
pub(crate) struct ExporterSlot {
    spec: ExporterSpec,
    config: Arc<Config>,
    description: OnceLock<ExporterDescription>,
    queue: Mutex<ExportQueue>,
    changed: Condvar,
    senders: Vec<Sender>,
    /// How many of them have a thread.
    started: AtomicUsize,
    stop: AtomicBool,
    /// What its attempts have come to.
    course: Course,
    /// Panics of ours in its threads.
    panics: AtomicU32,
    /// How many batches from now on a fault of ours is to befall.
    #[cfg(test)]
    pub(super) faults: AtomicU32,
}

/// Under which reason everything is lost that is for an exporter whose threads have panicked too often.
const ENDED: &str = "exporter_ended";

/// A thread and the exporter that it alone uses.
#[derive(Debug, Default)]
struct Sender {
    exporter: OnceLock<Arc<dyn SpanExporter>>,
    /// The exporter was told to shut down, or is being told.
    shut_down: AtomicBool,
    /// The thread has called the exporter for the last time.
    ended: AtomicBool,
}

impl Sender {
    fn shut_down(&self, config: &Config) {
        if let Some(exporter) = self.exporter.get()
            && !self.shut_down.swap(true, Ordering::AcqRel)
        {
            guard::foreign(&config.caught, "exporter", || exporter.shutdown());
        }
    }
}

impl ExporterSlot {
    pub(crate) fn new(number: usize, spec: &ExporterSpec, config: &Arc<Config>) -> Arc<Self> {
        let bytes = if number == 0 {
            config.buffer_bytes
        } else {
            config.exporter_buffer_bytes
        };
        let concurrent = spec.concurrent_sends();
        let bounds = QueueBounds {
            bytes,
            max_age_nanos: config.max_age_nanos(),
            // One for each thread that gets free, and one behind it.
            ready: concurrent + 1,
            concurrent,
            batch_spans: config.cutting.backlog_spans,
        };
        let senders: Vec<Sender> = (0..concurrent).map(|_| Sender::default()).collect();
        if let Some(sender) = senders.first() {
            let _ = sender.exporter.set(spec.make(config));
        }
        Arc::new(Self {
            spec: spec.clone(),
            config: config.clone(),
            description: OnceLock::new(),
            queue: Mutex::new(ExportQueue::new(spec.name(), bounds).with_number(number)),
            changed: Condvar::new(),
            senders,
            started: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            course: Course::default(),
            panics: AtomicU32::new(0),
            #[cfg(test)]
            faults: AtomicU32::new(0),
        })
    }

    /// The exporter's name.
    #[cfg_attr(not(all(feature = "spool", target_os = "linux")), expect(dead_code))]
    pub(crate) fn name(&self) -> &str {
        self.spec.name()
    }

    pub(crate) fn queue(&self) -> MutexGuard<'_, ExportQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the exporter says of itself. Asked when it is needed: an engine is made where foreign code must not run.
    pub(crate) fn description(&self) -> &ExporterDescription {
        self.description.get_or_init(|| {
            let first = self.senders.first().and_then(|sender| sender.exporter.get());
            let described =
                first.and_then(|first| guard::foreign(&self.config.caught, "exporter", || first.describe()));
            described.unwrap_or_else(|| ExporterDescription::new(self.spec.name().to_owned()))
        })
    }

    /// Hands over a batch. The first thread is started with the first batch, each further one when all are busy.
    pub(crate) fn push(self: &Arc<Self>, batch: Arc<Batch>, charged: usize, worker: &Arc<Worker>) {
        self.queue().push(batch, charged);
        self.changed.notify_one();
        let started = self.started.load(Ordering::Acquire);
        let all_busy = started < self.senders.len() && self.queue().is_busier_than(started);
        if !all_busy || self.stop.load(Ordering::Acquire) {
            return;
        }
        let mine = self
            .started
            .compare_exchange(started, started + 1, Ordering::AcqRel, Ordering::Relaxed);
        if mine.is_ok() {
            let (slot, worker) = (self.clone(), worker.clone());
            if !crate::thread::spawn(c"spanline-export", move || slot.run(started, &worker)) {
                self.did_not_start(started);
            }
        }
    }

    /// There was no thread to be had: the next batch tries again.
    fn did_not_start(&self, number: usize) {
        let undone = self
            .started
            .compare_exchange(number + 1, number, Ordering::AcqRel, Ordering::Relaxed);
        if let (Err(_), Some(sender)) = (undone, self.senders.get(number)) {
            // A later one has started meanwhile: this place stays empty.
            sender.ended.store(true, Ordering::Release);
        }
    }

    /// Cuts a pause short.
    pub(crate) fn hurry(&self) {
        self.queue().hurry();
        self.changed.notify_all();
    }

    /// Ends the threads: what is not delivered is given up and counted.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.queue().close(monotonic());
        self.changed.notify_all();
        let started = self.started.load(Ordering::Acquire);
        for (number, sender) in self.senders.iter().enumerate() {
            let Some(exporter) = sender.exporter.get() else {
                continue;
            };
            if number < started && !sender.ended.load(Ordering::Acquire) {
                guard::foreign(&self.config.caught, "exporter", || exporter.interrupt());
            } else {
                sender.shut_down(&self.config);
            }
        }
    }

    /// Why it has not delivered what it still holds.
    pub(crate) fn fate(&self) -> Fate {
        let (nobody, attempts) = {
            let queue = self.queue();
            (queue.is_unreachable(), queue.attempts())
        };
        if nobody {
            return Fate::Nobody;
        }
        self.course.fate(attempts, &self.description().component_type)
    }

    /// Has every exporter pass on what it holds itself.
    pub(crate) fn flush_exporter(&self, timeout: Duration) -> bool {
        let made = self.senders.iter().filter_map(|sender| sender.exporter.get());
        made.fold(true, |all, exporter| {
            let flushed = guard::foreign(&self.config.caught, "exporter", || exporter.flush(timeout));
            all & flushed.unwrap_or(false)
        })
    }

    pub(crate) fn stats(&self) -> ExporterStats {
        self.queue().stats()
    }

    /// The life of the thread of this number.
    fn run(&self, number: usize, worker: &Worker) {
        let Some(sender) = self.senders.get(number) else {
            return;
        };
        let epoch = fork::current_epoch();
        let caught = &self.config.caught;
        // Outside of what may unwind: the queue hears of it, whatever happens.
        let mut sending = None;
        while guard::own(caught, || self.work(sender, &mut sending, worker, epoch)).is_none() {
            let goes_on = || fork::current_epoch() == epoch && self.after_panic(sending.take(), worker);
            if !guard::own(caught, goes_on).unwrap_or(false) {
                break;
            }
        }
        if fork::current_epoch() != epoch {
            // The exporter forked, and this is the child: what waits here is its parent's to send.
            return;
        }
        sender.shut_down(&self.config);
        sender.ended.store(true, Ordering::Release);
        worker.progressed();
    }

    /// Sends until it is time to end.
    fn work(&self, sender: &Sender, sending: &mut Option<Sending>, worker: &Worker, epoch: u32) {
        let exporter = sender.exporter.get_or_init(|| self.spec.make(&self.config));
        let ExporterDescription { component_type, .. } = self.description();
        let server = self.description().place();
        let server = UserText(server.as_deref().unwrap_or("no server"));
        let name = self.spec.name();
        log::report(
            Level::Debug,
            "export_thread",
            format_args!("the exporter {name} ({component_type}) begins to send to {server}"),
        );
        loop {
            *sending = self.next(worker);
            let Some(batch) = &*sending else { return };
            #[cfg(test)]
            self.fail_if_asked();
            let (outcome, status) = self.send(&**exporter, batch);
            if fork::current_epoch() != epoch {
                return;
            }
            if let Some(watch) = &self.config.built_in.overhead {
                watch.charge(Part::Exporters);
            }
            if let Some(batch) = sending.take() {
                self.report(batch, outcome, status, worker);
            }
        }
    }

    fn report(&self, sending: Sending, outcome: Outcome, status: Option<AnswerStatus>, worker: &Worker) {
        let (now, random) = (monotonic(), worker.random());
        self.queue().report(sending, outcome, status, now, random);
        // The pause may be over, or there may be one now.
        self.changed.notify_all();
        worker.progressed();
    }

    /// A panic of ours loses the batch that was on its way. False when it was the third: then the exporter is at its end,
    /// and what waits and still comes is lost, too.
    fn after_panic(&self, sending: Option<Sending>, worker: &Worker) -> bool {
        let goes_on = self.panics.fetch_add(1, Ordering::AcqRel) < guard::SURVIVED;
        let name = self.spec.name();
        if !goes_on {
            self.queue().end(ENDED, monotonic());
        }
        let lost = sending.as_ref().map_or(0, |sending| sending.batch().spans());
        if let Some(sending) = sending {
            let reason = "panic".to_owned();
            self.report(sending, Outcome::Failed { reason }, None, worker);
        }
        worker.progressed();
        let lost = spans(lost);
        if goes_on {
            let line =
                format_args!("a fault of Spanline itself in the exporter {name}: {lost} lost; it goes on");
            log::report(Level::Error, "export_panic", line);
        } else {
            let line = format_args!(
                "a third fault of Spanline itself in the exporter {name}: it sends nothing any more, and its spans are lost"
            );
            log::report(Level::Error, "export_ended", line);
        }
        goes_on
    }

    #[cfg(test)]
    fn fail_if_asked(&self) {
        let take = |left: u32| left.checked_sub(1);
        let asked = self
            .faults
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, take);
        assert!(asked.is_err(), "a fault of ours, as asked");
    }

    /// Whether the exporter will not be called any more.
    pub(crate) fn has_ended(&self) -> bool {
        let started = self.started.load(Ordering::Acquire);
        let mut running = self.senders.iter().take(started);
        running.all(|sender| sender.ended.load(Ordering::Acquire))
    }

    /// Waits for a batch to send. `None`: it is time to end.
    fn next(&self, worker: &Worker) -> Option<Sending> {
        let mut queue = self.queue();
        loop {
            if self.stop.load(Ordering::Acquire) {
                return None;
            }
            let now = monotonic();
            let settled = queue.settled();
            let poll = queue.poll(now);
            if queue.settled() != settled && !matches!(poll, Poll::Send(_)) {
                // Batches grew too old: there is room, and the drain may be waiting for it.
                drop(queue);
                worker.progressed();
                queue = self.queue();
                continue;
            }
            queue = match poll {
                Poll::Send(sending) => return Some(sending),
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

    fn send(&self, exporter: &dyn SpanExporter, sending: &Sending) -> (Outcome, Option<AnswerStatus>) {
        let view = ExportBatch {
            batch: sending.batch(),
            config: &self.config,
        };
        // An answer that comes when the batch is too old comes too late.
        let left = match sending.give_up_at() {
            u64::MAX => None,
            until => Some(Duration::from_nanos(until.saturating_sub(monotonic()))),
        };
        let timeout = match (self.spec.timeout(&self.config), left) {
            (Some(timeout), Some(left)) => Some(timeout.min(left)),
            (one, other) => one.or(other),
        };
        let result = guard::foreign(&self.config.caught, "exporter", || exporter.export(view, timeout));
        match result {
            Some(result) => {
                // An attempt that was cut short says nothing of the receiver.
                if !self.stop.load(Ordering::Acquire) {
                    self.course.note(&result);
                }
                (result.outcome, result.status)
            }
            None => {
                let reason = "panic".to_owned();
                (Outcome::Failed { reason }, None)
            }
        }
    }
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod tests;
