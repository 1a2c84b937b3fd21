//! When the drain runs: a state machine that the host polls.

use super::{batch::Batch, drain::Drain};
use crate::{
    engine::Engine,
    export::batch::Envelope,
    sync::Arc,
    tail::{Judge, Tail, TailSettings, Turn, Turned},
};
use alloc::boxed::Box;

/// How batches are cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cutting {
    /// A span waits at most this long for company. Default 500 ms; 0 exports as soon as possible.
    pub delay_nanos: u64,
    /// Spans of a batch. Default 512.
    pub batch_spans: usize,
    /// Spans of a batch under backlog. Default 4,096; equal to `batch_spans` when the user set that.
    pub backlog_spans: usize,
    /// Bytes of a batch, uncompressed. Default 2 MiB. A single larger span makes a batch of its own.
    pub batch_bytes: usize,
}

impl Default for Cutting {
    fn default() -> Self {
        Self {
            delay_nanos: 500_000_000,
            batch_spans: 512,
            backlog_spans: 4096,
            batch_bytes: 2 << 20,
        }
    }
}

/// What the host does next.
#[derive(Debug)]
pub enum Next {
    /// Hand this batch to every exporter's queue, then ask again.
    Deliver(Batch),
    /// Ask again at this time, or when woken.
    WaitUntil(u64),
    /// Ask again when woken; the process may sleep for ever.
    Wait,
}

/// The drain and its timing.
#[derive(Debug)]
pub struct Pipeline {
    engine: Arc<Engine>,
    drain: Drain,
    cutting: Cutting,
    /// Most spans of a batch that the receiver takes in good time.
    batch_limit: usize,
    /// When what waits is due. `None`: nothing was seen waiting.
    due: Option<u64>,
    /// Taking all that waits, batch after batch.
    draining: bool,
    /// Where traces are held until they are decided.
    tail: Option<Box<Tail>>,
}

impl Pipeline {
    /// The pipeline of an engine; there is one.
    pub fn new(engine: Arc<Engine>, cutting: Cutting) -> Self {
        let drain = Drain::new(engine.clone());
        Self {
            engine,
            drain,
            cutting,
            batch_limit: usize::MAX,
            due: None,
            draining: false,
            tail: None,
        }
    }

    /// Holds the spans of each trace until these policies have decided it.
    #[must_use]
    pub fn with_tail(mut self, settings: TailSettings, judge: Judge) -> Self {
        self.tail = Some(Box::new(Tail::new(self.engine.clone(), settings, judge)));
        self
    }

    /// The end has come: see [`TailSettings::drop_pending`].
    pub fn end(&mut self) {
        if let Some(tail) = &mut self.tail {
            tail.end();
        }
    }

    /// Spans that are in a batch, or dropped by tail sampling.
    pub fn finished(&self) -> u64 {
        let held = self.tail.as_ref().map_or(0, |tail| tail.unfinished());
        self.engine.drained().saturating_sub(held)
    }

    /// Spans that tail sampling has dropped since the last call.
    pub fn take_dropped(&mut self) -> u64 {
        self.tail.as_mut().map_or(0, |tail| tail.take_dropped())
    }

    /// Cuts batches no larger than this from here on: what [`crate::ExportQueue::batch_spans`] of the first exporter
    /// says.
    pub fn limit_batches(&mut self, spans: usize) {
        self.batch_limit = spans.max(1);
    }

    /// What to do at this time. `hungry`: some exporter wants work. `urgent`: take what there is without waiting for
    /// company (flush, shutdown).
    pub fn next(&mut self, now: u64, hungry: bool, urgent: bool, envelope: &mut dyn Envelope) -> Next {
        self.engine.looked();
        self.drain.look(self.engine.is_closed());
        if self.tail.is_some() {
            return self.next_held(now, hungry, urgent, envelope);
        }
        let waiting = self.drain.waiting_spans();
        if !self.drain.has_waiting_bytes() {
            self.due = None;
            self.draining = false;
            return self.sleep();
        }
        let due = *self
            .due
            .get_or_insert(now.saturating_add(self.cutting.delay_nanos));
        let usual = self.cutting.batch_spans.min(self.batch_limit);
        let full = waiting >= usual as u64;
        if urgent || now >= due {
            self.draining = true;
        }
        if !(self.draining || full) {
            return Next::WaitUntil(due);
        }
        if !hungry {
            // An exporter that has room again wakes us.
            return Next::Wait;
        }
        let most = self.cutting.backlog_spans.min(self.batch_limit).max(usual);
        let limit = (waiting as usize).clamp(usual, most);
        match self.drain.cut(limit, self.cutting.batch_bytes, now, envelope) {
            Some(batch) => {
                // A cut that met no bound took all there was; what came since waits for company again.
                self.draining = batch.was_limited();
                if !self.draining {
                    self.due = None;
                }
                Next::Deliver(batch)
            }
            None => {
                // Bytes that are no record cannot be; do not spin on them.
                self.due = None;
                Next::WaitUntil(now.saturating_add(1_000_000))
            }
        }
    }

    /// The same, where traces are held until they are decided.
    fn next_held(&mut self, now: u64, hungry: bool, urgent: bool, envelope: &dyn Envelope) -> Next {
        let Some(tail) = &mut self.tail else {
            return Next::Wait;
        };
        let turn = Turn {
            now,
            hungry,
            urgent,
            closed: self.engine.is_closed(),
            cutting: &self.cutting,
            batch_limit: self.batch_limit,
        };
        let until = match tail.turn(&mut self.drain, &turn, envelope) {
            Turned::Cut(batch) => return Next::Deliver(batch),
            Turned::Wait(until) => until,
        };
        let nothing_held = tail.unfinished() == 0;
        if !self.drain.has_waiting_bytes() && self.drain.mark_idle() {
            self.engine.wake();
            return Next::WaitUntil(0);
        }
        match until {
            Some(until) => Next::WaitUntil(until),
            None => {
                if nothing_held {
                    self.engine.trim_pool();
                }
                Next::Wait
            }
        }
    }

    /// Nothing waits: tell the producers, and look once more, since one may have published meanwhile.
    fn sleep(&mut self) -> Next {
        if self.drain.mark_idle() {
            self.engine.wake();
            return Next::WaitUntil(0);
        }
        self.engine.trim_pool();
        Next::Wait
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }
}
