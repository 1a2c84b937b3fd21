//! What a provider says of itself: the metrics of the semantic conventions.

use crate::common::{Receiver, balanced, finish, memory, remote_parent};
use spanline::sample::{Decision, SamplingRequest, SamplingResult};
use spanline::{
    AnswerStatus, Context, ExportBatch, ExportResult, ExporterDescription, Metric, MetricKind, MetricPoint,
    MetricValue, Metrics, Provider, Sampler, SpanExporter,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// The point of a metric that has these attributes.
#[track_caller]
fn point<'a>(metrics: &'a Metrics, name: &str, attributes: &[(&str, &str)]) -> &'a MetricPoint {
    let metric = metrics.get(name).unwrap_or_else(|| panic!("no {name}"));
    let fits = |point: &&MetricPoint| {
        attributes
            .iter()
            .all(|(key, value)| point.attribute(key).as_deref() == Some(value))
    };
    let mut found = metric.points.iter().filter(fits);
    let first = found
        .next()
        .unwrap_or_else(|| panic!("no {attributes:?} in {metric:#?}"));
    assert!(
        found.next().is_none(),
        "several points of {name} fit {attributes:?}"
    );
    first
}

#[track_caller]
fn value(metrics: &Metrics, name: &str, attributes: &[(&str, &str)]) -> u64 {
    point(metrics, name, attributes).value.count()
}

/// Decides by the span's name.
#[derive(Debug)]
pub(crate) struct ByName;

impl Sampler for ByName {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        SamplingResult::of(match request.name {
            "drop" => Decision::Drop,
            "only" => Decision::RecordOnly,
            _ => Decision::RecordAndSample,
        })
    }

    fn description(&self) -> String {
        "ByName".to_owned()
    }
}

/// Spans of every decision below every kind of parent, `each` times; none of them ends.
pub(crate) fn start_all(provider: &Provider, each: usize) -> Vec<spanline::Span> {
    let tracer = provider.tracer("t");
    let parents = [Context::EMPTY, remote_parent(true), {
        let span = tracer.span("sample").root().start();
        let context = Context::EMPTY.with_span(span.context().clone(), None);
        span.end();
        context
    }];
    let mut spans = Vec::new();
    for parent in &parents {
        for name in ["drop", "only", "sample"] {
            spans.extend((0..each).map(|_| tracer.span(name).parent(parent).start()));
        }
    }
    spans
}

const STARTED: &str = "otel.sdk.span.started";
const LIVE: &str = "otel.sdk.span.live";

#[test]
fn started_spans_are_told_apart_by_parent_and_decision() {
    let provider = memory().custom_sampler(ByName).build().unwrap();
    let spans = start_all(&provider, 2);
    let metrics = provider.metrics();
    for origin in ["none", "local", "remote"] {
        for result in ["DROP", "RECORD_ONLY", "RECORD_AND_SAMPLE"] {
            let attributes = [
                ("otel.span.parent.origin", origin),
                ("otel.span.sampling_result", result),
            ];
            // The local parent is one more.
            let more = u64::from((origin, result) == ("none", "RECORD_AND_SAMPLE"));
            assert_eq!(
                value(&metrics, STARTED, &attributes),
                2 + more,
                "{origin} {result}"
            );
        }
    }
    drop(spans);
    assert_eq!(
        total(provider.metrics().get(STARTED).unwrap()),
        19,
        "also those that ended"
    );
    finish(&provider);
    provider.tracer("t").span("late").start().end();
    let attributes = [
        ("otel.span.parent.origin", "none"),
        ("otel.span.sampling_result", "DROP"),
    ];
    let metrics = provider.metrics();
    assert_eq!(value(&metrics, STARTED, &attributes), 3, "also what is refused");
    assert_eq!(
        total(metrics.get(STARTED).unwrap()),
        provider.stats().started,
        "all spans are there"
    );
}

fn total(metric: &Metric) -> u64 {
    metric.points.iter().map(|point| point.value.count()).sum()
}

/// The quick ways to start a span count as the long ones do.
#[test]
fn spans_of_the_usual_kind_are_told_apart_too() {
    for (sampler, result) in [("always_on", "RECORD_AND_SAMPLE"), ("always_off", "DROP")] {
        let provider = memory().sampler(sampler).build().unwrap();
        let tracer = provider.tracer("t");
        let root = tracer.span("root").enter();
        for _ in 0..3 {
            tracer.span("child").start().end();
        }
        root.end();
        let started = |origin| {
            let attributes = [
                ("otel.span.parent.origin", origin),
                ("otel.span.sampling_result", result),
            ];
            value(&provider.metrics(), STARTED, &attributes)
        };
        assert_eq!(
            (started("none"), started("local"), started("remote")),
            (1, 3, 0),
            "{sampler}"
        );
        assert_eq!(total(provider.metrics().get(STARTED).unwrap()), 4, "{sampler}");
        balanced(&provider);
    }
}

