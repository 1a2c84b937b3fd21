//! The state machine of an exporter's queue: single rules, and random schedules.

use super::*;
use crate::export::{
    batch::tests_support::{batch, stored},
    ledger::{Ledger, Piece, Source},
};
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;
const AGE: u64 = 5 * SECOND;

fn queue_of(concurrent: usize) -> ExportQueue {
    let bounds = QueueBounds {
        bytes: 1 << 20,
        max_age_nanos: AGE,
        ready: 1 + concurrent,
        concurrent,
        batch_spans: 4096,
    };
    ExportQueue::new("test", bounds)
}

fn sent(queue: &mut ExportQueue, now: u64) -> Sending {
    match queue.poll(now) {
        Poll::Send(sending) => sending,
        other => panic!("{other:?}"),
    }
}

fn waits(queue: &mut ExportQueue, now: u64) -> u64 {
    match queue.poll(now) {
        Poll::Wait(until) => until,
        other => panic!("{other:?}"),
    }
}

fn retry(after_ms: Option<u64>) -> Outcome {
    Outcome::Retry {
        after_ms,
        unreachable: false,
    }
}

const DELIVERED: Outcome = Outcome::Delivered { rejected: 0 };

/// An outage longer than the age limit must not silence the exporter for ever.
#[test]
fn a_queue_whose_batches_grew_too_old_goes_on_with_the_next() {
    let mut queue = queue_of(1);
    assert!(queue.push(batch(0), 0));
    let first = sent(&mut queue, 0);
    let nobody = Outcome::Retry {
        after_ms: Some(60_000),
        unreachable: true,
    };
    queue.report(first, nobody, None, 1, 7);
    assert!(matches!(queue.poll(2), Poll::Wait(_)) && !queue.is_hungry());
    assert!(matches!(queue.poll(6 * SECOND), Poll::Empty));
    assert!(queue.is_hungry() && queue.is_unreachable());
    assert!(queue.push(batch(6 * SECOND), 0));
    let second = sent(&mut queue, 6 * SECOND + 1);
    queue.report(second, DELIVERED, None, 6 * SECOND + 2, 7);
    let stats = queue.stats();
    assert_eq!((stats.exported, stats.dropped_expired, stats.held), (1, 1, 0));
}

#[test]
fn reasons_without_end_are_counted_together() {
    let mut queue = queue_of(1);
    for number in 0..100 {
        assert!(queue.push(batch(0), 0));
        let sending = sent(&mut queue, 0);
        let reason = alloc::format!("reason {number}");
        queue.report(sending, Outcome::Failed { reason }, None, 0, 0);
    }
    let stats = queue.stats();
    assert_eq!(stats.failed.len(), REASONS + 1);
    assert!(stats.balances(100));
}

#[test]
fn as_many_batches_are_in_flight_as_asked_for() {
    let mut queue = queue_of(3);
    for _ in 0..5 {
        assert!(queue.push(batch(0), 0));
    }
    let flying = [(); 3].map(|()| sent(&mut queue, 1));
    assert_eq!(waits(&mut queue, 1), AGE, "all senders are busy");
    let [first, second, third] = flying;
    queue.report(second, DELIVERED, None, 2, 0);
    let fourth = sent(&mut queue, 2);
    for sending in [third, fourth, first] {
        queue.report(sending, DELIVERED, None, 3, 0);
    }
    let fifth = sent(&mut queue, 3);
    queue.report(fifth, DELIVERED, None, 3, 0);
    assert!(queue.is_idle() && queue.stats().balances(5));
}

