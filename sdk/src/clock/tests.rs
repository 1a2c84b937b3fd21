use super::calibration::{Step, scale};
use super::*;
use std::sync::Arc;
use std::time::Duration;

const GHZ: u64 = (1 << 32) / 3; // Three ticks a nanosecond.

fn calibration() -> Calibration {
    Calibration {
        tick_base: 3_000,
        tick_mono: 1_000,
        mult: GHZ,
        wall_offset: 5_000,
    }
}

#[test]
fn readings_convert_in_both_directions_and_saturate() {
    let c = calibration();
    assert_eq!(c.monotonic(3_000 + 3_000_000_000), 1_000 + 999_999_999);
    assert_eq!(c.monotonic(0), 1);
    assert_eq!(c.unix(3_000), 6_000);
    assert_eq!(c.unix(MONOTONIC | 7), 5_007);
    assert_eq!(
        Calibration {
            wall_offset: i64::MIN,
            ..c
        }
        .unix(3_000),
        0
    );
    assert_eq!(
        Calibration {
            wall_offset: i64::MAX,
            tick_mono: u64::MAX,
            ..c
        }
        .unix(3_000),
        u64::MAX
    );
    assert_eq!(scale(u64::MAX, u64::MAX), u64::MAX);
    assert_eq!(scale(u64::MAX, 1 << 32), u64::MAX);
    assert_eq!(scale(u64::MAX >> 1, 1 << 31), u64::MAX >> 2);
}

#[test]
fn elapsed_is_never_negative_also_between_kinds() {
    let c = calibration();
    assert_eq!(c.elapsed(10, 3_010), 999);
    assert_eq!(c.elapsed(3_010, 10), 0);
    assert_eq!(c.elapsed(MONOTONIC | 5, MONOTONIC | 25), 20);
    assert_eq!(c.elapsed(MONOTONIC | 25, MONOTONIC | 5), 0);
    assert_eq!(c.elapsed(3_000, MONOTONIC | 1_500), 500);
    assert_eq!(c.elapsed(MONOTONIC | 1_500, 3_000), 0);
}

#[test]
fn the_frequency_is_measured_and_impossible_ones_are_refused() {
    let at = |ticks, mono| Point {
        ticks,
        mono,
        wall_offset: 0,
    };
    assert_eq!(mult_between(&at(0, 0), &at(3_000_000, 1_000_000)), Some(GHZ));
    assert_eq!(mult_between(&at(0, 0), &at(30, 10)), None, "too near");
    assert_eq!(mult_between(&at(9, 0), &at(9, 1_000_000)), None, "stands still");
    assert_eq!(mult_between(&at(9, 0), &at(8, 1_000_000)), None, "runs backwards");
    assert_eq!(
        mult_between(&at(0, 0), &at(10, 1_000_000)),
        None,
        "slower than any counter"
    );
    assert_eq!(
        mult_between(&at(0, 0), &at(u64::MAX, 1_000_000)),
        None,
        "faster than any counter"
    );
    assert_eq!(ticks_of(1_000, GHZ), 3_000);
    assert_eq!(ticks_of(u64::MAX, 1), u64::MAX);
    assert_eq!(ticks_of(1, 0), 1 << 32);
}

fn step_from(now: Point) -> Step {
    let first = Point {
        ticks: 3_000,
        mono: 1_000,
        wall_offset: 5_000,
    };
    let mut history = History::new(first, GHZ);
    history.step(&history.calibration(&first), now, true)
}

#[test]
fn a_step_of_the_wall_clock_is_a_jump_and_changes_no_duration() {
    let later = Point {
        ticks: 3_000 + 3_000_000,
        mono: 1_001_000,
        wall_offset: 5_000,
    };
    let quiet = step_from(later);
    assert!(!quiet.jumped);
    let stepped = step_from(Point {
        wall_offset: 5_000 + 3_600_000_000_000,
        ..later
    });
    assert!(stepped.jumped);
    assert_eq!(
        stepped.calibration.elapsed(0, 3_000_000),
        quiet.calibration.elapsed(0, 3_000_000)
    );
    assert_eq!(
        stepped.calibration.unix(later.ticks),
        quiet.calibration.unix(later.ticks) + 3_600_000_000_000
    );
}

