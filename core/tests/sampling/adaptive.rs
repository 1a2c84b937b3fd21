//! Adaptive samplers: that they settle, and do not oscillate.

use crate::page::{figures, plot};
use crate::plot::{Series, svg};
use crate::world::{PerSecond, SECOND, WORK, World, adjusted_count, is_sampled};
use spanline_core::sample::{AdaptiveLoad, AdaptiveTarget, Callback, LoadOptions, LoadSource, Sampler};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often a series turns round by more than this share of its mean.
fn turns(series: &[f64], share: f64) -> usize {
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    let (mut turns, mut extreme, mut rising) = (0, series[0], None);
    for &value in series {
        let moved = value - extreme;
        match rising {
            Some(up) if (moved > 0.0) == up => extreme = value,
            _ if moved.abs() > share * mean => {
                turns += usize::from(rising.is_some());
                rising = Some(moved > 0.0);
                extreme = value;
            }
            _ => {}
        }
    }
    turns
}

/// What a run of a sampler came to, second by second.
struct Run {
    offered: PerSecond,
    sampled: PerSecond,
    /// At the end of each second.
    probability: Vec<f64>,
    stands_for: f64,
}

fn run(
    sampler: &dyn Sampler,
    seed: u8,
    traces: u64,
    load: impl Fn(u64) -> f64,
    mut each_second: impl FnMut(u64, u64),
) -> Run {
    let mut world = World::new(seed);
    let began = world.now;
    let mut run = Run {
        offered: PerSecond::from(began),
        sampled: PerSecond::from(began),
        probability: Vec::new(),
        stands_for: 0.0,
    };
    for _ in 0..traces {
        let second = (world.now - began) / SECOND;
        if run.probability.len() < second as usize {
            run.probability
                .resize(second as usize, sampler.report().rate.unwrap());
            let last = run.sampled.counts[second as usize - 1];
            each_second(second, last);
        }
        world.wait(load(second));
        run.offered.add(world.now);
        let result = world.root(sampler, WORK);
        if is_sampled(&result) {
            run.sampled.add(world.now);
            run.stands_for += adjusted_count(&result).unwrap();
        }
    }
    run
}

#[test]
fn a_target_is_met_whatever_the_load_and_nothing_oscillates() {
    const TARGET: f64 = 100.0;
    const TRACES: u64 = 1_000_000;
    let sampler = AdaptiveTarget::new(TARGET).unwrap();
    let load = |second| match second {
        0..60 => 200.0,
        60..140 => 10_000.0,
        140..220 => 1000.0,
        220..260 => 40.0,
        _ => 2000.0,
    };
    let run = run(&sampler, 11, TRACES, load, |_, _| {});
    let figure = |seconds: std::ops::Range<usize>, load: f64| {
        let mean = run.sampled.mean(seconds.clone());
        assert!((mean - TARGET).abs() < 5.0, "{mean} in {seconds:?}");
        let probability = &run.probability[seconds.clone()];
        for share in probability {
            assert!(
                (share * load / TARGET - 1.0).abs() < 0.2,
                "{share} in {seconds:?}"
            );
        }
        // By chance the number of traces differs from second to second, and so does the estimate: a little.
        assert_eq!(turns(probability, 0.3), 0, "{probability:?}");
        mean
    };
    // Ten seconds after each change it has settled.
    figure(10..59, 200.0);
    let flood = figure(70..139, 10_000.0);
    figure(150..219, 1000.0);
    let spare = run.sampled.mean(230..259);
    assert!((35.0..45.0).contains(&spare), "{spare}");
    assert_eq!(run.probability[235], 1.0);
    figure(270..285, 2000.0);
    let worst = *run.sampled.counts.iter().max().unwrap();
    assert!(worst as f64 <= 3.0 * TARGET + 16.0, "{worst} in a second");
    // Each sampled trace says for how many it stands, and together that is right.
    let off = run.stands_for / TRACES as f64 - 1.0;
    assert!(off.abs() < 0.05, "{off}");
    figures(
        "adaptive-target",
        &[
            format!("{flood:.1} traces per second while 10,000 begin"),
            format!("{worst} in the worst second"),
        ],
    );
    plot(
        "adaptive-target",
        &svg(
            "Adaptive to a target of 100 traces per second",
            "",
            400.0,
            &[
                Series {
                    name: "begun per second, a tenth",
                    colour: "#bbb",
                    points: run.offered.points().iter().map(|p| (p.0, p.1 / 10.0)).collect(),
                },
                Series {
                    name: "sampled per second",
                    colour: "#0a7",
                    points: run.sampled.points(),
                },
            ],
        ),
    );
}

