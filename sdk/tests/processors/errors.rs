//! The counter of errors in a provider, and in its metrics.

use crate::common::{finish, memory};
use spanline::sample::{AlwaysOff, AlwaysRecord};
use spanline::{Provider, StatusCode};
use std::error::Error;
use std::fmt;

#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl Error for Broken {}

fn fail(provider: &Provider, name: &str, error_type: &str) {
    provider
        .tracer("t")
        .span(name)
        .start()
        .set("error.type", error_type);
}

#[test]
fn failures_are_counted_by_name_and_type_until_a_reset() {
    let provider = memory().count_errors().build().unwrap();
    let tracer = provider.tracer("t");
    let span = tracer.span("pay").start();
    span.fail(&Broken);
    let trace_id = span.context().trace_id();
    span.end();
    let handled = tracer.span("pay").start();
    handled.record_exception(&Broken);
    handled.end();
    let unknown = tracer.span("pay").start();
    unknown.set_status(StatusCode::Error, "");
    unknown.end();
    fail(&provider, "ship", "timeout");
    fail(&provider, "ship", "timeout");
    let report = provider.errors().unwrap().report();
    assert_eq!((report.total, report.uncounted), (4, 0));
    let shown: Vec<_> = report
        .errors
        .iter()
        .map(|error| (&*error.span_name, &*error.error_type, error.count, error.over))
        .collect();
    assert_eq!(shown[0], ("ship", "timeout", 2, 0));
    assert_eq!(shown[2], ("pay", "unknown", 1, 0));
    assert!(shown[1].1.ends_with("Broken"), "{shown:?}");
    let of_fail = &report.errors[1];
    assert_eq!(of_fail.example, trace_id);
    assert!(of_fail.first_unix_nano > 0 && of_fail.first_unix_nano == of_fail.last_unix_nano);
    provider.errors().unwrap().reset();
    assert_eq!(provider.errors().unwrap().report().total, 0);
    let stats = finish(&provider);
    assert_eq!((stats.ended, stats.accepted), (5, 5));
}

#[test]
fn spans_for_processors_only_count_too() {
    let provider = memory()
        .custom_sampler(AlwaysRecord::new(AlwaysOff))
        .count_errors()
        .build()
        .unwrap();
    fail(&provider, "a", "x");
    assert_eq!(provider.errors().unwrap().report().total, 1);
    assert_eq!(finish(&provider).record_only, 1);
}

#[test]
fn metrics_have_a_point_for_each_error_that_is_counted_and_one_for_the_rest() {
    let provider = memory()
        .count_errors()
        .options(|options| options.errors.room = Some(2))
        .build()
        .unwrap();
    let errors = |provider: &Provider| {
        let metrics = provider.metrics();
        let metric = metrics.get("spanline.span.errors").unwrap();
        let points = metric.points.iter().map(|point| {
            let name = point.attribute("spanline.span.name").unwrap();
            (name, point.attribute("error.type").unwrap(), point.value.count())
        });
        points.collect::<Vec<_>>()
    };
    let point = |name: &str, kind: &str, count| (name.to_owned(), kind.to_owned(), count);
    assert_eq!(errors(&provider), [point("_OTHER", "_OTHER", 0)]);
    for name in ["a", "a", "a", "b", "c"] {
        fail(&provider, name, "x");
    }
    // `b` made room for `c`, of which one is sure.
    let with_c = [
        point("a", "x", 3),
        point("c", "x", 1),
        point("_OTHER", "_OTHER", 1),
    ];
    assert_eq!(errors(&provider), with_c);
    // And that for a span of this odd name.
    fail(&provider, "_OTHER", "_OTHER");
    assert_eq!(
        errors(&provider),
        [point("a", "x", 3), point("_OTHER", "_OTHER", 3)]
    );
    let text = provider.metrics().to_prometheus();
    let line = "spanline_span_errors_total{spanline_span_name=\"a\",error_type=\"x\"} 3\n";
    assert!(text.contains(line), "{text}");
    finish(&provider);
}

#[test]
fn nobody_asked_and_nothing_is_there() {
    let provider = memory().build().unwrap();
    assert!(provider.errors().is_none() && provider.traces().is_none() && provider.overhead().is_none());
    let metrics = provider.metrics();
    assert!(metrics.iter().all(|metric| metric.name.starts_with("otel.")));
}

#[test]
fn threads_that_fail_at_once_lose_no_count() {
    let provider = memory().count_errors().build().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let provider = &provider;
            scope.spawn(move || {
                for n in 0..200 {
                    fail(
                        provider,
                        &format!("{}", n % 7),
                        if thread % 2 == 0 { "x" } else { "y" },
                    );
                }
            });
        }
    });
    let report = provider.errors().unwrap().report();
    assert_eq!(report.total + report.uncounted, 800);
    assert_eq!(
        report.errors.iter().map(|error| error.count).sum::<u64>(),
        report.total
    );
    finish(&provider);
}
