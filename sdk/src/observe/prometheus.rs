//! Metrics as Prometheus' text format, version 0.0.4.

use super::{Metric, MetricKind, MetricPoint, MetricValue, plain};
use std::fmt::Write as _;

/// The unit of sums that are seconds in this format, which asks for base units.
const NANOSECONDS: &str = "ns";

pub(super) fn text(metrics: &[Metric]) -> String {
    let mut text = String::new();
    for metric in metrics.iter().filter(|metric| !metric.points.is_empty()) {
        let name = name(metric);
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::UpDownCounter => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let _ = write!(text, "# HELP {name} ");
        escape(&mut text, metric.description, false);
        let _ = writeln!(text, "\n# TYPE {name} {kind}");
        for point in &metric.points {
            samples(&mut text, &name, metric.unit, point);
        }
    }
    text
}

/// `_` for what is no letter, digit or `_`, then the unit and what the kind asks for.
fn name(metric: &Metric) -> String {
    let mut name = identifier(metric.name);
    if matches!(metric.unit, "s" | NANOSECONDS) {
        name.push_str("_seconds");
    }
    if metric.kind == MetricKind::Counter {
        name.push_str("_total");
    }
    name
}

/// A name of letters, digits and `_` that does not begin with a digit.
fn identifier(name: &str) -> String {
    let clean = |character: char| match character.is_ascii_alphanumeric() {
        true => character,
        false => '_',
    };
    let clean: String = name.chars().map(clean).collect();
    match clean.starts_with(|first: char| first.is_ascii_digit()) {
        true => format!("_{clean}"),
        false => clean,
    }
}

fn samples(text: &mut String, name: &str, unit: &str, point: &MetricPoint) {
    match &point.value {
        MetricValue::Sum(nanos) if unit == NANOSECONDS => {
            let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            sample(text, name, "", point, None, format_args!("{seconds}.{rest:09}"));
        }
        MetricValue::Sum(sum) => sample(text, name, "", point, None, format_args!("{sum}")),
        MetricValue::Histogram { bounds, counts, sum } => {
            let mut all = 0;
            for (at, count) in counts.iter().enumerate() {
                all += count;
                let bound = bounds.get(at).copied().unwrap_or(f64::INFINITY);
                sample(text, name, "_bucket", point, Some(bound), format_args!("{all}"));
            }
            sample(text, name, "_sum", point, None, format_args!("{sum}"));
            sample(text, name, "_count", point, None, format_args!("{all}"));
        }
    }
}

fn sample(
    text: &mut String,
    name: &str,
    suffix: &str,
    point: &MetricPoint,
    bound: Option<f64>,
    value: std::fmt::Arguments<'_>,
) {
    text.push_str(name);
    text.push_str(suffix);
    let mut open = '{';
    for attribute in &point.attributes {
        let _ = write!(text, "{open}{}=\"", identifier(&attribute.key));
        escape(text, &plain(&attribute.value), true);
        text.push('"');
        open = ',';
    }
    match bound {
        Some(bound) if bound.is_infinite() => {
            let _ = write!(text, "{open}le=\"+Inf\"}}");
        }
        Some(bound) => {
            let _ = write!(text, "{open}le=\"{bound:?}\"}}");
        }
        None if open == ',' => text.push('}'),
        None => {}
    }
    let _ = writeln!(text, " {value}");
}

/// A help text escapes backslash and line feed, a label's value the quote too.
fn escape(text: &mut String, value: &str, quote: bool) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '"' if quote => text.push_str("\\\""),
            other => text.push(other),
        }
    }
}
