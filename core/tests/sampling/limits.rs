//! Token buckets, what is remembered of their grants, and the rate limiting sampler.

use crate::page::{figures, plot};
use crate::plot::{Series, svg};
use crate::world::{PerSecond, SECOND, WORK, World, adjusted_count, context, is_sampled};
use spanline_core::sample::{Decision, DecisionCache, OtState, RateLimiting, Sampler, TokenBucket};
use spanline_core::{TraceId, TraceState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn a_bucket_grants_a_burst_and_then_its_rate() {
    for per_second in [0.1, 0.5, 1.0, 3.0, 100.0, 12_345.6, 1e7] {
        let bucket = TokenBucket::new(per_second).unwrap();
        let began = 5 * SECOND;
        let mut granted = 0;
        while bucket.take(began) {
            granted += 1;
        }
        let burst = per_second.max(1.0);
        assert!(
            (f64::from(granted) - burst).abs() <= 1.0,
            "{per_second}: {granted}"
        );
        assert!(bucket.available(began) < 1.0);
        // A hundred tokens' time later, asked ten times as often.
        let pause = (1e9 / per_second / 10.0) as u64;
        let again = (1..=1000).filter(|n| bucket.take(began + n * pause)).count();
        assert!(
            (99..=101).contains(&again) || pause == 0 || pause < 100,
            "{per_second}: {again}"
        );
    }
}

#[test]
fn a_bucket_saves_up_no_more_than_its_burst() {
    let bucket = TokenBucket::with_burst(10.0, 3.0).unwrap();
    assert!(bucket.take(1));
    let later = 3600 * SECOND;
    let granted = (0..100).filter(|_| bucket.take(later)).count();
    assert_eq!(granted, 3);
    // The clock goes back: as if no time had passed.
    assert!(!bucket.take(later - SECOND));
    assert!(bucket.take(later + SECOND / 10));
}

#[test]
fn strange_rates_are_refused_or_harmless() {
    for rate in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(TokenBucket::new(rate).is_none(), "{rate}");
    }
    let none = TokenBucket::new(0.0).unwrap();
    assert!(!none.take(0) && !none.take(u64::MAX));
    let rare = TokenBucket::new(1e-300).unwrap();
    assert!(rare.take(7) && !rare.take(7) && !rare.take(3600 * SECOND));
    let most = TokenBucket::new(f64::MAX).unwrap();
    assert_eq!(most.per_second(), 1e9);
    assert!((0..100_000).all(|_| most.take(1)));
}

#[test]
fn a_bucket_that_replaces_another_is_as_empty() {
    let old = TokenBucket::new(10.0).unwrap();
    while old.take(SECOND) {}
    let mut new = TokenBucket::new(100.0).unwrap();
    new.resume(&old, SECOND);
    // It is empty too, and fills at its own rate.
    assert_eq!(new.available(SECOND).round(), 0.0);
    assert!(!new.take(SECOND));
    assert_eq!((0..1000).filter(|_| new.take(SECOND + SECOND / 10)).count(), 10);
    // Half is half, whichever holds more.
    let mut half = TokenBucket::new(1000.0).unwrap();
    half.resume(&old, SECOND + SECOND / 2);
    assert_eq!(half.available(SECOND + SECOND / 2).round(), 500.0);
    let mut back = TokenBucket::new(10.0).unwrap();
    back.resume(&half, SECOND + SECOND / 2);
    assert_eq!(back.available(SECOND + SECOND / 2).round(), 5.0);
    // After nothing was granted nothing is there.
    let mut again = TokenBucket::new(10.0).unwrap();
    again.resume(&TokenBucket::new(0.0).unwrap(), SECOND);
    assert!(!again.take(SECOND) && again.take(SECOND + SECOND / 10));
    let mut smaller = TokenBucket::new(5.0).unwrap();
    smaller.resume(&old, SECOND);
    assert!(!smaller.take(SECOND));
    assert!(smaller.take(SECOND + SECOND / 5));
}

#[test]
fn a_clock_that_is_set_back_freezes_no_bucket() {
    for began in [SECOND, 3600 * SECOND, 1_700_000_000 * SECOND] {
        for now in [1, began / 3600, began - began / 10] {
            let bucket = TokenBucket::new(10.0).unwrap();
            while bucket.take(began) {}
            // In the first two seconds or so it grants less, and nothing is a second burst.
            let granted = (0..100).filter(|n| bucket.take(now + n * SECOND / 10)).count();
            assert!((78..=101).contains(&granted), "{granted} from {began} to {now}");
        }
    }
}

