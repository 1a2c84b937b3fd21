//! When traces are decided, and what becomes of their spans.

use super::*;
use spanline_core::sample::tail::{ConditionError, PolicyKind, SpanCondition};
use std::sync::Mutex;

#[test]
fn a_trace_is_decided_when_its_local_root_has_ended() {
    let mut world = World::new(policies(&["error", "latency=5s"]), TailSettings::default());
    let mut thread = world.producer();
    ended(&mut thread, 1, 11, failed(10));
    ended(&mut thread, 2, 21, child(20));
    ended(&mut thread, 3, 31, child(30));
    world.pass(2 * SECOND);
    assert_eq!(world.spans(), [], "none of them has its root yet");
    assert_eq!(world.stats().tail.pending_traces, 3);
    assert_eq!(world.stats().accepted, 3, "held");
    ended(&mut thread, 1, 10, ROOT);
    // A root in this process, though the trace began elsewhere.
    ended(
        &mut thread,
        2,
        20,
        Kind {
            remote: true,
            ..child(5)
        },
    );
    ended(&mut thread, 3, 30, Kind { took: 5001, ..ROOT });
    let next = world.pass(SECOND + 10);
    assert_eq!(
        world.spans(),
        [(1, 11), (1, 10), (3, 31), (3, 30)],
        "in the order of arrival"
    );
    assert_eq!(next, None, "nothing is held: the process may sleep");
    let [first, root, _, slow] = &world.out[..] else {
        panic!()
    };
    assert_eq!((first.state.as_str(), &first.policy), ("ot=th:0", &None));
    assert_eq!(
        (root.policy.as_deref(), root.reason.as_deref()),
        (Some("error"), Some("policy"))
    );
    assert_eq!(slow.policy.as_deref(), Some("latency"));
    let stats = world.stats();
    assert_eq!((stats.accepted, stats.tail_dropped, stats.ended), (4, 2, 6));
    let tail = stats.tail;
    assert_eq!(
        (tail.sampled_traces, tail.dropped_traces, tail.pending_spans),
        (2, 1, 0)
    );
}

#[test]
fn children_that_end_a_moment_after_their_root_are_judged_with_it() {
    let mut world = World::new(policies(&["error"]), TailSettings::default());
    let mut thread = world.producer();
    ended(&mut thread, 1, 10, ROOT);
    world.pass(600 * MS);
    assert_eq!(world.stats().tail.pending_traces, 1);
    ended(&mut thread, 1, 11, failed(10));
    world.pass(SECOND);
    assert_eq!(world.spans(), [(1, 10), (1, 11)]);
    assert_eq!(world.stats().tail.late_kept_spans, 0);
}

#[test]
fn a_trace_without_its_root_is_decided_after_the_wait() {
    let settings = TailSettings {
        decision_wait_nanos: 10 * SECOND,
        ..TailSettings::default()
    };
    let mut world = World::new(policies(&["error"]), settings);
    let mut thread = world.producer();
    ended(&mut thread, 1, 11, failed(10));
    let next = world.pass(5 * SECOND);
    let came = 1 + Cutting::default().delay_nanos;
    assert_eq!(
        (world.spans(), next),
        (vec![], Some(came + 10 * SECOND)),
        "the time that it is looked at next"
    );
    // More spans do not make it wait longer.
    ended(&mut thread, 1, 12, child(10));
    world.pass(6 * SECOND);
    assert_eq!(world.spans(), [(1, 11), (1, 12)]);
    assert_eq!(world.stats().tail.decision_nanos, 10 * SECOND);
}

#[test]
fn without_a_wait_after_the_root_only_the_other_wait_counts() {
    let settings = TailSettings {
        after_root_nanos: None,
        ..TailSettings::default()
    };
    let mut world = World::new(policies(&["always"]), settings);
    ended(&mut world.producer(), 1, 10, ROOT);
    world.pass(29 * SECOND);
    assert_eq!(world.spans(), []);
    world.pass(2 * SECOND);
    assert_eq!(world.spans(), [(1, 10)]);
}