#[test]
fn a_pause_holds_the_whole_exporter_and_one_attempt_ends_it() {
    let mut queue = queue_of(3);
    for _ in 0..4 {
        assert!(queue.push(batch(0), 0));
    }
    let [first, second, third] = [(); 3].map(|()| sent(&mut queue, 0));
    queue.report(second, retry(None), None, 0, 0);
    let pause = waits(&mut queue, 0);
    assert_eq!(pause, 800_000_000);
    // The others fail of the same trouble: no longer pause for that.
    queue.report(first, retry(None), None, 1, 0);
    assert_eq!(waits(&mut queue, 1), pause);
    // An answer to what was sent before the pause does not end it.
    queue.report(third, DELIVERED, None, 2, 0);
    assert_eq!(waits(&mut queue, 2), pause);
    let probe = sent(&mut queue, pause);
    assert_eq!(probe.entry.number, 0, "order is kept");
    assert_eq!(waits(&mut queue, pause), AGE, "the probe goes alone");
    queue.report(probe, DELIVERED, None, pause, 0);
    for _ in 0..2 {
        let sending = sent(&mut queue, pause);
        queue.report(sending, DELIVERED, None, pause, 0);
    }
    assert!(queue.is_idle());
    let failed = [(); 2].map(|()| {
        assert!(queue.push(batch(0), 0));
        sent(&mut queue, pause)
    });
    for sending in failed {
        queue.report(sending, retry(None), None, pause, 0);
    }
    assert_eq!(
        waits(&mut queue, pause),
        pause + 800_000_000,
        "from the start again"
    );
}

#[test]
fn what_the_receiver_asks_for_while_it_pauses_makes_the_pause_longer() {
    let mut queue = queue_of(2);
    for _ in 0..2 {
        assert!(queue.push(batch(0), 0));
    }
    let [first, second] = [(); 2].map(|()| sent(&mut queue, 0));
    queue.report(first, retry(None), None, 0, 0);
    queue.report(second, retry(Some(3000)), None, 0, 0);
    assert_eq!(waits(&mut queue, 0), 3 * SECOND);
}

#[test]
fn a_hurried_queue_tries_once_at_once() {
    let mut queue = queue_of(2);
    for _ in 0..2 {
        assert!(queue.push(batch(0), 0));
    }
    queue.hurry();
    let first = sent(&mut queue, 0);
    queue.report(first, retry(None), None, 0, 0);
    assert_eq!(
        queue.resting_until(),
        Some(800_000_000),
        "there was no pause to cut"
    );
    queue.hurry();
    assert_eq!(queue.resting_until(), None);
    let probe = sent(&mut queue, 1);
    assert_eq!(queue.resting_until(), None, "something is in flight");
    assert!(matches!(queue.poll(1), Poll::Wait(_)));
    queue.report(probe, retry(None), None, 1, 0);
    assert_eq!(queue.resting_until(), Some(1 + 1_200_000_000));
    assert!(matches!(queue.poll(2), Poll::Wait(_)));
    // What was in flight before fails: one more, as that one came too early to count.
    let old = sent(&mut queue, 2 * SECOND);
    queue.hurry();
    queue.report(old, retry(None), None, 2 * SECOND, 0);
    let second = sent(&mut queue, 2 * SECOND);
    queue.hurry();
    queue.report(second, DELIVERED, None, 2 * SECOND, 0);
    let third = sent(&mut queue, 2 * SECOND);
    queue.report(third, retry(None), None, 2 * SECOND, 0);
    assert_eq!(
        queue.resting_until(),
        Some(2 * SECOND + 800_000_000),
        "no longer in a hurry"
    );
}

#[test]
fn a_mark_is_reached_in_any_order() {
    let mut queue = queue_of(3);
    for _ in 0..3 {
        assert!(queue.push(batch(0), 0));
    }
    let mark = queue.mark();
    assert!(queue.push(batch(0), 0));
    let [first, second, third] = [(); 3].map(|()| sent(&mut queue, 0));
    queue.report(second, DELIVERED, None, 0, 0);
    let fourth = sent(&mut queue, 0);
    queue.report(fourth, DELIVERED, None, 0, 0);
    queue.report(third, DELIVERED, None, 0, 0);
    assert!(!queue.is_settled_up_to(mark), "the first is on its way");
    queue.report(first, retry(None), None, 0, 0);
    assert!(!queue.is_settled_up_to(mark) && queue.is_settled_up_to(0));
    queue.close(0);
    assert!(queue.is_settled_up_to(mark));
}

