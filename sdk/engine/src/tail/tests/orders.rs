//! Whatever the order of spans, threads and looks.

use super::*;
use alloc::collections::BTreeMap;
use proptest::prelude::*;

const TRACES: u64 = 6;
const SPANS: u64 = 5;

/// One step: a span ends on a thread, or time passes and the pipeline looks.
#[derive(Clone, Debug)]
enum Step {
    End { trace: u64, thread: usize },
    Look { ms: u64, hungry: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..TRACES, 0usize..3).prop_map(|(trace, thread)| Step::End { trace, thread }),
        1 => (0u64..1500, any::<bool>()).prop_map(|(ms, hungry)| Step::Look { ms, hungry }),
    ]
}

/// The spans of a trace end in this order: children, and the last is the root. One of them may have failed.
fn kind(number: u64, failed: Option<u64>) -> Kind {
    Kind {
        parent: if number + 1 == SPANS { 0 } else { 1 },
        error: failed == Some(number),
        ..ROOT
    }
}

fn play(
    steps: &[Step],
    failed: &[Option<u64>],
    settings: TailSettings,
    late_upgrade: bool,
) -> (World, BTreeMap<u64, u64>) {
    let mut list = policies(&["error"]);
    list[0].late_upgrade = Some(late_upgrade);
    let mut world = World::new(list, settings);
    let mut threads = [world.producer(), world.producer(), world.producer()];
    let mut ends: BTreeMap<u64, u64> = BTreeMap::new();
    for step in steps {
        match *step {
            Step::End { trace, thread } => {
                let number = ends.entry(trace).or_default();
                if *number < SPANS {
                    ended(
                        &mut threads[thread],
                        trace,
                        100 * trace + *number + 1,
                        kind(*number, failed[trace as usize]),
                    );
                    *number += 1;
                }
            }
            Step::Look { ms, hungry } => {
                world.now += ms * MS;
                world.look(hungry, false);
            }
        }
        world.stats();
    }
    world.flush();
    (world, ends)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn traces_are_kept_whole_or_not_at_all(
        steps in proptest::collection::vec(step(), 0..80),
        failed in proptest::collection::vec(proptest::option::of(0..SPANS), TRACES as usize),
    ) {
        // The root ends last, so every trace is decided by all of its spans.
        let settings = TailSettings {
            decision_wait_nanos: u64::MAX,
            ..TailSettings::default()
        };
        let (world, ends) = play(&steps, &failed, settings, false);
        let stats = world.stats();
        let mut kept = 0;
        for (trace, count) in ends {
            let out: Vec<u64> = world.out.iter().filter(|out| out.trace == trace).map(|out| out.span).collect();
            let wanted = failed[trace as usize].is_some_and(|number| number < count);
            // Looks that are far apart do not matter: it waits for the root, or for the end.
            prop_assert_eq!(out.len() as u64, if wanted { count } else { 0 }, "trace {}", trace);
            let mut sorted = out.clone();
            sorted.sort_unstable();
            sorted.dedup();
            prop_assert_eq!(sorted.len(), out.len(), "none twice");
            kept += out.len() as u64;
        }
        prop_assert_eq!(stats.accepted, kept);
        prop_assert_eq!(stats.accepted + stats.tail_dropped, stats.ended);
        prop_assert_eq!(stats.tail.pending_spans, 0);
    }

    #[test]
    fn counts_balance_when_traces_are_decided_early(
        steps in proptest::collection::vec(step(), 0..80),
        failed in proptest::collection::vec(proptest::option::of(0..SPANS), TRACES as usize),
        max_traces in 1usize..4,
    ) {
        let settings = TailSettings {
            max_traces,
            decision_wait_nanos: 700 * MS,
            ..TailSettings::default()
        };
        let (world, ends) = play(&steps, &failed, settings, true);
        let stats = world.stats();
        prop_assert_eq!(stats.accepted, world.out.len() as u64);
        prop_assert_eq!(stats.accepted + stats.tail_dropped, ends.values().sum::<u64>());
        for (trace, count) in ends {
            let out: Vec<_> = world.out.iter().filter(|out| out.trace == trace).collect();
            if failed[trace as usize].is_some_and(|number| number < count) {
                // What was dropped before is said: the trace is marked as partial.
                prop_assert!(!out.is_empty());
                prop_assert!(out.len() as u64 == count || out.iter().any(|out| out.partial), "{:?}", out);
            } else {
                prop_assert!(out.is_empty());
            }
        }
    }
}