#[test]
fn a_target_out_of_reach_samples_everything_and_silence_is_survived() {
    let sampler = AdaptiveTarget::within(1000.0, 0.01, 1.0).unwrap();
    let mut world = World::new(12);
    assert!((0..500).all(|_| {
        world.wait(100.0);
        is_sampled(&world.root(&sampler, WORK))
    }));
    for _ in 0..200_000 {
        world.wait(100_000.0);
        world.root(&sampler, WORK);
    }
    assert!(
        (sampler.probability() - 0.01).abs() < 0.002,
        "{}",
        sampler.probability()
    );
    world.now += 3600 * SECOND;
    world.root(&sampler, WORK);
    assert_eq!(sampler.probability(), 1.0);
    for (target, min, max) in [
        (0.0, 0.1, 1.0),
        (f64::NAN, 0.1, 1.0),
        (1.0, 0.0, 1.0),
        (1.0, 0.5, 0.1),
        (1.0, 0.5, 1.5),
    ] {
        assert!(
            AdaptiveTarget::within(target, min, max).is_none(),
            "{target} {min} {max}"
        );
    }
}

/// A flood that is over leaves nobody starving: what is sampled afterwards is what the load then allows.
#[test]
fn after_a_flood_a_target_is_met_again_within_three_seconds() {
    for (target, flood, then) in [
        (100.0, 1_000_000.0, 10.0),
        (10.0, 100_000.0, 1.0),
        (10.0, 100_000.0, 1000.0),
        (100.0, 20_000.0, 300.0),
    ] {
        let sampler = AdaptiveTarget::new(target).unwrap();
        let mut world = World::new(15);
        let over = world.now + SECOND * 11 / 10;
        while world.now < over {
            world.wait(flood);
            world.root(&sampler, WORK);
        }
        let began = world.now;
        let mut sampled = PerSecond::from(began);
        while world.now < began + 13 * SECOND {
            world.wait(then);
            if is_sampled(&world.root(&sampler, WORK)) {
                sampled.add(world.now);
            }
        }
        let (mean, expected) = (sampled.mean(3..13), target.min(then));
        assert!(
            (0.7..1.4).contains(&(mean / expected)),
            "{mean} instead of {expected} when {then} follow {flood}"
        );
        let worst = sampled.counts.iter().max().unwrap();
        assert!(*worst as f64 <= 3.0 * target + 16.0, "{worst} in a second");
    }
}

/// By chance few come in a second: that is no change.
#[test]
fn chance_is_not_taken_for_the_end_of_a_flood() {
    let sampler = AdaptiveTarget::new(5.0).unwrap();
    let mut world = World::new(16);
    let mut probability = Vec::new();
    for n in 0..200_000 {
        world.wait(20.0);
        world.root(&sampler, WORK);
        if n > 1000 {
            probability.push(sampler.probability());
        }
    }
    let most = probability.iter().copied().fold(0.0, f64::max);
    assert!(most < 0.5, "{most}");
}

#[test]
fn a_clock_that_is_set_back_freezes_no_adaptive_sampler() {
    for back in [SECOND / 2, 10 * SECOND, 999 * SECOND] {
        let sampler = AdaptiveTarget::new(100.0).unwrap();
        let load = AdaptiveLoad::new(Callback(|| Some(1.0)), LoadOptions::default()).unwrap();
        let mut world = World::new(17);
        for _ in 0..150 {
            world.wait(100.0);
            world.root(&sampler, WORK);
            world.root(&load, WORK);
        }
        world.now -= back;
        let before = load.probability();
        let began = world.now;
        let mut sampled = PerSecond::from(began);
        while world.now < began + 10 * SECOND {
            world.wait(10_000.0);
            if is_sampled(&world.root(&sampler, WORK)) {
                sampled.add(world.now);
            }
            world.root(&load, WORK);
        }
        let mean = sampled.mean(3..10);
        assert!((80.0..120.0).contains(&mean), "{mean} after {back}");
        let worst = sampled.counts.iter().max().unwrap();
        assert!(*worst <= 400, "{worst} in a second after {back}");
        assert!(load.probability() < 0.6 * before, "after {back}");
    }
}