#[test]
fn late_spans_follow_the_decision() {
    let mut world = World::new(policies(&["error", "latency=1s"]), TailSettings::default());
    let mut thread = world.producer();
    ended(&mut thread, 1, 10, Kind { took: 2000, ..ROOT });
    ended(&mut thread, 2, 20, ROOT);
    world.pass(2 * SECOND);
    assert_eq!(world.spans(), [(1, 10)]);
    ended(&mut thread, 1, 11, child(10));
    ended(&mut thread, 2, 21, child(20));
    // A second local root of a trace, too.
    ended(
        &mut thread,
        2,
        22,
        Kind {
            remote: true,
            took: 5000,
            ..child(7)
        },
    );
    world.pass(SECOND);
    assert_eq!(world.spans(), [(1, 10), (1, 11)]);
    let late = &world.out[1];
    assert_eq!(
        (late.reason.as_deref(), late.policy.as_deref()),
        (Some("late"), Some("latency"))
    );
    assert_eq!(late.state, "ot=th:0");
    let stats = world.stats();
    assert_eq!(
        (
            stats.tail.late_kept_spans,
            stats.tail.late_dropped_spans,
            stats.tail_dropped
        ),
        (1, 2, 3)
    );
    // An error must be kept, and what comes after it.
    ended(&mut thread, 2, 23, failed(20));
    ended(&mut thread, 2, 24, child(20));
    world.pass(SECOND);
    assert_eq!(world.spans()[2..], [(2, 23), (2, 24)]);
    assert!(world.out[2].partial);
    assert_eq!(world.out[2].reason.as_deref(), Some("upgraded"));
    assert_eq!(world.stats().tail.upgraded_traces, 1);
}

#[test]
fn a_flush_decides_what_is_there() {
    let mut world = World::new(policies(&["error"]), TailSettings::default());
    let mut thread = world.producer();
    ended(&mut thread, 1, 11, failed(10));
    ended(&mut thread, 2, 21, child(20));
    world.flush();
    assert_eq!(world.spans(), [(1, 11)]);
    assert_eq!(
        world.pipeline.finished(),
        2,
        "so that whoever flushes knows that all is done"
    );
    assert_eq!(world.pipeline.take_dropped(), 1);
    assert_eq!(world.stats().tail_dropped, 1);
    ended(&mut thread, 1, 10, ROOT);
    world.pass(SECOND);
    assert_eq!(world.spans(), [(1, 11), (1, 10)], "the rest follows");
}

#[test]
fn the_end_drops_what_has_no_root_where_that_is_asked_for() {
    for (drop_pending, expected) in [(false, vec![(1, 10), (2, 21)]), (true, vec![(1, 10)])] {
        let settings = TailSettings {
            drop_pending,
            ..TailSettings::default()
        };
        let mut world = World::new(policies(&["always"]), settings);
        let mut thread = world.producer();
        ended(&mut thread, 1, 10, ROOT);
        ended(&mut thread, 2, 21, child(20));
        world.pipeline.end();
        world.flush();
        assert_eq!(world.spans(), expected);
        let stats = world.stats();
        assert_eq!(stats.tail_dropped, u64::from(drop_pending));
        assert_eq!(stats.tail.abandoned_traces, u64::from(drop_pending));
    }
}

#[test]
fn a_closed_engine_leaves_nothing_undecided() {
    let mut world = World::new(policies(&["always"]), TailSettings::default());
    let mut thread = world.producer();
    ended(&mut thread, 1, 11, child(10));
    world.pass(SECOND);
    ended(&mut thread, 2, 21, child(20));
    world.engine.close();
    world.flush();
    assert_eq!(world.spans(), [(1, 11), (2, 21)]);
    assert_eq!(world.pipeline.finished(), world.stats().ended);
}

