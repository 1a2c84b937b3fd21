//! The scored sampler.

use crate::page::{figures, plot};
use crate::plot::{Series, svg};
use crate::world::{Begin, SECOND, WORK, World, adjusted_count, assert_share, is_sampled};
use spanline_core::sample::{OperationClass, Sampler, ScoreOptions, Scored, SpanOutcome, Threshold};
use spanline_core::{SpanKind, Value};

fn scored() -> Scored {
    Scored::new(ScoreOptions::default()).unwrap()
}

type Attributes<'a> = &'a [(&'a str, Value<'a>)];

const HTTP: Attributes<'_> = &[("http.request.method", Value::Str("GET"))];

#[test]
fn the_weights_come_to_what_the_documentation_says() {
    let sampler = scored();
    let chance = |name, attributes: Attributes<'_>| sampler.probability(name, SpanKind::Server, attributes);
    assert_eq!(format!("{:.3}", chance("new", HTTP)), "0.047");
    for n in 0..100 {
        sampler.observe(&SpanOutcome::new("tenth", SpanKind::Server, 0, n % 10 == 0));
        sampler.observe(&SpanOutcome::new("all", SpanKind::Server, 0, true));
        sampler.observe(&SpanOutcome::new("slow", SpanKind::Server, 10 * SECOND, false));
    }
    assert_eq!(format!("{:.2}", chance("tenth", HTTP)), "0.25");
    assert_eq!(format!("{:.2}", chance("all", HTTP)), "0.95");
    assert_eq!(format!("{:.2}", chance("slow", HTTP)), "0.43");
    // Kinds are apart.
    assert!(sampler.probability("all", SpanKind::Client, HTTP) < 0.05);
}

#[test]
fn kind_class_and_criticality_count() {
    let sampler = scored();
    let chance = |kind, attributes: Attributes<'_>| sampler.probability("x", kind, attributes);
    assert!(chance(SpanKind::Server, &[]) > chance(SpanKind::Client, &[]));
    assert!(chance(SpanKind::Client, &[]) > chance(SpanKind::Internal, &[]));
    assert!(chance(SpanKind::Server, HTTP) > chance(SpanKind::Server, &[]));
    let critical = |value: Value<'_>| chance(SpanKind::Server, &[("spanline.criticality", value)]);
    let rising = ["low", "medium", "high", "critical"].map(|level| critical(level.into()));
    assert!(rising.is_sorted_by(|a, b| a < b), "{rising:?}");
    assert_eq!(critical(true.into()), critical(1.0.into()));
    assert_eq!(critical(7.into()), critical(1.into()));
    assert_eq!(critical("unheard of".into()), critical(0.into()));
    assert_eq!(critical(f64::NAN.into()), critical(false.into()));
    for (key, class) in [
        ("url.path", OperationClass::Http),
        ("db.system.name", OperationClass::Database),
        ("messaging.system", OperationClass::Messaging),
        ("rpc.method", OperationClass::Rpc),
        ("dbx", OperationClass::Other),
    ] {
        let attributes: Attributes<'_> = &[("a", 1.into()), (key, 1.into())];
        assert_eq!(OperationClass::of(&attributes), class, "{key}");
    }
}

#[test]
fn operations_beyond_the_table_share_a_mean_and_memory_is_bounded() {
    let options = |max| {
        let mut options = ScoreOptions::default();
        options.max_operations = max;
        options
    };
    let sampler = Scored::new(options(4)).unwrap();
    let base = sampler.probability("never seen", SpanKind::Server, HTTP);
    for n in 0..100 {
        sampler.observe(&SpanOutcome::new(&format!("op{n}"), SpanKind::Server, 0, n >= 10));
    }
    // Where every slot is taken an operation that was never seen is one of the others, and those fail.
    assert!(sampler.probability("never seen", SpanKind::Server, HTTP) > 2.0 * base);
    let wide = Scored::new(options(1024)).unwrap();
    for n in 0..800 {
        wide.observe(&SpanOutcome::new(
            &format!("op{n}"),
            SpanKind::Server,
            0,
            n % 2 == 0,
        ));
    }
    let failing = (0..800).filter(|n| wide.probability(&format!("op{n}"), SpanKind::Server, HTTP) > 0.5);
    assert!((380..=420).contains(&failing.count()));
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let wrong: [fn(&mut ScoreOptions); 6] = [
        |o| o.bias = f64::NAN,
        |o| o.kind.server = f64::INFINITY,
        |o| o.class.rpc = f64::NAN,
        |o| o.duration_scale_ms = 0.0,
        |o| (o.min, o.max) = (0.5, 0.1),
        |o| o.min = 0.0,
    ];
    for (number, change) in wrong.into_iter().enumerate() {
        let mut options = ScoreOptions::default();
        change(&mut options);
        assert!(Scored::new(options).is_none(), "{number}");
    }
}

