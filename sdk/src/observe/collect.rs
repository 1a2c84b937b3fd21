//! From the accounting to metrics (semantic conventions "SDK metrics").

use super::{Metric, MetricKind, MetricPoint, MetricValue, Metrics, built_in, tail};
use crate::export::ExporterDescription;
use crate::processors::{ErrorReport, Overhead};
use spanline_core::KeyValue;
use spanline_engine::retry::grpc_status_name;
use spanline_engine::{AnswerStatus, ByDecision, Durations, ExporterStats, Stats};

/// What is known of a provider at one moment.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) stats: &'a Stats,
    /// Spans that every exporter's queue was given, out of those accepted.
    pub(crate) delivered: u64,
    /// The bound of the queue in spans, where one is set.
    pub(crate) capacity: Option<u64>,
    /// There is tail sampling.
    pub(crate) has_tail: bool,
    /// Spans are exported as soon as they end.
    pub(crate) is_simple: bool,
    /// The exporters, in the order of their statistics.
    pub(crate) exporters: &'a [Component],
    pub(crate) errors: Option<ErrorReport>,
    pub(crate) overhead: Option<Overhead>,
}

/// An exporter with its name among the others.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    name: String,
    description: ExporterDescription,
}

impl Component {
    /// Numbers the exporters of each type from 0.
    pub(crate) fn number(descriptions: impl IntoIterator<Item = ExporterDescription>) -> Vec<Self> {
        let mut known: Vec<Self> = Vec::new();
        for description in descriptions {
            let kind = &description.component_type;
            let before = known
                .iter()
                .filter(|other| other.description.component_type == *kind);
            let name = format!("{kind}/{}", before.count());
            known.push(Self { name, description });
        }
        known
    }

    fn attributes(&self) -> Vec<KeyValue> {
        let ExporterDescription {
            component_type,
            server_address,
            server_port,
        } = &self.description;
        let mut attributes = component(component_type, &self.name);
        if let Some(address) = server_address {
            attributes.push(KeyValue::new("server.address", address.clone()));
        }
        if let Some(port) = server_port {
            attributes.push(KeyValue::new("server.port", i64::from(*port)));
        }
        attributes
    }
}

fn component(kind: &str, name: &str) -> Vec<KeyValue> {
    vec![
        KeyValue::new("otel.component.type", kind),
        KeyValue::new("otel.component.name", name),
    ]
}

pub(super) fn point(attributes: Vec<KeyValue>, sum: u64) -> MetricPoint {
    MetricPoint {
        attributes,
        value: MetricValue::Sum(sum),
    }
}

/// As `attributes`, with the reason why these spans are lost.
fn lost(attributes: &[KeyValue], error: &str, spans: u64) -> MetricPoint {
    let mut attributes = attributes.to_vec();
    attributes.push(KeyValue::new("error.type", error.to_owned()));
    point(attributes, spans)
}

pub(crate) fn collect(source: &Source<'_>) -> Metrics {
    let spans = |name, description, kind, points| Metric {
        name,
        description,
        unit: "{span}",
        kind,
        points,
    };
    let mut metrics = vec![
        spans(
            "otel.sdk.span.live",
            "Spans that are recording and have not ended",
            MetricKind::UpDownCounter,
            live(source.stats),
        ),
        spans(
            "otel.sdk.span.started",
            "Spans started, recorded or not",
            MetricKind::Counter,
            started(source.stats),
        ),
    ];
    let kind = match source.is_simple {
        true => "simple_span_processor",
        false => "batching_span_processor",
    };
    let processor = component(kind, &format!("{kind}/0"));
    if !source.exporters.is_empty() {
        let waiting = source.stats.accepted.saturating_sub(source.delivered);
        metrics.push(spans(
            "otel.sdk.processor.span.queue.size",
            "Spans that have ended and wait to be cut into batches",
            MetricKind::UpDownCounter,
            vec![point(processor.clone(), waiting)],
        ));
        if let Some(capacity) = source.capacity {
            metrics.push(spans(
                "otel.sdk.processor.span.queue.capacity",
                "Spans that may wait at once, as it was set",
                MetricKind::UpDownCounter,
                vec![point(processor.clone(), capacity)],
            ));
        }
        metrics.push(spans(
            "otel.sdk.processor.span.processed",
            "Spans that were handed to the exporters, or lost before",
            MetricKind::Counter,
            processed(source, &processor),
        ));
        let exporters = || source.exporters.iter().zip(&source.stats.exporters);
        metrics.push(spans(
            "otel.sdk.exporter.span.inflight",
            "Spans handed to an exporter that have not met their fate, those that wait for another attempt included",
            MetricKind::UpDownCounter,
            exporters()
                .map(|(exporter, stats)| point(exporter.attributes(), stats.in_flight))
                .collect(),
        ));
        metrics.push(spans(
            "otel.sdk.exporter.span.exported",
            "Spans that were delivered, or lost at an exporter",
            MetricKind::Counter,
            exporters()
                .flat_map(|(exporter, stats)| exported(exporter, stats))
                .collect(),
        ));
        metrics.push(Metric {
            name: "otel.sdk.exporter.operation.duration",
            description: "How long batches took from the first attempt to the final result, pauses included",
            unit: "s",
            kind: MetricKind::Histogram,
            points: exporters()
                .flat_map(|(exporter, stats)| stats.durations.iter().map(|one| duration(exporter, one)))
                .collect(),
        });
    }
    metrics.extend(source.errors.as_ref().map(built_in::errors));
    metrics.extend(source.overhead.iter().flat_map(built_in::overhead));
    if source.has_tail {
        metrics.extend(tail::collect(source.stats));
    }
    Metrics(metrics)
}