#[test]
fn threads_share_a_bucket_without_granting_more() {
    let bucket = TokenBucket::new(1000.0).unwrap();
    let granted = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2000 {
                    granted.fetch_add(u64::from(bucket.take(1)), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(granted.into_inner(), 1000);
}

#[test]
fn decisions_are_remembered_for_their_time_and_in_their_number() {
    let cache = DecisionCache::new(10_000, 300);
    assert_eq!(cache.capacity(), 10_000);
    let mut world = World::new(3);
    let ids: Vec<TraceId> = (0..8000).map(|_| world.trace_id()).collect();
    let decisions = [Decision::Drop, Decision::RecordOnly, Decision::RecordAndSample];
    let began = 70_000 * SECOND;
    for (id, decision) in ids.iter().zip(decisions.iter().cycle()) {
        assert_eq!(cache.get(*id, began), None);
        cache.put(*id, began, *decision);
        assert_eq!(cache.get(*id, began), Some(*decision));
    }
    let known = |now| ids.iter().filter(|id| cache.get(**id, now).is_some()).count();
    // Of sets of four some are too small.
    assert!(known(began) > 6500, "{}", known(began));
    assert_eq!(known(began + 300 * SECOND), known(began));
    assert_eq!(known(began + 302 * SECOND), 0);
    // An id that mixes to nothing is one as well.
    cache.put(TraceId::INVALID, began, Decision::RecordAndSample);
    assert_eq!(
        cache.get(TraceId::INVALID, began),
        Some(Decision::RecordAndSample)
    );
    // The latest stay.
    for _ in 0..100_000 {
        cache.put(world.trace_id(), began + SECOND, Decision::Drop);
    }
    assert!(known(began + SECOND) < 10);
}

#[test]
fn all_spans_of_a_trace_meet_the_decision_about_its_first() {
    let sampler = RateLimiting::new(10.0).unwrap();
    let mut world = World::new(4);
    let mut kept = 0;
    for _ in 0..2000 {
        world.wait(1000.0);
        let id = world.trace_id();
        let first = world.span(&sampler, &spanline_core::Context::EMPTY, id, WORK);
        kept += u64::from(is_sampled(&first));
        for remote in [true, false] {
            let parent = context(id, &first, remote);
            assert_eq!(world.span(&sampler, &parent, id, WORK).decision, first.decision);
        }
    }
    // Two seconds and a burst: the further spans took no token.
    assert!((25..=33).contains(&kept), "{kept}");
    let forgetful = RateLimiting::new(1.0).unwrap().with_cache(None);
    let id = world.trace_id();
    let decisions = [(); 2].map(|()| {
        world
            .span(&forgetful, &spanline_core::Context::EMPTY, id, WORK)
            .decision
    });
    assert_eq!(decisions, [Decision::RecordAndSample, Decision::Drop]);
}

#[test]
fn a_limit_takes_the_threshold_out_of_the_trace_state() {
    let sampler = RateLimiting::new(1.0).unwrap();
    let mut world = World::new(5);
    let id = world.trace_id();
    for (before, after) in [
        ("ot=th:8;rv:6e6d1a75832a2f,a=1", Some("ot=rv:6e6d1a75832a2f,a=1")),
        ("ot=th:8,a=1", Some("a=1")),
        ("ot=rv:6e6d1a75832a2f", None),
        ("a=1", None),
    ] {
        let mut result = world.root(&sampler, WORK);
        result.trace_state = Some(TraceState::parse(before.as_bytes()).unwrap());
        let parent = context(id, &result, true);
        let result = world.span(&sampler, &parent, id, WORK);
        let state = result.trace_state.as_ref().map(TraceState::as_str);
        assert_eq!(state, after, "{before}");
        assert!(state.is_none_or(|state| OtState::parse(state).threshold().is_none()));
    }
}

#[test]
fn its_report_tells_rate_limit_and_counts() {
    let sampler = Arc::new(RateLimiting::new(10.0).unwrap());
    let mut world = World::new(6);
    assert_eq!(sampler.report().rate, None);
    for _ in 0..10_000 {
        world.wait(100.0);
        world.root(&sampler, WORK);
    }
    let report = sampler.report();
    assert_eq!(
        (report.per_second, report.description.as_str()),
        (Some(10.0), "RateLimitingSampler{10}")
    );
    let (rate, counts) = (report.rate.unwrap(), report.counts.unwrap());
    assert!((0.08..0.12).contains(&rate), "{rate}");
    assert_eq!(counts.asked, 10_000);
    assert!((980..=1020).contains(&counts.sampled), "{counts:?}");
}

/// Fifty per second, then forty times the limit, then fifty again.
#[test]
fn a_million_traces_keep_to_the_limit() {
    const LIMIT: f64 = 100.0;
    let sampler = RateLimiting::new(LIMIT).unwrap();
    let mut world = World::new(7);
    let began = world.now;
    let (mut offered, mut sampled) = (PerSecond::from(began), PerSecond::from(began));
    for _ in 0..1_000_000 {
        let second = (world.now - began) / SECOND;
        let load = match second {
            0..60 | 300.. => 50.0,
            _ => 4150.0,
        };
        world.wait(load);
        offered.add(world.now);
        let result = world.root(&sampler, WORK);
        if is_sampled(&result) {
            sampled.add(world.now);
            assert_eq!(adjusted_count(&result), None);
        }
    }
    let seconds = sampled.counts.len();
    assert!(seconds > 310, "{seconds}");
    assert_eq!(sampled.counts[..59], offered.counts[..59]);
    let most = sampled.counts.iter().max().unwrap();
    assert!(*most <= 200, "{most} in a second");
    // From the second second of the flood on nothing is saved up.
    for (second, count) in sampled.counts.iter().enumerate().take(300).skip(62) {
        assert!((99..=101).contains(count), "{count} in second {second}");
    }
    for window in [2, 10, 60] {
        let worst = sampled
            .counts
            .windows(window)
            .map(|w| w.iter().sum::<u64>())
            .max()
            .unwrap();
        assert!(
            worst as f64 <= LIMIT * (window + 1) as f64,
            "{worst} in {window} s"
        );
    }
    let mean = sampled.mean(62..300);
    figures(
        "rate-limit",
        &[
            format!("{mean:.1} traces per second while 4,150 begin"),
            format!("{most} in the worst second"),
        ],
    );
    plot(
        "rate-limit",
        &svg(
            "Rate limit of 100 traces per second",
            "",
            400.0,
            &[
                Series {
                    name: "begun per second (50, then 4,150)",
                    colour: "#bbb",
                    points: offered.points(),
                },
                Series {
                    name: "sampled per second",
                    colour: "#0a7",
                    points: sampled.points(),
                },
            ],
        ),
    );
}