/// Has others publish something when a root is read: that of trace 5 the root of trace 1, on a thread that was read before
/// in this pass, and that of trace 1 a child of it, on a thread that was read before or on a new one.
#[derive(Debug)]
struct Meanwhile(Mutex<Vec<Producer>>, bool);

impl SpanCondition for Meanwhile {
    fn is_met(&self, span: SpanView<'_>) -> Result<bool, ConditionError> {
        if span.parent_span_id().is_valid() {
            return Ok(false);
        }
        match (Out::of(span).trace, &mut self.0.lock().unwrap()[..]) {
            (5, [_, second]) => {
                ended(second, 1, 10, ROOT);
            }
            (1, [first, _]) => {
                let failed = failed(10);
                match self.1 {
                    true => ended(&mut Producer::new(first.engine().clone()), 1, 11, failed),
                    false => ended(first, 1, 11, failed),
                };
            }
            _ => {}
        }
        Ok(false)
    }
}

#[test]
fn what_was_published_before_the_root_is_there_when_it_is_decided() {
    for (flushes, on_new_thread) in [(false, false), (false, true), (true, false), (true, true)] {
        let meanwhile = Arc::new(Meanwhile(Mutex::new(Vec::new()), on_new_thread));
        let mut list = policies(&["error"]);
        // Errors that come late would be kept too, and hide it.
        list[0].late_upgrade = Some(false);
        list.push(PolicyOptions::new(
            "meanwhile",
            PolicyKind::Condition(meanwhile.clone()),
        ));
        let settings = TailSettings {
            after_root_nanos: Some(0),
            ..TailSettings::default()
        };
        let mut world = World::new(list, settings);
        // In the order in which they are read.
        let mut threads = [world.producer(), world.producer()].into();
        core::mem::swap(&mut *meanwhile.0.lock().unwrap(), &mut threads);
        let mut last = world.producer();
        ended(&mut last, 5, 50, ROOT);
        if flushes {
            world.flush();
        } else {
            world.pass(SECOND);
        }
        assert_eq!(world.spans(), [(1, 10), (1, 11)]);
        assert_eq!(world.stats().tail_dropped, 1);
    }
}

#[test]
fn a_process_with_nothing_held_is_not_woken_and_one_that_holds_is_woken_in_time() {
    let mut world = World::new(policies(&["error"]), TailSettings::default());
    assert_eq!(world.look(true, false), None);
    let mut thread = world.producer();
    ended(&mut thread, 1, 11, child(10));
    assert_eq!(world.wakes.load(Ordering::SeqCst), 1);
    let next = world.pass(SECOND);
    assert_eq!(next, Some(1 + 500 * MS + 30 * SECOND));
    // While it waits for that, a span wakes it.
    ended(&mut thread, 2, 21, child(20));
    assert_eq!(world.wakes.load(Ordering::SeqCst), 2);
    ended(&mut thread, 2, 22, child(20));
    assert_eq!(world.wakes.load(Ordering::SeqCst), 2, "once");
    assert_eq!(world.pass(40 * SECOND), None);
    assert_eq!(world.stats().tail_dropped, 3);
}

#[test]
fn batches_are_cut_from_what_is_kept_in_order_and_none_twice() {
    let mut world = World::new(policies(&["always"]), TailSettings::default());
    world.pipeline.limit_batches(7);
    let mut thread = world.producer();
    for span in 0..2_000 {
        ended(&mut thread, span / 10, span + 1, Kind { size: 90, ..ROOT });
    }
    world.flush();
    let spans: Vec<u64> = world.out.iter().map(|out| out.span).collect();
    assert_eq!(spans, (1..=2_000).collect::<Vec<u64>>());
    assert!(world.batches.iter().all(|batch| batch.spans() <= 7));
    assert_eq!(world.pipeline.finished(), 2_000);
}