fn live(stats: &Stats) -> Vec<MetricPoint> {
    let sampled = stats.live.saturating_sub(stats.live_record_only);
    let points = [
        ("RECORD_AND_SAMPLE", sampled),
        ("RECORD_ONLY", stats.live_record_only),
    ];
    points
        .into_iter()
        .map(|(result, spans)| point(vec![KeyValue::new("otel.span.sampling_result", result)], spans))
        .collect()
}

fn started(stats: &Stats) -> Vec<MetricPoint> {
    let by = &stats.started_by;
    let mut points = Vec::new();
    for (origin, by) in [("none", by.none), ("local", by.local), ("remote", by.remote)] {
        let ByDecision {
            dropped,
            record_only,
            sampled,
        } = by;
        for (result, spans) in [
            ("DROP", dropped),
            ("RECORD_ONLY", record_only),
            ("RECORD_AND_SAMPLE", sampled),
        ] {
            let attributes = vec![
                KeyValue::new("otel.span.parent.origin", origin),
                KeyValue::new("otel.span.sampling_result", result),
            ];
            points.push(point(attributes, spans));
        }
    }
    points
}

fn processed(source: &Source<'_>, processor: &[KeyValue]) -> Vec<MetricPoint> {
    let dropped = &source.stats.dropped;
    let mut points = vec![point(processor.to_vec(), source.delivered)];
    for (error, spans) in [
        ("queue_full", dropped.buffer_full),
        ("already_shutdown", dropped.after_shutdown),
        ("too_large", dropped.too_large),
        ("reentrant", dropped.reentrant),
    ] {
        // The two of the conventions are always there, so that one can watch them.
        if spans > 0 || matches!(error, "queue_full" | "already_shutdown") {
            points.push(lost(processor, error, spans));
        }
    }
    points
}

fn exported(exporter: &Component, stats: &ExporterStats) -> Vec<MetricPoint> {
    let attributes = exporter.attributes();
    let mut points = vec![point(attributes.clone(), stats.exported)];
    let failed = stats.failed.iter().map(|(reason, spans)| (&**reason, *spans));
    let mut errors: Vec<(&str, u64)> = Vec::new();
    for (error, spans) in failed.chain([
        ("rejected", stats.rejected),
        ("queue_full", stats.dropped_queue_full),
        ("expired", stats.dropped_expired),
    ]) {
        // An exporter of the user's own may fail for a reason of the same name.
        match errors.iter_mut().find(|(known, _)| *known == error) {
            Some((_, sum)) => *sum += spans,
            None if spans > 0 => errors.push((error, spans)),
            None => {}
        }
    }
    points.extend(
        errors
            .into_iter()
            .map(|(error, spans)| lost(&attributes, error, spans)),
    );
    points
}

fn duration(exporter: &Component, durations: &Durations) -> MetricPoint {
    let mut attributes = exporter.attributes();
    match durations.status {
        Some(AnswerStatus::Http(status)) => {
            attributes.push(KeyValue::new("http.response.status_code", i64::from(status)));
        }
        Some(AnswerStatus::Grpc(code)) => {
            attributes.push(KeyValue::new(
                "rpc.status_code",
                grpc_status_name(code).into_owned(),
            ));
        }
        _ => {}
    }
    if let Some(error) = &durations.error {
        attributes.push(KeyValue::new("error.type", error.clone()));
    }
    MetricPoint {
        attributes,
        value: MetricValue::Histogram {
            bounds: &Durations::BOUNDS,
            counts: durations.counts.to_vec(),
            sum: durations.sum_nanos as f64 / 1e9,
        },
    }
}
