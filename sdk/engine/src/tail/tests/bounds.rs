//! How much is held.

use super::*;

fn settings(max_traces: usize, max_bytes: usize) -> TailSettings {
    TailSettings {
        max_traces,
        max_bytes,
        ..TailSettings::default()
    }
}

#[test]
fn one_trace_too_many_has_the_oldest_decided_early() {
    let mut world = World::new(policies(&["error"]), settings(2, usize::MAX));
    let mut thread = world.producer();
    ended(&mut thread, 1, 11, failed(10));
    ended(&mut thread, 2, 21, child(20));
    ended(&mut thread, 3, 31, child(30));
    ended(&mut thread, 4, 41, child(40));
    world.pass(SECOND);
    assert_eq!(world.spans(), [(1, 11)], "decided, not lost");
    assert_eq!(world.out[0].reason.as_deref(), Some("evicted"));
    let stats = world.stats();
    assert_eq!(
        (
            stats.tail.evicted_traces,
            stats.tail.pending_traces,
            stats.tail_dropped
        ),
        (2, 2, 1)
    );
}

#[test]
fn more_bytes_than_may_be_held_have_the_oldest_decided_early() {
    let mut world = World::new(policies(&["error"]), settings(usize::MAX, 100_000));
    let mut thread = world.producer();
    for trace in 0..100 {
        let kind = Kind {
            error: trace == 0,
            size: 5_000,
            ..child(1)
        };
        ended(&mut thread, trace, 10, kind);
    }
    world.pass(SECOND);
    let stats = world.stats();
    assert_eq!(world.spans(), [(0, 10)]);
    assert!(
        stats.tail.pending_traces >= 10 && stats.tail.pending_traces <= 20,
        "{stats:?}"
    );
    assert!(stats.tail.held_bytes <= 100_000 + (70 << 10), "{stats:?}");
    assert_eq!(stats.tail.evicted_traces + stats.tail.pending_traces, 100);
}

#[test]
fn a_trace_larger_than_one_may_be_is_dropped_whole_and_stays_so() {
    let settings = TailSettings {
        max_trace_bytes: Some(1_000),
        ..TailSettings::default()
    };
    let mut world = World::new(policies(&["always"]), settings);
    let mut thread = world.producer();
    for span in 0..8 {
        ended(
            &mut thread,
            1,
            10 + span,
            Kind {
                size: 200,
                ..child(9)
            },
        );
    }
    ended(&mut thread, 2, 20, ROOT);
    world.pass(SECOND + 10);
    assert_eq!(world.spans(), [(2, 20)]);
    let stats = world.stats();
    assert_eq!((stats.tail.too_large_traces, stats.tail_dropped), (1, 8));
    assert_eq!(
        stats.tail.late_dropped_spans,
        8 - 4,
        "the fourth made it too large"
    );
}

/// Ten times what there is room for, while exporters take nothing, little or all of it.
#[test]
fn memory_stays_within_its_bound() {
    const BUFFER: usize = 2 << 20;
    for (word, takes) in [
        ("default=0", 0),
        ("always", 0),
        ("always", 3),
        ("default=50", 1),
        ("error", 1),
    ] {
        let bounds = Bounds {
            buffer_bytes: BUFFER,
            ..Bounds::default()
        };
        let settings = settings(usize::MAX, BUFFER / 2);
        let mut world = World::with(policies(&[word]), settings, bounds, None);
        let mut threads = [world.producer(), world.producer(), world.producer()];
        let (mut made, mut most) = (0u64, 0);
        while made * 2_000 < 10 * BUFFER as u64 {
            for (at, thread) in threads.iter_mut().enumerate() {
                for _ in 0..20 {
                    made += 1;
                    let kind = Kind {
                        error: made.is_multiple_of(7),
                        size: 1_900,
                        // Some never see their root.
                        parent: made % 5,
                        ..ROOT
                    };
                    ended(thread, made / 3, made * 4 + at as u64, kind);
                }
            }
            world.now += 50 * MS;
            let hungry = takes > 0 && (made / 60).is_multiple_of(takes);
            world.look(hungry, false);
            most = most.max(world.engine.chunk_bytes());
            // A sixth is left for chunks.
            let held = world.stats().tail.held_bytes as usize;
            assert!(held <= BUFFER - BUFFER / 6 + (128 << 10), "{word}: {held}");
            world.stats();
        }
        assert!(most <= BUFFER + BUFFER / 5, "{word}: {most}");
        let lost = world.stats().dropped.buffer_full;
        assert_eq!(
            lost > 0,
            (word, takes) == ("always", 0),
            "{word}, {takes}: {lost}"
        );
        world.flush();
        let stats = world.stats();
        assert_eq!(stats.ended, made);
        assert_eq!(
            world.out.len() as u64,
            stats.accepted,
            "what was kept has come out"
        );
        assert_eq!(
            (stats.tail.pending_spans, world.pipeline.finished()),
            (0, stats.for_exporters())
        );
        drop(threads);
        world.look(true, false);
        let left = world.engine.chunk_bytes() as u64;
        assert_eq!(
            left,
            world.stats().tail.held_bytes,
            "only the memory of decisions is left"
        );
        assert!(left < 100 << 10, "{left}");
    }
}

#[test]
fn a_pending_trace_costs_little_more_than_its_spans() {
    const TRACES: u64 = 3_000;
    const SPANS: u64 = 8;
    let mut world = World::new(policies(&["error"]), TailSettings::default());
    let mut thread = world.producer();
    world.look(true, false);
    let before = world.stats().tail.held_bytes;
    let mut encoded = 0;
    for trace in 0..TRACES {
        for span in 0..SPANS {
            let kind = Kind {
                size: 200,
                ..child(9)
            };
            encoded += ended(&mut thread, trace, 10 + span, kind) as u64;
        }
    }
    world.pass(SECOND);
    let held = world.stats().tail;
    assert_eq!((held.pending_traces, held.evicted_traces), (TRACES, 0));
    let most = encoded * 13 / 10 + 400 * TRACES;
    let taken = held.held_bytes - before;
    assert!(taken > encoded && taken <= most, "{taken} for {encoded}");
}