#[test]
fn a_jump_of_the_counter_starts_the_measurement_again() {
    for ticks in [3_000 + 3_000_000_000_000, 5] {
        let jumped = step_from(Point {
            ticks,
            mono: 1_001_000,
            wall_offset: 5_000,
        });
        assert!(jumped.jumped, "{ticks}");
        assert_eq!(jumped.calibration.mult, GHZ, "the frequency known so far stays");
        assert_eq!(jumped.calibration.tick_base, ticks);
        assert!(jumped.lifetime < 1_000_000, "and is measured again soon");
    }
}

#[test]
fn a_young_clock_is_refined_sooner() {
    let at = |micros: u64| Point {
        ticks: 3_000 + micros * 3_000,
        mono: 1_000 + micros * 1_000,
        wall_offset: 5_000,
    };
    assert_eq!(step_from(at(200)).lifetime, 200_000);
    assert_eq!(step_from(at(600_000)).lifetime, 600_000_000);
    assert_eq!(step_from(at(60_000_000)).lifetime, LIFETIME_NANOS);
}

#[test]
fn without_a_counter_only_the_wall_offset_moves() {
    let before = calibration();
    let now = Point {
        ticks: 0,
        mono: 9_000,
        wall_offset: 6_000,
    };
    let mut history = History::new(now, GHZ);
    let step = history.step(&before, now, false);
    assert_eq!(
        step.calibration,
        Calibration {
            wall_offset: 6_000,
            ..before
        }
    );
}

#[test]
fn readers_never_see_a_mixed_calibration() {
    let set = |n: u64| Calibration {
        tick_base: n,
        tick_mono: n,
        mult: n,
        wall_offset: n.cast_signed(),
    };
    let published = Arc::new(Published::new(&set(1)));
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (published, stop) = (Arc::clone(&published), Arc::clone(&stop));
            std::thread::spawn(move || {
                let (mut last, mut seen) = (0, 0u64);
                while !stop.load(Ordering::Relaxed) || seen == 0 {
                    let now = published.read();
                    assert_eq!(now, set(now.mult));
                    assert!(now.mult >= last);
                    last = now.mult;
                    seen += 1;
                }
            })
        })
        .collect();
    for n in 2..200_000 {
        published.write(&set(n));
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
    assert_eq!(published.read().mult, 199_999);
    assert_eq!(published.mult(), 199_999);
}