#[test]
fn live_spans_are_those_that_record_and_have_not_ended() {
    let provider = memory().custom_sampler(ByName).build().unwrap();
    let mut spans = start_all(&provider, 2);
    let live = |result| {
        value(
            &provider.metrics(),
            LIVE,
            &[("otel.span.sampling_result", result)],
        )
    };
    assert_eq!((live("RECORD_AND_SAMPLE"), live("RECORD_ONLY")), (6, 6));
    // Two that were dropped, two and then one of processors alone; one goes without an end.
    spans.drain(..3).for_each(|span| span.end());
    spans.remove(0).abandon();
    assert_eq!((live("RECORD_AND_SAMPLE"), live("RECORD_ONLY")), (6, 4));
    spans.drain(..2).for_each(|span| span.end());
    assert_eq!((live("RECORD_AND_SAMPLE"), live("RECORD_ONLY")), (4, 4));
    drop(spans);
    assert_eq!((live("RECORD_AND_SAMPLE"), live("RECORD_ONLY")), (0, 0));
}

/// Holds each batch until it is told what becomes of it.
#[derive(Clone, Debug)]
struct Gate {
    answers: Arc<Mutex<mpsc::Receiver<ExportResult>>>,
    taken: mpsc::Sender<u64>,
}

impl SpanExporter for Gate {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        let _ = self.taken.send(batch.len());
        let answers = self.answers.lock().unwrap();
        answers.recv().unwrap_or_else(|_| ExportResult::failure("gone"))
    }

    fn describe(&self) -> ExporterDescription {
        ExporterDescription::new("gate").server("spans.example.com", 4711)
    }
}

fn gate() -> (Gate, mpsc::Sender<ExportResult>, mpsc::Receiver<u64>) {
    let (answer, answers) = mpsc::channel();
    let (taken, seen) = mpsc::channel();
    let answers = Arc::new(Mutex::new(answers));
    (Gate { answers, taken }, answer, seen)
}

const GATE: [(&str, &str); 4] = [
    ("otel.component.type", "gate"),
    ("otel.component.name", "gate/0"),
    ("server.address", "spans.example.com"),
    ("server.port", "4711"),
];
const PROCESSOR: [(&str, &str); 2] = [
    ("otel.component.type", "batching_span_processor"),
    ("otel.component.name", "batching_span_processor/0"),
];

#[test]
fn spans_that_wait_are_the_queue_and_those_handed_over_are_in_flight() {
    let (exporter, answer, taken) = gate();
    let builder = spanline::init()
        .without_environment()
        .add_exporter("gate", exporter);
    let builder = builder.delay_ms(3_600_000).options(|options| {
        options.max_batch_spans = Some(4);
        options.max_queue_spans = Some(1_000);
    });
    let provider = builder.build().unwrap();
    let tracer = provider.tracer("t");
    for _ in 0..3 {
        tracer.span("s").start().end();
    }
    let metrics = provider.metrics();
    let now = |name, attributes: &[_]| value(&provider.metrics(), name, attributes);
    assert_eq!(now("otel.sdk.processor.span.queue.size", &PROCESSOR), 3);
    assert_eq!(now("otel.sdk.processor.span.queue.capacity", &PROCESSOR), 1000);
    assert_eq!(now("otel.sdk.exporter.span.inflight", &GATE), 0);
    assert_eq!(
        metrics.get("otel.sdk.processor.span.queue.size").unwrap().kind,
        MetricKind::UpDownCounter
    );
    provider.flush_within(Duration::from_millis(1));
    assert_eq!(taken.recv().unwrap(), 3);
    for _ in 0..2 {
        tracer.span("s").start().end();
    }
    assert_eq!(now("otel.sdk.processor.span.queue.size", &PROCESSOR), 2);
    assert_eq!(now("otel.sdk.exporter.span.inflight", &GATE), 3);
    assert_eq!(now("otel.sdk.exporter.span.exported", &GATE), 0);
    answer.send(ExportResult::success()).unwrap();
    answer.send(ExportResult::success()).unwrap();
    assert!(provider.flush().complete);
    assert_eq!(now("otel.sdk.processor.span.queue.size", &PROCESSOR), 0);
    assert_eq!(now("otel.sdk.exporter.span.inflight", &GATE), 0);
    assert_eq!(now("otel.sdk.exporter.span.exported", &GATE), 5);
    let without = memory().build().unwrap();
    assert_eq!(
        without.metrics().get("otel.sdk.processor.span.queue.capacity"),
        None,
        "bytes govern"
    );
    finish(&provider);
}

