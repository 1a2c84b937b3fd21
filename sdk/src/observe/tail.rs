//! The metrics of tail sampling, which the conventions have no names for.

use super::{Metric, MetricKind, MetricPoint, collect::point};
use spanline_core::KeyValue;
use spanline_engine::Stats;

const COUNTER: MetricKind = MetricKind::Counter;
const GAUGE: MetricKind = MetricKind::UpDownCounter;

fn by(key: &'static str, values: impl IntoIterator<Item = (&'static str, u64)>) -> Vec<MetricPoint> {
    let one = |(value, number)| point(vec![KeyValue::new(key, value)], number);
    values.into_iter().map(one).collect()
}

pub(super) fn collect(stats: &Stats) -> Vec<Metric> {
    let tail = &stats.tail;
    let metric = |name, description, unit, kind, points| Metric {
        name,
        description,
        unit,
        kind,
        points,
    };
    let decisions = [("sampled", tail.sampled_traces), ("dropped", tail.dropped_traces)];
    let undecided = [
        ("too_large", tail.too_large_traces),
        ("abandoned", tail.abandoned_traces),
    ];
    let others = [
        ("late_dropped", tail.late_dropped_spans),
        ("too_large", tail.too_large_spans),
        ("abandoned", tail.abandoned_spans),
    ];
    let sampled_out = others
        .iter()
        .fold(stats.tail_dropped, |rest, (_, spans)| rest.saturating_sub(*spans));
    let spans = [("sampled_out", sampled_out)].into_iter().chain(others);
    vec![
        metric(
            "trace_sampling_decisions",
            "Traces that the policies of tail sampling decided",
            "{trace}",
            COUNTER,
            by("decision", decisions),
        ),
        metric(
            "trace_spans_dropped",
            "Spans that tail sampling dropped: with their trace, because they came after its decision, or with a trace that \
             was not decided",
            "{span}",
            COUNTER,
            by("reason", spans),
        ),
        metric(
            "trace_sampling_undecided",
            "Traces that were dropped without a decision of the policies",
            "{trace}",
            COUNTER,
            by("reason", undecided),
        ),
        metric(
            "trace_sampling_early_decisions",
            "Traces that were decided early because a bound was reached",
            "{trace}",
            COUNTER,
            vec![point(Vec::new(), tail.evicted_traces)],
        ),
        metric(
            "trace_sampling_pending_traces",
            "Traces that wait for their decision",
            "{trace}",
            GAUGE,
            vec![point(Vec::new(), tail.pending_traces)],
        ),
        metric(
            "trace_sampling_held_bytes",
            "Memory of traces that wait for their decision, of kept spans that are in no batch yet, and of the decisions \
             that are remembered",
            "By",
            GAUGE,
            vec![point(Vec::new(), tail.held_bytes)],
        ),
    ]
}