/// A load that is set from outside.
#[derive(Debug, Clone)]
struct Given(Arc<AtomicU64>);

impl LoadSource for Given {
    fn load(&self, _: u64) -> Option<f64> {
        Some(f64::from_bits(self.0.load(Ordering::Relaxed))).filter(|load| *load >= 0.0)
    }
}

#[test]
fn under_load_less_is_sampled_until_the_load_allows_it() {
    let load = Given(Arc::new(AtomicU64::new(0)));
    let sampler = AdaptiveLoad::new(load.clone(), LoadOptions::default()).unwrap();
    let mut loads = Vec::new();
    // Tracing costs in this world far more than it does in ours: half the machine for 3,000 sampled traces a second.
    let of_work = |second: u64| match second {
        0..60 => 0.2,
        60..160 => 0.55,
        160..220 => 0.95,
        _ => 0.1,
    };
    let run = run(
        &sampler,
        13,
        1_000_000,
        |_| 3000.0,
        |second, sampled| {
            let busy = of_work(second) + 0.5 * sampled as f64 / 3000.0;
            load.0.store(busy.min(1.0).to_bits(), Ordering::Relaxed);
            loads.push((second as f64, 100.0 * busy.min(1.0)));
        },
    );
    // Nothing to do: everything. 0.2 + 0.5 lies between the two loads: nothing changes.
    assert!(run.probability[..58].iter().all(|share| *share == 1.0));
    // Too much: down until 0.8 is reached, and then it stays.
    let settled = &run.probability[100..158];
    // One step may follow by chance, as the number of traces differs from second to second; none goes back up.
    let steps = settled.windows(2).filter(|two| two[1] != two[0]).count();
    assert!(steps <= 1 && settled.is_sorted_by(|a, b| a >= b), "{settled:?}");
    let settled = settled[settled.len() - 1];
    assert!((0.4..0.5).contains(&settled), "{settled}");
    // Far too much, whatever is sampled: to the minimum.
    assert!((run.probability[215] - 0.01).abs() < 1e-4);
    // Nearly nothing: up until 0.3 is reached, and then it stays.
    let last = &run.probability[300..];
    assert!(last.iter().all(|share| *share == last[0]), "{last:?}");
    assert!((0.4..0.5).contains(&last[0]), "{}", last[0]);
    let off = run.stands_for / 1e6 - 1.0;
    assert!(off.abs() < 0.05, "{off}");
    figures("adaptive-load", &[format!("settles at {:.0} %", 100.0 * settled)]);
    plot(
        "adaptive-load",
        &svg(
            "Adaptive to the load of the process",
            " %",
            100.0,
            &[
                Series {
                    name: "load",
                    colour: "#d70",
                    points: loads,
                },
                Series {
                    name: "sampled",
                    colour: "#0a7",
                    points: run
                        .probability
                        .iter()
                        .enumerate()
                        .map(|(second, share)| (second as f64, 100.0 * share))
                        .collect(),
                },
            ],
        ),
    );
}

#[test]
fn without_a_load_nothing_changes_and_options_are_checked() {
    let silent = AdaptiveLoad::new(Callback(|| None), LoadOptions::default()).unwrap();
    let nan = AdaptiveLoad::new(Callback(|| Some(f64::NAN)), LoadOptions::default()).unwrap();
    let mut world = World::new(14);
    for _ in 0..1000 {
        world.wait(10.0);
        world.root(&silent, WORK);
        world.root(&nan, WORK);
    }
    assert_eq!((silent.probability(), silent.load()), (1.0, None));
    assert_eq!((nan.probability(), nan.load()), (1.0, None));
    let wrong: [fn(&mut LoadOptions); 7] = [
        |o| o.min = 0.0,
        |o| o.max = 1.1,
        |o| (o.min, o.max) = (0.5, 0.4),
        |o| (o.low, o.high) = (0.8, 0.3),
        |o| o.low = f64::NAN,
        |o| o.up = 0.9,
        |o| o.down = 0.0,
    ];
    for (number, change) in wrong.into_iter().enumerate() {
        let mut options = LoadOptions::default();
        change(&mut options);
        assert!(
            AdaptiveLoad::new(Callback(|| None), options).is_none(),
            "{number}"
        );
    }
}
