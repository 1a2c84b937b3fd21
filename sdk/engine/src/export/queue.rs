//! One exporter's queue: what waits, what is being sent, when to try again.
//!
//! A state machine without a clock or a network: the host polls it with the time and reports what became of each
//! attempt. Times are nanoseconds of any monotonic clock.

use super::{
    batch::Batch,
    batch_size::BatchSize,
    duration::{AnswerStatus, Durations},
    outcome::{Outcome, QueueBounds},
};
use crate::{retry::Backoff, stats::ExporterStats};
use alloc::{
    collections::VecDeque,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

/// Reasons of failure that are counted apart; further ones count as `other`.
const REASONS: usize = 32;

/// What to do next.
#[derive(Debug)]
pub enum Poll {
    /// Send this and report.
    Send(Sending),
    /// Nothing before this time, unless an attempt is reported.
    Wait(u64),
    /// Nothing until something is pushed or reported.
    Empty,
}

/// A batch on its way. It goes back into the queue with [`ExportQueue::report`], whatever became of it.
#[derive(Debug)]
#[must_use = "a batch that is not reported stays in flight for ever"]
pub struct Sending {
    entry: Entry,
    sent_at: u64,
    give_up_at: u64,
    /// The exporter's pauses so far.
    pauses: u64,
}

impl Sending {
    /// What to send.
    pub fn batch(&self) -> &Arc<Batch> {
        &self.entry.batch
    }

    /// Until when the attempt may take at most: then the batch is too old to be delivered.
    pub fn give_up_at(&self) -> u64 {
        self.give_up_at
    }
}

/// A batch in the queue.
#[derive(Debug)]
struct Entry {
    batch: Arc<Batch>,
    /// Its place in the order of pushing.
    number: u64,
    /// When it was first sent, and the status of the last answer.
    first_sent: Option<u64>,
    status: Option<AnswerStatus>,
}

/// An exporter's queue and accounting.
#[derive(Debug)]
pub struct ExportQueue {
    bounds: QueueBounds,
    /// In the order of pushing.
    waiting: VecDeque<Entry>,
    bytes: usize,
    /// The numbers of the batches in flight.
    flying: Vec<u64>,
    flying_spans: u64,
    /// Attempts in flight that were begun since the last pause was set.
    probes: usize,
    backoff: Backoff,
    paused_until: Option<u64>,
    pauses: u64,
    /// The pause was cut short: one attempt is due at once.
    hurried: bool,
    unreachable: bool,
    /// Shut down: what is not delivered now is given up.
    closed: bool,
    /// It does not work any more: under which reason all that it gets is lost.
    ended: Option<String>,
    /// The number of the next batch.
    next: u64,
    settled: u64,
    /// Which of the exporters this is, from 0.
    exporter: usize,
    /// Spans given up at shutdown that a spool keeps for the next start.
    left: u64,
    /// Of these, what another process had left.
    left_replayed: u64,
    size: BatchSize,
    stats: ExporterStats,
}

impl ExportQueue {
    /// An empty queue of the exporter with this name.
    pub fn new(name: &str, bounds: QueueBounds) -> Self {
        Self {
            bounds,
            waiting: VecDeque::new(),
            bytes: 0,
            flying: Vec::new(),
            flying_spans: 0,
            probes: 0,
            backoff: Backoff::new(bounds.max_age_nanos / 1_000_000),
            paused_until: None,
            pauses: 0,
            hurried: false,
            unreachable: false,
            closed: false,
            ended: None,
            next: 0,
            settled: 0,
            exporter: 0,
            left: 0,
            left_replayed: 0,
            size: BatchSize::new(bounds.batch_spans),
            stats: ExporterStats {
                name: name.to_string(),
                ..ExporterStats::default()
            },
        }
    }

    /// Says which of the exporters this is, from 0. Default: the first.
    pub fn with_number(mut self, number: usize) -> Self {
        self.exporter = number;
        self
    }

    /// Bytes charged: waiting and in flight.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Most spans of the next batch, as the exporter's latency has it: halved after an attempt of more than 1 s, doubled
    /// after a delivery within 100 ms, between 128 and the bound given.
    pub fn batch_spans(&self) -> usize {
        self.size.spans()
    }

    /// Whether the drain should cut for this exporter: it is not pausing and has little to do.
    pub fn is_hungry(&self) -> bool {
        self.paused_until.is_none() && self.waiting.len() < self.bounds.ready
    }

    /// Whether nothing waits and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.flying.is_empty()
    }

    /// Whether more batches wait or are in flight than this.
    pub fn is_busier_than(&self, batches: usize) -> bool {
        self.waiting.len() + self.flying.len() > batches
    }

    /// Whether the last attempt could not even reach the endpoint.
    pub fn is_unreachable(&self) -> bool {
        self.unreachable
    }

    /// Whether it was shut down: nothing is begun any more.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Spans of other processes that were given up at shutdown and stay in the spool.
    pub fn left_replayed(&self) -> u64 {
        self.left_replayed
    }

    /// Attempts begun so far.
    pub fn attempts(&self) -> u64 {
        self.stats.attempts
    }

    /// Whether it waits between two attempts.
    pub fn is_paused(&self) -> bool {
        self.paused_until.is_some()
    }

    /// Until when nothing at all will happen: a pause runs, nothing is in flight, and nobody has cut the pause short.
    pub fn resting_until(&self) -> Option<u64> {
        self.paused_until
            .filter(|_| self.flying.is_empty() && !self.hurried)
    }

    /// Takes a batch, or counts it as dropped when the queue is full. `charged` is what else counts against the same
    /// bound.
    pub fn push(&mut self, batch: Arc<Batch>, charged: usize) -> bool {
        let size = batch.charge();
        let room = self.bounds.bytes.saturating_sub(charged);
        if batch.is_replayed() {
            self.stats.replayed += batch.spans();
        }
        if self.closed {
            self.leave(&batch);
            return false;
        }
        if self.bytes + size > room && self.bytes > 0 {
            self.stats.dropped_queue_full += batch.spans();
            self.settle(&batch);
            return false;
        }
        self.bytes += size;
        self.waiting.push_back(Entry {
            batch,
            number: self.next,
            first_sent: None,
            status: None,
        });
        self.next += 1;
        true
    }

    /// What to do at this time. Batches beyond their age are dropped and counted on the way.
    pub fn poll(&mut self, now: u64) -> Poll {
        self.expire(now);
        let Some(front) = self.waiting.front() else {
            return Poll::Empty;
        };
        let expiry = self.expiry(front);
        if let Some(until) = self.paused_until {
            if now < until && !self.hurried {
                return Poll::Wait(until.min(expiry));
            }
            // The first after a pause goes alone: it finds out whether the receiver is back.
            if self.probes > 0 {
                return Poll::Wait(expiry);
            }
        }
        if self.flying.len() >= self.bounds.concurrent.max(1) {
            return Poll::Wait(expiry);
        }
        match self.waiting.pop_front() {
            Some(entry) => Poll::Send(self.begin(entry, now)),
            None => Poll::Empty,
        }
    }

    fn begin(&mut self, mut entry: Entry, now: u64) -> Sending {
        entry.first_sent.get_or_insert(now);
        self.hurried = false;
        self.flying.push(entry.number);
        self.flying_spans += entry.batch.spans();
        self.probes += 1;
        self.stats.attempts += 1;
        Sending {
            give_up_at: self.expiry(&entry),
            entry,
            sent_at: now,
            pauses: self.pauses,
        }
    }

    fn expiry(&self, entry: &Entry) -> u64 {
        entry.batch.made_at().saturating_add(self.bounds.max_age_nanos)
    }

    fn expire(&mut self, now: u64) {
        while let Some(front) = self.waiting.front() {
            if self.expiry(front) > now {
                break;
            }
            if let Some(entry) = self.waiting.pop_front() {
                self.bytes -= entry.batch.charge();
                self.give_up(&entry, now);
            }
        }
        if self.is_idle() {
            // Nobody is left to end the pause by an answer: what comes next is tried at once.
            self.paused_until = None;
            self.hurried = false;
        }
    }

    /// The batch is lost, by its age or at shutdown.
    fn give_up(&mut self, entry: &Entry, now: u64) {
        self.observe(entry, Some("expired"), now);
        self.stats.dropped_expired += entry.batch.spans();
        self.settle(&entry.batch);
    }

    /// Shut down: a batch that is in the spool stays there for the next start, any other is given up.
    fn leave(&mut self, batch: &Batch) {
        if let Some(reason) = self.ended.clone() {
            // Also what is in the spool: while the program goes on it would fill it for the other exporters.
            self.count_failed(reason, batch.spans());
            self.settle(batch);
        } else if batch.is_stored() {
            self.left += batch.spans();
            self.left_replayed += if batch.is_replayed() { batch.spans() } else { 0 };
            self.settled += batch.spans();
        } else {
            self.stats.dropped_expired += batch.spans();
            self.settle(batch);
        }
    }

    /// This exporter is done with the batch, whatever became of it.
    fn settle(&mut self, batch: &Batch) {
        self.settled += batch.spans();
        batch.settle(self.exporter);
    }

    /// Takes the outcome of an attempt, with the status of the answer if there was one. `random` spreads the pauses of
    /// many processes.
    pub fn report(
        &mut self,
        sending: Sending,
        outcome: Outcome,
        status: Option<AnswerStatus>,
        now: u64,
        random: u64,
    ) {
        let Sending { mut entry, .. } = sending;
        let spans = entry.batch.spans();
        let is_probe = sending.pauses == self.pauses;
        self.probes -= usize::from(is_probe);
        self.flying.retain(|&number| number != entry.number);
        self.flying_spans -= spans;
        entry.status = status;
        let took = now.saturating_sub(sending.sent_at);
        self.size
            .observe(took, matches!(outcome, Outcome::Delivered { .. }));
        match outcome {
            Outcome::Delivered { rejected } => {
                let rejected = rejected.min(spans);
                self.stats.exported += spans - rejected;
                self.stats.rejected += rejected;
                self.answered(&entry, (rejected > 0).then_some("rejected"), is_probe, now);
            }
            Outcome::Failed { reason } => {
                let reason = self.count_failed(reason, spans);
                self.answered(&entry, Some(&reason), is_probe, now);
            }
            Outcome::Retry { .. } if self.closed => self.abandon(&entry, now),
            Outcome::Retry {
                after_ms,
                unreachable,
            } => {
                self.unreachable = unreachable;
                self.pause(is_probe, after_ms, now, random);
                self.put_back(entry);
            }
        }
    }

    /// Shut down before there was an answer.
    fn abandon(&mut self, entry: &Entry, now: u64) {
        self.bytes -= entry.batch.charge();
        let error = self.ended.clone();
        self.observe(entry, Some(error.as_deref().unwrap_or("shut_down")), now);
        self.leave(&entry.batch);
    }

    /// The place from which it was taken: order is kept and nothing newer pushes it out.
    fn put_back(&mut self, entry: Entry) {
        let at = self.waiting.partition_point(|known| known.number < entry.number);
        self.waiting.insert(at, entry);
    }

    /// Of several attempts that were begun between the same two pauses the first to fail sets the next; the others can
    /// only make it longer, when the receiver asks for it.
    fn pause(&mut self, is_probe: bool, after_ms: Option<u64>, now: u64, random: u64) {
        let delay_ms = match (is_probe, after_ms) {
            (true, _) => self.backoff.next_delay_ms(after_ms, random),
            (false, Some(asked)) => self.backoff.bounded(asked),
            (false, None) => return,
        };
        let until = now.saturating_add(delay_ms.saturating_mul(1_000_000));
        self.paused_until = Some(until.max(self.paused_until.filter(|_| !is_probe).unwrap_or(0)));
        if is_probe {
            self.pauses += 1;
            self.probes = 0;
        }
    }

    /// A final answer. It ends a pause, unless it is one to an attempt from before that.
    fn answered(&mut self, entry: &Entry, error: Option<&str>, is_probe: bool, now: u64) {
        self.bytes -= entry.batch.charge();
        self.observe(entry, error, now);
        self.settle(&entry.batch);
        self.unreachable = false;
        if is_probe {
            self.backoff.reset();
            self.paused_until = None;
        }
        self.hurried &= self.paused_until.is_some() || !self.flying.is_empty();
    }

    /// How long it took, once for each batch that was tried at all.
    fn observe(&mut self, entry: &Entry, error: Option<&str>, now: u64) {
        if let Some(first) = entry.first_sent {
            let took = now.saturating_sub(first);
            Durations::observe(&mut self.stats.durations, entry.status, error, took);
        }
    }

    fn count_failed(&mut self, reason: String, spans: u64) -> String {
        let failed = &mut self.stats.failed;
        let known = failed.iter().any(|(known, _)| *known == reason);
        let reason = match known || failed.len() < REASONS {
            true => reason,
            false => String::from("other"),
        };
        match failed.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += spans,
            None => failed.push((reason.clone(), spans)),
        }
        reason
    }

    /// Has one attempt begin from now on without a pause before it: flush and shutdown cut the pause short that runs, or
    /// that follows when what is in flight fails.
    pub fn hurry(&mut self) {
        self.hurried = self.paused_until.is_some() || !self.flying.is_empty();
    }

    /// Gives up what waits and what will still come, and counts it: time is over at shutdown. What a spool keeps counts
    /// as held.
    pub fn close(&mut self, now: u64) {
        self.closed = true;
        while let Some(entry) = self.waiting.pop_front() {
            self.abandon(&entry, now);
        }
    }

    /// Ends it for good while the program goes on, because it does not work: what waits and what still comes is lost, and
    /// counted as failed for this reason. What is in flight is reported as ever; another attempt there is none.
    pub fn end(&mut self, reason: &str, now: u64) {
        self.ended.get_or_insert_with(|| reason.to_string());
        // Nothing is to be waited for, so that the drain goes on for the other exporters.
        self.paused_until = None;
        self.hurried = false;
        self.close(now);
    }

    /// Spans that have met their fate here.
    pub fn settled(&self) -> u64 {
        self.settled
    }

    /// A mark behind everything that was pushed so far, for [`Self::is_settled_up_to`].
    pub fn mark(&self) -> u64 {
        self.next
    }

    /// Whether all that was pushed before this mark has met its fate, in whatever order.
    pub fn is_settled_up_to(&self, mark: u64) -> bool {
        let waits = self.waiting.front().is_some_and(|entry| entry.number < mark);
        !waits && self.flying.iter().all(|&number| number >= mark)
    }

    /// The accounting of what was handed to this queue; see [`ExporterStats::hold_undrained`].
    pub fn stats(&self) -> ExporterStats {
        let waiting: u64 = self.waiting.iter().map(|entry| entry.batch.spans()).sum();
        let mut stats = self.stats.clone();
        stats.in_flight = waiting + self.flying_spans;
        stats.held = stats.in_flight + self.left;
        stats
    }

    /// The batches that wait, oldest first.
    pub fn waiting(&self) -> Vec<Arc<Batch>> {
        self.waiting.iter().map(|entry| entry.batch.clone()).collect()
    }
}

#[cfg(all(test, not(loom)))]
#[path = "queue_tests.rs"]
mod tests;
