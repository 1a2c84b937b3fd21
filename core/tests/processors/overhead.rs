//! The arithmetic of what tracing costs.

use spanline_core::process::{CostEstimate, CpuReading, OverheadWindow};

const SECOND: u64 = 1_000_000_000;

#[test]
fn an_estimate_is_the_mean_of_its_samples() {
    assert_eq!(
        (CostEstimate::default().mean(), CostEstimate::default().of(9)),
        (None, 0)
    );
    let estimate = CostEstimate::new(4, 200);
    assert_eq!((estimate.mean(), estimate.of(10)), (Some(50.0), 500));
    assert_eq!(CostEstimate::new(1, u64::MAX).of(u64::MAX), u64::MAX);
}

fn reading(seconds: u64, process: u64, threads: u64, producers: u64) -> CpuReading {
    CpuReading {
        now: seconds * SECOND,
        process,
        threads,
        producers,
    }
}

#[test]
fn a_stretch_begins_where_the_last_one_ended() {
    let mut window = OverheadWindow::new(0.1);
    assert_eq!(window.look(reading(10, SECOND, 0, 0)), None);
    let early = CpuReading {
        now: 10 * SECOND + SECOND / 2,
        ..reading(0, 2 * SECOND, SECOND, SECOND)
    };
    assert_eq!(window.look(early), None, "too soon");
    let share = window
        .look(reading(12, 2 * SECOND, SECOND / 10, SECOND / 10))
        .unwrap();
    assert_eq!(
        (share.of_one_cpu, share.of_process, share.process),
        (0.1, 0.2, 0.5)
    );
    assert!(window.is_too_much(&share));
    let share = window
        .look(reading(13, 3 * SECOND, SECOND / 10 + SECOND / 20, SECOND / 10))
        .unwrap();
    assert_eq!((share.of_one_cpu, share.of_process), (0.05, 0.05));
    assert!(!window.is_too_much(&share));
}

#[test]
fn tracing_takes_no_more_than_the_process_uses() {
    let mut window = OverheadWindow::new(0.1);
    window.look(reading(1, 0, 0, 0));
    let share = window.look(reading(2, SECOND, SECOND / 4, 3 * SECOND)).unwrap();
    assert_eq!(
        (share.of_one_cpu, share.of_process, share.process),
        (1.0, 1.0, 1.0)
    );
}

#[test]
fn one_sample_does_not_stand_for_all() {
    let estimate = CostEstimate::new(16, 16 * 200);
    assert_eq!(
        [estimate.clip(19_000), estimate.clip(10_000_000)],
        [19_000, 20_000]
    );
    assert_eq!(CostEstimate::new(16, 0).clip(1_000), 100, "it may grow again");
    assert_eq!(CostEstimate::new(15, 15 * 200).clip(10_000_000), 10_000_000);
    assert_eq!(CostEstimate::default().clip(7), 7);
}

#[test]
fn an_idle_process_is_not_judged() {
    let mut window = OverheadWindow::new(0.1);
    window.look(reading(1, 0, 0, 0));
    let share = window.look(reading(2, SECOND / 25, SECOND / 25, 0)).unwrap();
    assert_eq!(share.of_process, 1.0);
    assert!(!window.is_too_much(&share));
    let share = window.look(reading(3, SECOND / 25, SECOND / 25, 0)).unwrap();
    assert_eq!((share.of_process, share.process), (0.0, 0.0));
}

#[test]
fn readings_that_do_not_go_on_say_nothing() {
    let mut window = OverheadWindow::new(0.1);
    window.look(reading(1, SECOND, SECOND, SECOND));
    assert_eq!(
        window.look(reading(2, 0, SECOND, SECOND)),
        None,
        "another process"
    );
    assert_eq!(window.look(reading(3, SECOND, 0, 0)), None, "and its threads");
    // From there it goes on; an estimate may have been too high before.
    assert!(window.look(reading(4, 2 * SECOND, SECOND / 2, 0)).is_some());
    let share = window.look(reading(5, 3 * SECOND, SECOND, SECOND)).unwrap();
    assert_eq!(share.of_process, 1.0, "never more than all");
    assert_eq!(
        window.look(reading(6, 4 * SECOND, SECOND, 0)).unwrap().of_process,
        0.0
    );
}