#[test]
fn both_kinds_follow_the_wall_clock_for_two_seconds() {
    for kind in [ClockKind::Counter, ClockKind::Monotonic] {
        let clock = Clock::new(kind);
        let (start, end) = (
            monotonic_nanos(),
            if kind == ClockKind::Counter {
                2_000_000_000
            } else {
                200_000_000
            },
        );
        let mut last = 0;
        let anchor = clock.anchor();
        while monotonic_nanos() - start < end {
            let before = wall_nanos();
            let now = clock.anchor();
            let after = wall_nanos();
            assert!(now.raw >= last);
            last = now.raw;
            // The bracket makes this hold however long the machine stops us in between.
            assert!(
                now.unix_nano + 100_000 > before,
                "{kind:?}: {} behind",
                before - now.unix_nano
            );
            assert!(
                now.unix_nano < after + 100_000,
                "{kind:?}: {} ahead",
                now.unix_nano - after
            );
            assert!(clock.at(&anchor, now.raw) >= anchor.unix_nano);
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(clock.jumps(), 0);
    }
}

#[test]
fn one_thread_renews_and_the_others_go_on() {
    let clock = Clock::new(ClockKind::Counter);
    let here = fork::current_epoch();
    clock.renewing.store(here, Ordering::Relaxed);
    let before = clock.published.read();
    clock.renew();
    assert_eq!(clock.published.read(), before, "somebody else is at it");
    clock.renewing.store(here.wrapping_add(1), Ordering::Relaxed);
    // SAFETY: no other thread knows this clock.
    unsafe {
        (*clock.writer.get()).history = History::new(
            Point {
                ticks: before.tick_base / 2,
                mono: 2,
                wall_offset: 3,
            },
            4,
        )
    };
    clock.renew_with(false, |_| Point {
        wall_offset: before.wall_offset + 1,
        ..read_point(true)
    });
    assert_eq!(
        clock.published.read().wall_offset,
        before.wall_offset + 1,
        "a lock from before a fork is none"
    );
    let off = clock.published.read().mult.abs_diff(before.mult);
    assert!(off < before.mult / 100, "a half-written history is not used");
    assert_eq!(clock.renewing.load(Ordering::Relaxed), 0);
}

#[test]
fn threads_that_renew_together_keep_time_monotone() {
    let clock = Arc::new(Clock::new(ClockKind::Counter));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let clock = Arc::clone(&clock);
            std::thread::spawn(move || {
                let start = clock.now_raw();
                let mut last = 0;
                for _ in 0..20_000 {
                    clock.renew();
                    let elapsed = clock.elapsed_nanos(start, clock.now_raw());
                    // The frequency is refined meanwhile: by what 0.1 ms of measuring leaves open, and on a busy machine
                    // by what passes where a reading is interrupted between counter and clock.
                    assert!(
                        elapsed + 200_000 + elapsed / 100 >= last,
                        "{elapsed} after {last}"
                    );
                    last = elapsed;
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(clock.jumps(), 0);
}

#[test]
fn leaving_the_counter_keeps_open_spans_whole() {
    let clock = Clock::new(ClockKind::Counter);
    let start = clock.now_raw();
    clock.counting.store(false, Ordering::Relaxed);
    clock.renew();
    assert_eq!(clock.kind(), ClockKind::Monotonic);
    let end = clock.now_raw();
    assert!(end & MONOTONIC != 0);
    assert!(clock.elapsed_nanos(start, end) < 10_000_000_000);
    assert!(clock.to_unix_nanos(end).abs_diff(wall_nanos()) < 10_000_000_000);
    assert!(!clock.needs_renewal(end));
}

#[test]
fn the_shared_clock_is_one_per_kind() {
    let threads: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(|| std::ptr::from_ref(Clock::shared(ClockKind::Counter)) as usize))
        .collect();
    let mut addresses: Vec<usize> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    addresses.dedup();
    assert_eq!(addresses.len(), 1);
    assert_eq!(Clock::shared(ClockKind::Monotonic).kind(), ClockKind::Monotonic);
}

/// Prints what reading costs and how far the counter drifts from CLOCK_MONOTONIC: run in release, by hand.
#[test]
#[ignore = "a measurement, not a check"]
fn figures() {
    let clock = Clock::new(ClockKind::Counter);
    let (mut worst_early, mut worst_late) = (0i64, 0i64);
    let start_raw = clock.now_raw();
    let start = monotonic_nanos();
    let anchor = clock.anchor();
    let mut unrenewed: i64 = 0;
    let frozen = clock.published.read();
    while monotonic_nanos() - start < 6_000_000_000 {
        let before = monotonic_nanos();
        let raw = clock.now_raw();
        let after = monotonic_nanos();
        let error = clock.elapsed_nanos(start_raw, raw).cast_signed()
            - (((before + after) / 2) - start).cast_signed();
        unrenewed =
            frozen.elapsed(start_raw, raw).cast_signed() - (((before + after) / 2) - start).cast_signed();
        if after - before < 300 {
            let worst = if before - start < 1_000_000_000 {
                &mut worst_early
            } else {
                &mut worst_late
            };
            *worst = (*worst).max(error.abs());
        }
        std::thread::sleep(Duration::from_micros(300));
    }
    let off = clock.at(&anchor, clock.now_raw()).cast_signed() - wall_nanos().cast_signed();
    println!(
        "kind {:?}, worst error of a duration: {worst_early} ns in the first second, {worst_late} ns later",
        clock.kind()
    );
    println!(
        "with the first calibration alone: {unrenewed} ns after 6 s; an anchor of 6 s ago is off by {off} ns"
    );
    const N: u64 = 20_000_000;
    let each = |name: &str, body: &dyn Fn() -> u64| {
        let start = monotonic_nanos();
        let mut sum = 0u64;
        for _ in 0..N {
            sum = sum.wrapping_add(std::hint::black_box(body()));
        }
        println!(
            "{name}: {:.1} ns ({sum:x})",
            (monotonic_nanos() - start) as f64 / N as f64
        );
    };
    each("now_raw", &|| clock.now_raw());
    each("anchor", &|| clock.anchor().unix_nano);
    each("elapsed_nanos", &|| {
        clock.elapsed_nanos(start_raw, start_raw + 5_000)
    });
    each("to_unix_nanos", &|| clock.to_unix_nanos(start_raw));
    each("clock_gettime", &monotonic_nanos);
    each("current_epoch", &|| u64::from(fork::current_epoch()));
    let start = monotonic_nanos();
    for _ in 0..1_000_000 {
        clock.renew();
    }
    println!("renew: {:.0} ns", (monotonic_nanos() - start) as f64 / 1e6);
    let start = monotonic_nanos();
    Clock::new(ClockKind::Counter);
    println!("new: {} us", (monotonic_nanos() - start) / 1000);
}
