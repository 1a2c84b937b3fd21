//! What a provider says of itself as metrics, under the names of the semantic conventions for SDKs (`otel.sdk.*`), and of
//! its built-in processors under names of our own (`spanline.*`).
//!
//! Nothing of this costs anything while spans are made: it is the accounting, asked in another form.

mod built_in;
mod collect;
mod losses;
mod prometheus;
mod tail;

pub(crate) use collect::{Component, Source, collect};
pub(crate) use losses::{AtEnd, Fate, Keeper, Losses, spans, summary};

use spanline_core::KeyValue;
use std::fmt;

/// The metrics of one provider at one moment; see [`crate::Provider::metrics`].
///
/// [`Self::iter`] gives them as values, [`Self::to_prometheus`] as text.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Metrics(Vec<Metric>);

impl Metrics {
    /// All of them, each name once.
    pub fn iter(&self) -> std::slice::Iter<'_, Metric> {
        self.0.iter()
    }

    /// The metric of this name, such as `otel.sdk.span.live`.
    pub fn get(&self, name: &str) -> Option<&Metric> {
        self.iter().find(|metric| metric.name == name)
    }

    /// The metrics in Prometheus' text format, version 0.0.4 (`text/plain; version=0.0.4`).
    ///
    /// Names and labels are those of the semantic conventions with `_` for every `.`; counters end in `_total`, times
    /// in `_seconds`, also those that are nanoseconds here.
    ///
    /// ```
    /// let provider = spanline::init().exporter("discard").build()?;
    /// provider.tracer("docs").span("work").start().end();
    /// let text = provider.metrics().to_prometheus();
    /// assert!(text.contains("# TYPE otel_sdk_span_started_total counter\n"));
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn to_prometheus(&self) -> String {
        prometheus::text(&self.0)
    }
}

impl<'a> IntoIterator for &'a Metrics {
    type Item = &'a Metric;
    type IntoIter = std::slice::Iter<'a, Metric>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One metric with all its points.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Metric {
    /// The name, such as `otel.sdk.span.started`.
    pub name: &'static str,
    /// What it counts, in a sentence.
    pub description: &'static str,
    /// The unit: `{span}`, `{trace}`, `By`, `s` or `ns`.
    pub unit: &'static str,
    /// The instrument.
    pub kind: MetricKind,
    /// A point for each set of attributes; no set twice.
    pub points: Vec<MetricPoint>,
}

/// The instrument of a metric.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum MetricKind {
    /// Only grows, from the start of the provider in this process.
    Counter,
    /// Grows and shrinks.
    UpDownCounter,
    /// Observations in buckets, since the start of the provider in this process.
    Histogram,
}

/// What a metric is for one set of attributes.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct MetricPoint {
    /// The attributes.
    pub attributes: Vec<KeyValue>,
    /// The value.
    pub value: MetricValue,
}

impl MetricPoint {
    /// The attribute of this key as text; `None` when there is no such one.
    pub fn attribute(&self, key: &str) -> Option<String> {
        let attribute = self.attributes.iter().find(|attribute| attribute.key == key)?;
        Some(plain(&attribute.value))
    }
}

/// The value of a point.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum MetricValue {
    /// Of a counter or an up-down counter.
    Sum(u64),
    /// Of a histogram.
    Histogram {
        /// Upper bounds of the buckets, each belonging to its bucket; the last bucket has none.
        bounds: &'static [f64],
        /// Observations in each bucket; one more than there are bounds.
        counts: Vec<u64>,
        /// The sum of all observations.
        sum: f64,
    },
}

impl MetricValue {
    /// The sum of a counter or an up-down counter; of a histogram how many observations there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Sum(sum) => *sum,
            Self::Histogram { counts, .. } => counts.iter().sum(),
        }
    }
}

/// An attribute's value without the marks of its type: only text and numbers come up here.
fn plain(value: &crate::OwnedValue) -> String {
    match value {
        crate::OwnedValue::Str(text) => text.to_string(),
        crate::OwnedValue::I64(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_prometheus())
    }
}