/// What waits, what is in flight and what comes later: each span is counted, and nothing waits for anything.
#[test]
fn a_queue_that_was_ended_counts_what_it_has_and_what_comes_as_failed() {
    let mut queue = queue_of(2);
    let noted = Arc::new(Noted::default());
    for _ in 0..3 {
        assert!(queue.push(batch(0), 0));
    }
    assert!(queue.push(stored(noted.clone(), alloc::vec![PIECE], None), 0));
    let [first, second] = [(); 2].map(|()| sent(&mut queue, 0));
    queue.report(first, retry(Some(2000)), None, 0, 0);
    queue.end("broken", 0);
    assert!(matches!(queue.poll(0), Poll::Empty));
    assert_eq!(queue.stats().failed, [("broken".to_string(), 3)]);
    assert_eq!(noted.0.lock().unwrap().len(), 1, "nor does it fill the spool");
    queue.report(second, retry(None), None, 0, 0);
    assert!(queue.is_hungry() && queue.resting_until().is_none() && queue.bytes() == 0);
    assert!(!queue.push(batch(0), 0));
    let stats = queue.stats();
    assert_eq!(stats.failed, [("broken".to_string(), 5)]);
    assert!(stats.balances(5) && queue.is_idle(), "{stats:?}");
}

#[test]
fn an_attempt_has_no_longer_than_its_batch() {
    let mut queue = queue_of(1);
    assert!(queue.push(batch(7), 0));
    let sending = sent(&mut queue, 2 * SECOND);
    assert_eq!(sending.give_up_at(), 7 + AGE);
    queue.report(sending, retry(None), None, 7 + AGE, 0);
    assert!(matches!(queue.poll(7 + AGE), Poll::Empty));
    assert_eq!(queue.stats().dropped_expired, 1);
}

#[test]
fn a_batch_is_observed_once_from_its_first_attempt_to_its_fate() {
    let mut queue = queue_of(1);
    let unavailable = Some(AnswerStatus::Http(503));
    for _ in 0..2 {
        assert!(queue.push(batch(0), 0));
    }
    let sending = sent(&mut queue, 0);
    queue.report(sending, retry(Some(2000)), unavailable, SECOND / 2, 0);
    let sending = sent(&mut queue, 3 * SECOND);
    queue.report(
        sending,
        DELIVERED,
        Some(AnswerStatus::Http(200)),
        3 * SECOND + 1,
        0,
    );
    let sending = sent(&mut queue, 4 * SECOND);
    queue.report(sending, retry(None), unavailable, 4 * SECOND, 0);
    assert!(matches!(queue.poll(AGE), Poll::Empty));
    assert!(queue.push(batch(AGE), 0));
    queue.close(AGE);
    let durations = queue.stats().durations;
    let seen: Vec<_> = durations
        .iter()
        .map(|one| (one.status, one.error.as_deref(), one.count(), one.sum_nanos))
        .collect();
    assert_eq!(
        seen,
        [
            (Some(AnswerStatus::Http(200)), None, 1, 3 * SECOND + 1),
            (unavailable, Some("expired"), 1, SECOND),
        ],
        "what was never tried took no time"
    );
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
    let mut queue = queue_of(1).with_number(1);
    let outcomes = [DELIVERED, Outcome::Failed { reason: "x".into() }];
    for (n, outcome) in outcomes.into_iter().enumerate() {
        assert!(queue.push(batch(), 0));
        let sent = sent(&mut queue, 0);
        assert_eq!(noted.0.lock().unwrap().len(), n, "not before the answer");
        queue.report(sent, outcome, None, 0, 0);
    }
    assert!(queue.push(batch(), 0));
    assert!(matches!(queue.poll(6 * SECOND), Poll::Empty), "too old");
    assert_eq!(*noted.0.lock().unwrap(), [(1, PIECE); 3]);
    assert!(queue.push(batch(), 0));
    assert!(!queue.push(batch(), 1 << 20), "full");
    assert_eq!(noted.0.lock().unwrap().len(), 4);
}

#[test]
fn what_a_spool_keeps_at_shutdown_is_held_and_not_given_up() {
    let noted = Arc::new(Noted::default());
    let mut queue = queue_of(1);
    let source = Some(Arc::new(Source::default()));
    for _ in 0..2 {
        assert!(queue.push(stored(noted.clone(), alloc::vec![PIECE], source.clone()), 0));
    }
    let in_flight = sent(&mut queue, 0);
    queue.close(0);
    queue.report(in_flight, retry(None), None, 0, 0);
    assert!(!queue.push(stored(noted.clone(), alloc::vec![PIECE], source), 0));
    let stats = queue.stats();
    assert_eq!((stats.replayed, stats.held, stats.dropped_expired), (3, 3, 0));
    assert!(stats.balances(0) && noted.0.lock().unwrap().is_empty());
    assert!(
        queue.settled() == 3 && queue.is_settled_up_to(queue.mark()),
        "nobody waits for them"
    );
}

