//! When the drain runs: a state machine that the host polls.

use super::{batch::Batch, drain::Drain};
use crate::{engine::Engine, export::batch::Envelope, sync::Arc};

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
        }
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