#[test]
fn processed_spans_are_those_handed_over_and_those_lost_before() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    let late = tracer.span("late").start();
    for _ in 0..3 {
        tracer.span("s").start().end();
    }
    finish(&provider);
    late.end();
    let processed = provider.metrics();
    let processed = processed.get("otel.sdk.processor.span.processed").unwrap();
    let by_error: BTreeMap<_, _> = processed
        .points
        .iter()
        .map(|point| (point.attribute("error.type"), point.value.count()))
        .collect();
    let expected = [
        (None, 3),
        (Some("already_shutdown".to_owned()), 1),
        (Some("queue_full".to_owned()), 0),
    ];
    assert_eq!(by_error, BTreeMap::from(expected));
    assert!(
        processed
            .points
            .iter()
            .all(|point| point.attribute("otel.component.name").as_deref() == Some(PROCESSOR[1].1))
    );
    let simple = memory().delay_ms(0).build().unwrap();
    let metrics = simple.metrics();
    let name = [("otel.component.name", "simple_span_processor/0")];
    point(&metrics, "otel.sdk.processor.span.queue.size", &name);
}

#[test]
fn exported_spans_are_told_apart_by_what_became_of_them() {
    let (exporter, answer, _taken) = gate();
    let provider = memory()
        .add_exporter("gate", exporter)
        .add_exporter("other gate", gate().0)
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    let results = [
        ExportResult::success(),
        ExportResult::partial_success(1),
        ExportResult::failure("401").status(AnswerStatus::Http(401)),
    ];
    for result in results {
        for _ in 0..3 {
            tracer.span("s").start().end();
        }
        answer.send(result).unwrap();
        provider.flush();
    }
    let metrics = provider.metrics();
    let exported = metrics.get("otel.sdk.exporter.span.exported").unwrap();
    let seen: BTreeSet<_> = exported
        .points
        .iter()
        .map(|point| {
            (
                point.attribute("otel.component.name").unwrap(),
                point.attribute("error.type"),
                point.value.count(),
            )
        })
        .collect();
    let expected = [
        ("memory_span_exporter/0", None, 9),
        ("gate/0", None, 5),
        ("gate/0", Some("rejected"), 1),
        ("gate/0", Some("401"), 3),
        ("gate/1", None, 0),
        ("gate/1", Some("gone"), 9),
    ];
    let expected = expected.map(|(name, error, count)| (name.to_owned(), error.map(str::to_owned), count));
    assert_eq!(seen, BTreeSet::from(expected));
    let stats = finish(&provider);
    assert_eq!(stats.exporters.len(), 3);
}

#[test]
fn each_batch_is_one_observation_with_the_last_status() {
    let busy = || ExportResult::retry().status(AnswerStatus::Grpc(14));
    let (exporter, answer, _taken) = gate();
    let builder = spanline::init().without_environment();
    let provider = builder.add_exporter("gate", exporter).build().unwrap();
    let tracer = provider.tracer("t");
    // Cut short by the flush's hurry: the pause of a second attempt would be at least 800 ms.
    for result in [
        busy().after(Duration::ZERO),
        ExportResult::success().status(AnswerStatus::Grpc(0)),
    ] {
        answer.send(result).unwrap();
    }
    tracer.span("s").start().end();
    assert!(provider.flush().complete);
    answer
        .send(ExportResult::failure("408").status(AnswerStatus::Http(408)))
        .unwrap();
    tracer.span("s").start().end();
    assert!(provider.flush().complete);
    let metrics = provider.metrics();
    let name = "otel.sdk.exporter.operation.duration";
    let ok = [&GATE[..], &[("rpc.status_code", "OK")]].concat();
    let failed = [
        &GATE[..],
        &[("http.response.status_code", "408"), ("error.type", "408")],
    ]
    .concat();
    assert_eq!(metrics.get(name).unwrap().points.len(), 2);
    let first = point(&metrics, name, &ok);
    assert_eq!(first.attribute("error.type"), None);
    assert_eq!(value(&metrics, name, &failed), 1);
    let MetricValue::Histogram { bounds, counts, sum } = &first.value else {
        panic!("{first:?}")
    };
    assert_eq!((counts.len(), counts.iter().sum::<u64>()), (bounds.len() + 1, 1));
    assert!(*sum >= 0.1, "the pause is part of it: {sum}");
    finish(&provider);
}

/// What the OTLP exporter says of itself.
#[test]
fn the_otlp_exporter_names_its_server() {
    let receiver = Receiver::start();
    let url = receiver.url();
    let port = url
        .rsplit(':')
        .next()
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    let builder = spanline::init().without_environment().endpoint(url);
    let provider = builder.build().unwrap();
    provider.tracer("t").span("s").start().end();
    assert!(provider.flush().complete);
    let otlp = [
        ("otel.component.type", "otlp_http_span_exporter"),
        ("otel.component.name", "otlp_http_span_exporter/0"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
    ];
    let metrics = provider.metrics();
    assert_eq!(value(&metrics, "otel.sdk.exporter.span.exported", &otlp), 1);
    let answered = [&otlp[..], &[("http.response.status_code", "200")]].concat();
    assert_eq!(
        value(&metrics, "otel.sdk.exporter.operation.duration", &answered),
        1
    );
    finish(&provider);
}
