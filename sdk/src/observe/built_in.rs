//! Metrics of the built-in processors.

use super::collect::point;
use super::{Metric, MetricKind, MetricPoint};
use crate::processors::{ErrorReport, Overhead};
use spanline_core::KeyValue;
use std::time::Duration;

/// What stands for all errors that have no point of their own.
const OTHERS: &str = "_OTHER";

/// A point for each error that is counted, by what it is known to have come up at least; and one for the rest, so that the
/// sum is right and no point ever shrinks but by going over into the rest.
pub(super) fn errors(report: &ErrorReport) -> Metric {
    let attributes = |span_name: &str, error_type: &str| {
        vec![
            KeyValue::new("spanline.span.name", span_name.to_owned()),
            KeyValue::new("error.type", error_type.to_owned()),
        ]
    };
    let mut others = report.total;
    let mut points: Vec<MetricPoint> = Vec::with_capacity(report.errors.len() + 1);
    for error in &report.errors {
        others = others.saturating_sub(error.at_least());
        // A span and its error may be called as the rest is: then they are among it.
        if (&*error.span_name, &*error.error_type) == (OTHERS, OTHERS) {
            others += error.at_least();
            continue;
        }
        points.push(point(
            attributes(&error.span_name, &error.error_type),
            error.at_least(),
        ));
    }
    points.push(point(attributes(OTHERS, OTHERS), others));
    Metric {
        name: "spanline.span.errors",
        description: "Spans that failed, by the name of the span and the type of the error",
        unit: "{span}",
        kind: MetricKind::Counter,
        points,
    }
}

pub(super) fn overhead(overhead: &Overhead) -> [Metric; 3] {
    let of = |key: &'static str, value: &'static str, sum| point(vec![KeyValue::new(key, value)], sum);
    let part = |part, time: Duration| of("spanline.part", part, nanos(time));
    let operation = |operation, sum| of("spanline.operation", operation, sum);
    let (starts, ends) = (&overhead.starts, &overhead.ends);
    [
        Metric {
            name: "spanline.overhead.cpu.time",
            description: "CPU time that tracing took; that of producers is estimated from timed spans",
            unit: "ns",
            // An estimate may be corrected downwards.
            kind: MetricKind::UpDownCounter,
            points: vec![
                part("pipeline", overhead.pipeline),
                part("exporters", overhead.exporters),
                part("producers", overhead.producers),
            ],
        },
        Metric {
            name: "spanline.overhead.timed.time",
            description: "CPU time of the starts and ends of spans that were timed",
            unit: "ns",
            kind: MetricKind::Counter,
            points: vec![operation("start", starts.nanos), operation("end", ends.nanos)],
        },
        Metric {
            name: "spanline.overhead.timed",
            description: "Starts and ends of spans that were timed",
            unit: "{span}",
            kind: MetricKind::Counter,
            points: vec![operation("start", starts.samples), operation("end", ends.samples)],
        },
    ]
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
