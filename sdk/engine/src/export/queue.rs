//! One exporter's queue: what waits, what is being sent, when to try again.
//!
//! A state machine without a clock or a network: the host polls it with the time and reports what became of each
//! attempt. Times are nanoseconds of any monotonic clock.

use super::batch::Batch;
use crate::{retry::Backoff, stats::ExporterStats};
use alloc::{
    collections::VecDeque,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

/// Reasons of failure that are counted apart; further ones count as `other`.
const REASONS: usize = 32;

/// The bounds of one exporter's queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueBounds {
    /// Bytes of batches, waiting and in flight. Default 48 MiB for the first exporter, 16 MiB for each further one.
    pub bytes: usize,
    /// A batch is tried no longer than this after it was made. Default 5 minutes.
    pub max_age_nanos: u64,
    /// Batches that wait before the drain stops cutting for this exporter alone.
    pub ready: usize,
}

/// What an attempt came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Delivered; the receiver rejected this many of its spans.
    Delivered {
        /// Spans rejected (partial success).
        rejected: u64,
    },
    /// Not delivered; worth another attempt.
    Retry {
        /// Milliseconds that the receiver asked to wait.
        after_ms: Option<u64>,
        /// The endpoint could not be reached at all (refused, unreachable, no such host).
        unreachable: bool,
    },
    /// Not delivered, and never will be; the reason is a short identifier such as `400` or `tls`.
    Failed {
        /// Under which the spans are counted.
        reason: String,
    },
}

/// What to do next.
#[derive(Debug)]
pub enum Poll {
    /// Send this and report.
    Send(Arc<Batch>),
    /// Nothing before this time.
    Wait(u64),
    /// Nothing until something is pushed.
    Empty,
}

/// An exporter's queue and accounting.
#[derive(Debug)]
pub struct ExportQueue {
    bounds: QueueBounds,
    waiting: VecDeque<Arc<Batch>>,
    bytes: usize,
    in_flight: usize,
    in_flight_spans: u64,
    backoff: Backoff,
    paused_until: Option<u64>,
    /// The pause was cut short: one attempt is due at once.
    hurried: bool,
    unreachable: bool,
    /// Shut down: what is not delivered now is given up.
    closed: bool,
    pushed: u64,
    settled: u64,
    /// Which of the exporters this is, from 0.
    number: usize,
    /// Spans given up at shutdown that a spool keeps for the next start.
    left: u64,
    stats: ExporterStats,
}

impl ExportQueue {
    /// An empty queue of the exporter with this name.
    pub fn new(name: &str, bounds: QueueBounds) -> Self {
        Self {
            bounds,
            waiting: VecDeque::new(),
            bytes: 0,
            in_flight: 0,
            in_flight_spans: 0,
            backoff: Backoff::new(bounds.max_age_nanos / 1_000_000),
            paused_until: None,
            hurried: false,
            unreachable: false,
            closed: false,
            pushed: 0,
            settled: 0,
            number: 0,
            left: 0,
            stats: ExporterStats {
                name: name.to_string(),
                ..ExporterStats::default()
            },
        }
    }

    /// Says which of the exporters this is, from 0. Default: the first.
    pub fn with_number(mut self, number: usize) -> Self {
        self.number = number;
        self
    }

    /// Bytes charged: waiting and in flight.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the drain should cut for this exporter: it is not pausing and has little to do.
    pub fn is_hungry(&self) -> bool {
        self.paused_until.is_none() && self.waiting.len() < self.bounds.ready
    }