#[derive(Clone, Debug)]
enum Step {
    Push,
    Replay,
    Poll,
    Report(usize, u8),
    Pass(u64),
    Hurry,
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Push),
        1 => Just(Step::Replay),
        8 => Just(Step::Poll),
        8 => (0..8usize, 0..8u8).prop_map(|(which, outcome)| Step::Report(which, outcome)),
        4 => (0..3 * SECOND).prop_map(Step::Pass),
        1 => Just(Step::Hurry),
    ];
    // Most schedules run without an end, some close in the midst.
    (
        prop::collection::vec(step, 0..200),
        prop::option::weighted(0.3, 0..200usize),
    )
        .prop_map(|(mut steps, close)| {
            if let Some(at) = close {
                steps.insert(at.min(steps.len()), Step::Close);
            }
            steps
        })
}

fn outcome(number: u8) -> Outcome {
    match number {
        0 => Outcome::Delivered { rejected: 1 },
        1 | 2 => DELIVERED,
        3 => Outcome::Failed {
            reason: "400".to_string(),
        },
        4 => retry(Some(1500)),
        5 => retry(Some(u64::MAX)),
        _ => Outcome::Retry {
            after_ms: None,
            unreachable: true,
        },
    }
}

proptest! {
    /// Whatever happens in whatever order: the account balances, no batch is lost or sent twice at once, no more are in
    /// flight than asked for, and in the end everything meets its fate.
    #[test]
    fn nothing_is_lost_or_doubled(concurrent in 1..8usize, bytes in 16..400usize, steps in steps()) {
        let mut queue = queue_of(concurrent);
        queue.bounds.bytes = bytes;
        let noted = Arc::new(Noted::default());
        let (mut now, mut accepted) = (0, 0);
        let mut flying: Vec<Sending> = Vec::new();
        for step in steps {
            match step {
                Step::Push => {
                    queue.push(batch(now), 0);
                    accepted += 1;
                }
                Step::Replay => {
                    let source = Some(Arc::new(Source::default()));
                    queue.push(stored(noted.clone(), alloc::vec![PIECE], source), 0);
                }
                Step::Poll => if let Poll::Send(sending) = queue.poll(now) {
                    prop_assert!(flying.iter().all(|other| other.entry.number != sending.entry.number));
                    prop_assert!(sending.give_up_at() > now);
                    flying.push(sending);
                }
                Step::Report(which, number) if !flying.is_empty() => {
                    let sending = flying.swap_remove(which % flying.len());
                    queue.report(sending, outcome(number), None, now, u64::from(number) << 61);
                }
                Step::Report(..) => {}
                Step::Pass(nanos) => now += nanos,
                Step::Hurry => queue.hurry(),
                Step::Close => queue.close(now),
            }
            prop_assert!(flying.len() <= concurrent && flying.len() == queue.flying.len());
            prop_assert!(queue.waiting.iter().is_sorted_by_key(|entry| entry.number));
            let stats = queue.stats();
            prop_assert!(stats.balances(accepted), "{:?}", stats);
            prop_assert_eq!(stats.in_flight, (queue.waiting.len() + flying.len()) as u64);
            prop_assert_eq!(queue.bytes(), stats.in_flight as usize * batch(0).charge());
            prop_assert_eq!(queue.settled() + stats.in_flight, accepted + stats.replayed);
        }
        // A receiver that answers everything takes all that is left, as soon as the queue itself would try.
        for _ in 0..1000 {
            match queue.poll(now) {
                Poll::Send(sending) => flying.push(sending),
                Poll::Wait(_) if !flying.is_empty() => {}
                Poll::Wait(until) => {
                    prop_assert!(until > now, "a wait that is over");
                    now = until;
                }
                Poll::Empty if flying.is_empty() => break,
                Poll::Empty => {}
            }
            if let Some(sending) = flying.pop() {
                queue.report(sending, DELIVERED, None, now, 0);
            }
        }
        prop_assert!(queue.is_idle() && queue.is_hungry() && queue.is_settled_up_to(queue.mark()));
        prop_assert!(queue.stats().balances(accepted));
    }
}
