//! What is kept and what is dropped.

use crate::common::{balanced, finish, memory, remote_parent, spans};
use crate::{make, names, tail, words};
use spanline::otlp::SpanView;
use spanline::sample::tail::{ConditionError, PolicyKind, PolicyOptions, SpanCondition};
use spanline::sample::{OtState, Pattern, Probability, TextMatch};
use spanline::{ErrorKind, OwnedValue, StatusCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(60);

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_trace_with_an_error_is_kept_whole_and_others_are_dropped() {
    let provider = tail(&["error"]).build().unwrap();
    make(&provider, "fine", false);
    make(&provider, "failed", true);
    let kept = spans(&provider);
    assert_eq!(names(&kept), ["child", "failed"]);
    assert!(kept.iter().all(|span| span.trace_state == "ot=th:0"), "{kept:?}");
    let text = |key| {
        kept[1]
            .attribute(key)
            .and_then(OwnedValue::as_str)
            .map(str::to_owned)
    };
    assert_eq!(text("sampling.policy").as_deref(), Some("error"));
    assert_eq!(text("sampling.reason").as_deref(), Some("policy"));
    assert_eq!(kept[0].attributes, [], "the root says it for all");
    let stats = finish(&provider);
    assert_eq!((stats.ended, stats.tail_dropped, stats.accepted), (4, 2, 2));
    assert_eq!((stats.tail.sampled_traces, stats.tail.dropped_traces), (1, 1));
}

#[test]
fn traces_are_decided_by_time_without_a_flush() {
    let provider = tail(&["error"])
        .delay_ms(1)
        .options(|options| options.tail.decision_after_root_ms = Some(1))
        .build()
        .unwrap();
    make(&provider, "fine", false);
    make(&provider, "failed", true);
    until("both are decided", || {
        let stats = provider.stats();
        assert!(stats.balances(), "{stats:?}");
        stats.tail_dropped == 2 && stats.exporters[0].exported == 2
    });
}

#[test]
fn a_slow_trace_is_kept_and_a_fast_one_dropped() {
    let provider = tail(&["latency=5s"]).build().unwrap();
    let tracer = provider.tracer("t");
    let second = |seconds: u64| std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    for (name, took) in [("fast", 4), ("slow", 6)] {
        let span = tracer.span(name).start_time(second(0)).start();
        span.end_at(second(took));
    }
    assert_eq!(names(&spans(&provider)), ["slow"]);
}

#[test]
fn the_share_that_was_kept_can_be_told_from_each_span() {
    const TRACES: u64 = 4_000;
    let provider = tail(&["default=25"]).build().unwrap();
    for _ in 0..TRACES {
        make(&provider, "r", false);
    }
    let kept = spans(&provider);
    let mut estimate = 0.0;
    for span in &kept {
        let ot = span.trace_state.strip_prefix("ot=").expect("a threshold");
        let threshold = OtState::parse(ot).threshold().unwrap();
        assert!(threshold.keeps(span.trace_id.randomness()), "{span:?}");
        estimate += threshold.adjusted_count();
    }
    // Five times the standard deviation of the number of traces kept, two spans each.
    let off = (estimate - 2.0 * TRACES as f64).abs();
    assert!(
        off < 2.0 * 4.0 * 5.0 * (TRACES as f64 * 0.25 * 0.75).sqrt(),
        "{estimate}"
    );
    let stats = finish(&provider);
    assert_eq!(stats.accepted + stats.tail_dropped, 2 * TRACES);
}

#[test]
fn thresholds_of_head_and_tail_are_composed() {
    let provider = memory()
        .custom_sampler(Probability::new(0.5).unwrap())
        .tail_sampling(words(&["default=25"]))
        .build()
        .unwrap();
    for _ in 0..400 {
        make(&provider, "r", false);
    }
    let kept = spans(&provider);
    assert!(!kept.is_empty());
    assert!(
        kept.iter().all(|span| span.trace_state == "ot=th:c"),
        "{:?}",
        kept[0].trace_state
    );
    let stats = balanced(&provider);
    assert!(stats.sampled_out > 0, "the sampler goes first");
    assert!(stats.tail_dropped > 0);
}

#[test]
fn a_late_span_follows_the_decision_and_an_error_overturns_it() {
    let provider = tail(&["error", "latency=1s"]).build().unwrap();
    let tracer = provider.tracer("t");
    let root = tracer.span("root").start();
    let children = ["late", "failed late", "after that"]
        .map(|name| tracer.span(name).parent(&root.in_context()).start());
    root.end();
    provider.flush();
    let [late, failed, after] = children;
    late.end();
    provider.flush();
    assert_eq!(balanced(&provider).tail.late_dropped_spans, 1);
    failed.set_status(StatusCode::Error, "");
    failed.end();
    provider.flush();
    after.end();
    let kept = spans(&provider);
    assert_eq!(names(&kept), ["failed late", "after that"]);
    assert_eq!(
        kept[0].attribute("sampling.partial"),
        Some(&OwnedValue::Bool(true))
    );
    let stats = finish(&provider);
    assert_eq!(
        (stats.tail.upgraded_traces, stats.tail_dropped, stats.accepted),
        (1, 2, 2)
    );
}

#[test]
fn a_span_below_another_process_is_a_local_root() {
    let provider = tail(&["error"])
        .delay_ms(1)
        .options(|options| options.tail.decision_after_root_ms = Some(1))
        .build()
        .unwrap();
    let server = provider
        .tracer("t")
        .span("server")
        .parent(&remote_parent(true))
        .start();
    server.set_status(StatusCode::Error, "");
    server.end();
    until("it is decided", || provider.stats().exporters[0].exported == 1);
}

#[test]
fn a_trace_that_is_evicted_is_decided_and_says_so() {
    let provider = tail(&["error"])
        .options(|options| options.tail.num_traces = Some(1))
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    let roots: Vec<_> = (0..3).map(|_| tracer.span("root").start()).collect();
    for (number, root) in roots.iter().enumerate() {
        let child = tracer.span("child").parent(&root.in_context()).start();
        if number == 0 {
            child.set_status(StatusCode::Error, "");
        }
        child.end();
    }
    let kept = spans(&provider);
    let reason = kept[0].attribute("sampling.reason").and_then(OwnedValue::as_str);
    assert_eq!((kept.len(), reason), (1, Some("evicted")));
    drop(roots);
    let stats = finish(&provider);
    assert_eq!(stats.tail.evicted_traces, 2);
}

#[test]
fn the_shutdown_decides_what_is_held_or_drops_what_is_not_complete() {
    for (drops, expected) in [(false, 1), (true, 0)] {
        let provider = tail(&["always"])
            .options(|options| options.tail.drop_pending_on_shutdown = Some(drops))
            .build()
            .unwrap();
        let tracer = provider.tracer("t");
        let root = tracer.span("root").start();
        tracer.span("child").parent(&root.in_context()).start().end();
        let stats = finish(&provider);
        assert_eq!(
            (stats.accepted, stats.tail_dropped),
            (expected, 1 - expected),
            "{drops}"
        );
        root.end();
        let stats = provider.stats();
        assert!(stats.balances(), "{stats:?}");
    }
}

#[test]
fn the_last_handle_that_goes_decides_too() {
    let builder = spanline::init()
        .without_environment()
        .tail_sampling(words(&["error"]));
    let memory = spanline::MemoryExporter::new();
    let provider = builder.add_exporter("kept", memory.clone()).build().unwrap();
    make(&provider, "failed", true);
    make(&provider, "fine", false);
    drop(provider);
    let mut kept: Vec<_> = memory.get().into_iter().map(|span| span.name).collect();
    kept.sort();
    assert_eq!(kept, ["child", "failed"]);
}

#[test]
fn wrong_policies_are_errors_at_once() {
    let nothing: [PolicyOptions; 0] = [];
    let error = memory().tail_sampling(nothing).build().unwrap_err();
    assert_eq!(
        (error.kind(), error.option()),
        (ErrorKind::BadValue, Some("tail.policies"))
    );
    let percentage = PolicyKind::Probabilistic {
        sampling_percentage: 101.0,
        hash_salt: None,
    };
    let error = memory()
        .tail_sampling([PolicyOptions::new("p", percentage)])
        .build()
        .unwrap_err();
    assert!(
        error
            .option()
            .unwrap()
            .starts_with("tail.policies[0].probabilistic"),
        "{error}"
    );
    let error = tail(&["error"])
        .buffer_bytes(1_u64 << 20)
        .options(|options| options.tail.max_bytes = Some(1 << 20))
        .build()
        .unwrap_err();
    assert_eq!(error.option(), Some("tail.max_bytes"));
}

#[test]
fn policies_can_be_set_as_plain_values() {
    let list = OwnedValue::List(vec![OwnedValue::from("error"), OwnedValue::from("default=0")]);
    let mut result = Ok(());
    let builder = memory().options(|options| result = options.set("tail.policies", &list));
    result.unwrap();
    let provider = builder.build().unwrap();
    make(&provider, "fine", false);
    make(&provider, "failed", true);
    assert_eq!(names(&spans(&provider)), ["child", "failed"]);
    let shown = provider
        .options()
        .iter()
        .find(|setting| setting.name == "tail.policies")
        .unwrap();
    assert_eq!(
        (shown.value.as_str(), shown.source.to_string().as_str()),
        ("error,default=0", "code")
    );
    let half = provider
        .options()
        .iter()
        .find(|setting| setting.name == "tail.max_bytes")
        .unwrap();
    assert_eq!(half.value, (24 << 20).to_string());
    assert!(
        provider
            .doctor()
            .settings
            .iter()
            .any(|setting| setting.name == "tail.decision_wait_ms")
    );
}

#[test]
fn metrics_and_prometheus_tell_what_is_held_and_decided() {
    let provider = tail(&["error"]).build().unwrap();
    make(&provider, "fine", false);
    make(&provider, "failed", true);
    provider.flush();
    let metrics = provider.metrics();
    let count = |name: &str, key: &str, value: &str| {
        let metric = metrics.get(name).unwrap();
        let point = metric
            .points
            .iter()
            .find(|point| point.attribute(key).as_deref() == Some(value));
        point.map(|point| point.value.count())
    };
    assert_eq!(count("trace_sampling_decisions", "decision", "sampled"), Some(1));
    assert_eq!(count("trace_sampling_decisions", "decision", "dropped"), Some(1));
    assert_eq!(count("trace_spans_dropped", "reason", "sampled_out"), Some(2));
    let text = metrics.to_prometheus();
    assert!(
        text.contains("trace_spans_dropped_total{reason=\"sampled_out\"} 2\n"),
        "{text}"
    );
    assert!(text.contains("trace_sampling_pending_traces 0\n"), "{text}");
    let without = memory().build().unwrap();
    assert!(without.metrics().get("trace_sampling_decisions").is_none());
}

#[test]
fn what_is_dropped_undecided_has_reasons_of_its_own() {
    let provider = tail(&["always"])
        .options(|options| {
            options.tail.max_trace_bytes = Some(1_000);
            options.tail.drop_pending_on_shutdown = Some(true);
        })
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    let root = tracer.span("root").start();
    for _ in 0..3 {
        let span = tracer.span("large").parent(&root.in_context()).start();
        span.set("text", "x".repeat(600).as_str()).end();
    }
    provider.flush();
    root.end();
    provider.flush();
    let pending = tracer.span("child").parent(&remote_parent(true)).start();
    tracer.span("below").parent(&pending.in_context()).start().end();
    let stats = finish(&provider);
    let (large, abandoned) = (stats.tail.too_large_spans, stats.tail.abandoned_spans);
    assert_eq!((large, abandoned), (2, 1), "{stats:?}");
    let metrics = provider.metrics();
    let counts = |name: &str| {
        let points = &metrics.get(name).unwrap().points;
        let one = |point: &spanline::MetricPoint| (point.attribute("reason").unwrap(), point.value.count());
        points
            .iter()
            .map(one)
            .map(|(reason, count)| format!("{reason} {count}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        counts("trace_spans_dropped"),
        ["sampled_out 0", "late_dropped 2", "too_large 2", "abandoned 1"]
    );
    assert_eq!(counts("trace_sampling_undecided"), ["too_large 1", "abandoned 1"]);
    assert_eq!(stats.tail_dropped, 5);
}

/// Panics at each span.
#[derive(Debug)]
struct Panics;

impl SpanCondition for Panics {
    fn is_met(&self, _: SpanView<'_>) -> Result<bool, ConditionError> {
        panic!("as asked")
    }
}

impl TextMatch for Panics {
    fn is_match(&self, _: &str) -> bool {
        panic!("as asked")
    }
}

#[test]
fn policies_that_panic_keep_nothing_and_harm_nobody() {
    let text = PolicyKind::StringAttribute {
        key: "key".to_owned(),
        values: vec![Pattern::Custom(Arc::new(Panics))],
        invert_match: false,
    };
    let within = PolicyKind::And {
        and_sub_policy: vec![PolicyOptions::new("text", text)],
    };
    let mut list = words(&["error"]);
    list.push(PolicyOptions::new(
        "condition",
        PolicyKind::Condition(Arc::new(Panics)),
    ));
    list.push(PolicyOptions::new("within", within));
    let provider = memory().tail_sampling(list).build().unwrap();
    let tracer = provider.tracer("t");
    for _ in 0..10 {
        tracer.span("fine").attribute("key", "value").start().end();
        make(&provider, "failed", true);
        provider.flush();
    }
    assert_eq!(spans(&provider).len(), 20);
    let stats = finish(&provider);
    assert_eq!((stats.tail_dropped, stats.caught_panics), (10, 30 + 10));
    let report = provider.tail_report().unwrap();
    assert_eq!((report.policies[1].errors, report.policies[2].errors), (20, 0));
}