    /// Whether nothing waits and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_flight == 0
    }

    /// Whether the last attempt could not even reach the endpoint.
    pub fn is_unreachable(&self) -> bool {
        self.unreachable
    }

    /// Whether it waits between two attempts.
    pub fn is_paused(&self) -> bool {
        self.paused_until.is_some()
    }

    /// Takes a batch, or counts it as dropped when the queue is full. `charged` is what else counts against the same
    /// bound.
    pub fn push(&mut self, batch: Arc<Batch>, charged: usize) -> bool {
        let size = batch.charge();
        let room = self.bounds.bytes.saturating_sub(charged);
        self.pushed += batch.spans();
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
        self.waiting.push_back(batch);
        true
    }

    /// What to do at this time. Batches beyond their age are dropped and counted on the way.
    pub fn poll(&mut self, now: u64) -> Poll {
        self.expire(now);
        if let Some(until) = self.paused_until
            && now < until
            && !self.hurried
        {
            return match self.waiting.front() {
                Some(batch) => Poll::Wait(until.min(self.expiry(batch))),
                None => Poll::Empty,
            };
        }
        match self.waiting.pop_front() {
            Some(batch) => {
                self.hurried = false;
                self.in_flight += 1;
                self.in_flight_spans += batch.spans();
                self.stats.attempts += 1;
                Poll::Send(batch)
            }
            None => Poll::Empty,
        }
    }

    fn expiry(&self, batch: &Batch) -> u64 {
        batch.made_at().saturating_add(self.bounds.max_age_nanos)
    }

    fn expire(&mut self, now: u64) {
        while let Some(front) = self.waiting.front() {
            if self.expiry(front) > now {
                break;
            }
            if let Some(batch) = self.waiting.pop_front() {
                self.bytes -= batch.charge();
                self.give_up(&batch);
            }
        }
        if self.is_idle() {
            // Nobody is left to end the pause by an answer: what comes next is tried at once.
            self.paused_until = None;
            self.hurried = false;
        }
    }

    fn give_up(&mut self, batch: &Batch) {
        self.stats.dropped_expired += batch.spans();
        self.settle(batch);
    }

    /// Shut down: a batch that is in the spool stays there for the next start, any other is given up.
    fn leave(&mut self, batch: &Batch) {
        if batch.is_stored() {
            self.left += batch.spans();
            self.settled += batch.spans();
        } else {
            self.give_up(batch);
        }
    }

    /// This exporter is done with the batch, whatever became of it.
    fn settle(&mut self, batch: &Batch) {
        self.settled += batch.spans();
        batch.settle(self.number);
    }

    /// Takes the outcome of an attempt. `random` spreads the pauses of many processes.
    pub fn report(&mut self, batch: Arc<Batch>, outcome: Outcome, now: u64, random: u64) {
        self.in_flight -= 1;
        self.in_flight_spans -= batch.spans();
        match outcome {
            Outcome::Delivered { rejected } => {
                let rejected = rejected.min(batch.spans());
                self.stats.exported += batch.spans() - rejected;
                self.stats.rejected += rejected;
                self.answered(&batch);
            }
            Outcome::Failed { reason } => {
                self.count_failed(reason, batch.spans());
                self.answered(&batch);
            }
            Outcome::Retry { .. } if self.closed => {
                self.bytes -= batch.charge();
                self.leave(&batch);
            }
            Outcome::Retry {
                after_ms,
                unreachable,
            } => {
                self.unreachable = unreachable;
                let pause = self
                    .backoff
                    .next_delay_ms(after_ms, random)
                    .saturating_mul(1_000_000);
                self.paused_until = Some(now.saturating_add(pause));
                // The head of the queue: order is kept and nothing newer pushes it out.
                self.waiting.push_front(batch);
            }
        }
    }

    fn answered(&mut self, batch: &Batch) {
        self.bytes -= batch.charge();
        self.settle(batch);
        self.backoff.reset();
        self.paused_until = None;
        self.unreachable = false;
    }

    fn count_failed(&mut self, reason: String, spans: u64) {
        let failed = &mut self.stats.failed;
        let known = failed.iter().any(|(known, _)| *known == reason);
        let reason = match known || failed.len() < REASONS {
            true => reason,
            false => String::from("other"),
        };
        match failed.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += spans,
            None => failed.push((reason, spans)),
        }
    }

    /// Cuts a pause short: flush and shutdown try at once.
    pub fn hurry(&mut self) {
        self.hurried = true;
    }

    /// Gives up what waits and what will still come, and counts it: time is over at shutdown. What a spool keeps counts as
    /// held.
    pub fn close(&mut self) {
        self.closed = true;
        while let Some(batch) = self.waiting.pop_front() {
            self.bytes -= batch.charge();
            self.leave(&batch);
        }
    }

    /// Spans pushed so far, and how many of them have met their fate here. Since batches leave in the order in which
    /// they came, all that was pushed at some moment is settled once the second number reaches the first of then.
    pub fn progress(&self) -> (u64, u64) {
        (self.pushed, self.settled)
    }

    /// The accounting; `undrained` spans wait in chunks.
    pub fn stats(&self, undrained: u64) -> ExporterStats {
        let waiting: u64 = self.waiting.iter().map(|batch| batch.spans()).sum();
        let mut stats = self.stats.clone();
        stats.held = undrained + waiting + self.in_flight_spans + self.left;
        stats
    }

    /// The batches that wait, oldest first.
    pub fn waiting(&self) -> Vec<Arc<Batch>> {
        self.waiting.iter().cloned().collect()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::export::{
        batch::tests_support::{batch, stored},
        ledger::{Ledger, Piece, Source},
    };

    fn queue() -> ExportQueue {
        let bounds = QueueBounds {
            bytes: 1 << 20,
            max_age_nanos: 5_000_000_000,
            ready: 2,
        };
        ExportQueue::new("test", bounds)
    }

    fn sent(queue: &mut ExportQueue, now: u64) -> Arc<Batch> {
        match queue.poll(now) {
            Poll::Send(batch) => batch,
            other => panic!("{other:?}"),
        }
    }

    /// An outage longer than the age limit must not silence the exporter for ever.
    #[test]
    fn a_queue_whose_batches_grew_too_old_goes_on_with_the_next() {
        let mut queue = queue();
        assert!(queue.push(batch(0), 0));
        let first = sent(&mut queue, 0);
        let retry = Outcome::Retry {
            after_ms: Some(60_000),
            unreachable: true,
        };
        queue.report(first, retry, 1, 7);
        assert!(matches!(queue.poll(2), Poll::Wait(_)) && !queue.is_hungry());
        assert!(matches!(queue.poll(6_000_000_000), Poll::Empty));
        assert!(queue.is_hungry() && queue.is_unreachable());
        assert!(queue.push(batch(6_000_000_000), 0));
        let second = sent(&mut queue, 6_000_000_001);
        queue.report(second, Outcome::Delivered { rejected: 0 }, 6_000_000_002, 7);
        let stats = queue.stats(0);
        assert_eq!((stats.exported, stats.dropped_expired, stats.held), (1, 1, 0));
    }

    #[test]
    fn reasons_without_end_are_counted_together() {
        let mut queue = queue();
        for number in 0..100 {
            assert!(queue.push(batch(0), 0));
            let batch = sent(&mut queue, 0);
            let reason = alloc::format!("reason {number}");
            queue.report(batch, Outcome::Failed { reason }, 0, 0);
        }
        let stats = queue.stats(0);
        assert_eq!(stats.failed.len(), REASONS + 1);
        assert!(stats.balances(100));
    }

    #[derive(Debug, Default)]
    struct Noted(std::sync::Mutex<Vec<(usize, Piece)>>);

    impl Ledger for Noted {
        fn settled(&self, exporter: usize, pieces: &[Piece]) {
            self.0
                .lock()
                .unwrap()
                .extend(pieces.iter().map(|piece| (exporter, *piece)));
        }
    }

    const PIECE: Piece = Piece {
        slot: 3,
        from: 0,
        to: 10,
    };

    #[test]
    fn a_spool_learns_of_every_batch_that_met_its_fate() {
        let noted = Arc::new(Noted::default());
        let batch = || stored(noted.clone(), alloc::vec![PIECE], None);
        let mut queue = queue().with_number(1);
        let outcomes = [
            Outcome::Delivered { rejected: 0 },
            Outcome::Failed { reason: "x".into() },
        ];
        for (n, outcome) in outcomes.into_iter().enumerate() {
            assert!(queue.push(batch(), 0));
            let sent = sent(&mut queue, 0);
            assert_eq!(noted.0.lock().unwrap().len(), n, "not before the answer");
            queue.report(sent, outcome, 0, 0);
        }
        assert!(queue.push(batch(), 0));
        assert!(matches!(queue.poll(6_000_000_000), Poll::Empty), "too old");
        assert_eq!(*noted.0.lock().unwrap(), [(1, PIECE); 3]);
        assert!(queue.push(batch(), 0));
        assert!(!queue.push(batch(), 1 << 20), "full");
        assert_eq!(noted.0.lock().unwrap().len(), 4);
    }

    #[test]
    fn what_a_spool_keeps_at_shutdown_is_held_and_not_given_up() {
        let noted = Arc::new(Noted::default());
        let mut queue = queue();
        let source = Some(Arc::new(Source::default()));
        for _ in 0..2 {
            assert!(queue.push(stored(noted.clone(), alloc::vec![PIECE], source.clone()), 0));
        }
        let in_flight = sent(&mut queue, 0);
        queue.close();
        let retry = Outcome::Retry {
            after_ms: None,
            unreachable: true,
        };
        queue.report(in_flight, retry, 0, 0);
        assert!(!queue.push(stored(noted.clone(), alloc::vec![PIECE], source), 0));
        let stats = queue.stats(0);
        assert_eq!((stats.replayed, stats.held, stats.dropped_expired), (3, 3, 0));
        assert!(stats.balances(0) && noted.0.lock().unwrap().is_empty());
        assert_eq!(queue.progress(), (3, 3), "nobody waits for them");
    }
}