/// Three operations, a thousand traces of each per second. After a minute one begins to fail, for a minute; another one is
/// slow from the second minute on. Only what is recorded is learned from.
#[test]
fn over_a_million_traces_faulty_and_slow_operations_are_sampled_more_while_they_are() {
    let sampler = scored();
    let mut world = World::new(41);
    let began = world.now;
    let names = ["steady", "failing", "slow"];
    let mut windows: [Vec<(u64, u64)>; 3] = Default::default();
    let mut stands_for = [0.0; 3];
    const EACH: u64 = 335_000;
    for _ in 0..EACH {
        for (which, name) in names.into_iter().enumerate() {
            world.wait(3000.0);
            let second = (world.now - began) / SECOND;
            let fails = which == 1 && (60..120).contains(&second) && world.unit() < 0.5;
            let slow = which == 2 && second >= 120;
            let begin = Begin {
                name,
                kind: SpanKind::Server,
                attributes: HTTP,
            };
            let result = world.root(&sampler, begin);
            windows[which].resize(second as usize + 1, (0, 0));
            let window = windows[which].last_mut().unwrap();
            window.0 += 1;
            if is_sampled(&result) {
                window.1 += 1;
                stands_for[which] += adjusted_count(&result).unwrap();
                let duration = if slow { 5 * SECOND } else { SECOND / 100 };
                sampler.observe(&SpanOutcome::new(name, SpanKind::Server, duration, fails));
            }
        }
    }
    let share = |which: usize, seconds: std::ops::Range<usize>| {
        let (all, kept) = windows[which][seconds]
            .iter()
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        kept as f64 / all as f64
    };
    let base = Threshold::from_probability(sampler.probability("steady", SpanKind::Server, HTTP)).unwrap();
    let steady = windows[0]
        .iter()
        .fold((0, 0), |sum: (u64, u64), one| (sum.0 + one.0, sum.1 + one.1));
    assert_share(steady.1, steady.0, base.probability());
    let failing = share(1, 63..119);
    assert!((0.7..0.82).contains(&failing), "{failing}");
    assert!(
        share(1, 5..59) < 0.06 && share(1, 150..300) < 0.06,
        "{} {}",
        share(1, 5..59),
        share(1, 150..300)
    );
    let slow = share(2, 125..300);
    assert!((0.35..0.42).contains(&slow), "{slow}");
    assert!(share(2, 5..119) < 0.06);
    // Each sampled trace says for how many it stands, whatever made it likely.
    for sum in stands_for {
        assert!((sum / EACH as f64 - 1.0).abs() < 0.05, "{sum}");
    }
    figures(
        "scored",
        &[
            format!("{:.0} % of the failing operation", 100.0 * failing),
            format!("{:.0} % of the slow one", 100.0 * slow),
        ],
    );
    let colours = ["#bbb", "#d33", "#47c"];
    let mut series = Vec::new();
    for (which, name) in names.into_iter().enumerate() {
        let points = windows[which].iter().enumerate();
        let points = points
            .map(|(second, one)| (second as f64, 100.0 * one.1 as f64 / one.0.max(1) as f64))
            .collect();
        series.push(Series {
            name,
            colour: colours[which],
            points,
        });
    }
    plot(
        "scored",
        &svg(
            "Scored: what is sampled of three operations",
            " %",
            100.0,
            &series,
        ),
    );
}

#[test]
fn a_sampler_is_asked_and_told_from_many_threads() {
    let sampler = scored();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let sampler = &sampler;
            scope.spawn(move || {
                let mut world = World::new(n);
                for _ in 0..5000 {
                    world.root(sampler, WORK);
                    sampler.observe(&SpanOutcome::new("work", SpanKind::Server, SECOND, true));
                }
            });
        }
    });
    assert_eq!(sampler.report().counts.unwrap().asked, 20_000);
    assert!(sampler.probability("work", SpanKind::Server, &[][..] as Attributes<'_>) > 0.95);
}
