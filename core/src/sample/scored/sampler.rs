//! The scored sampler.

use super::{OperationClass, ScoreOptions, operations::Operations};
use crate::sample::{
    Decision, Sampler, SamplerReport, SamplingRequest, SamplingResult, SpanOutcome, Threshold, consistent,
    exp::exp, meter::Meter,
};
use crate::{Notice, OwnedValue, Value, notice::Notices};
use alloc::{format, string::String};

/// Samples each trace with a probability that grows with what it may be worth: kind and class of its first span, how
/// critical an attribute calls it, and how slow and how faulty this operation has been so far. See [`ScoreOptions`] for
/// the weights. Use it as the root of [`super::super::ParentBased`].
///
/// It learns from the spans that are recorded: mean duration and share of errors of each operation, over about its last
/// hundred spans. Each decision's probability is known, and kept spans say so (`ot=th:...` in their trace state).
///
/// ```
/// use spanline_core::SpanKind;
/// use spanline_core::sample::{Sampler, ScoreOptions, Scored, SpanOutcome};
/// let sampler = Scored::new(ScoreOptions::default()).unwrap();
/// let before = sampler.probability("GET /pay", SpanKind::Server, &[][..]);
/// sampler.observe(&SpanOutcome::new("GET /pay", SpanKind::Server, 1_000_000, true));
/// assert!(sampler.probability("GET /pay", SpanKind::Server, &[][..]) > 2.0 * before);
/// ```
#[derive(Debug)]
pub struct Scored {
    options: ScoreOptions,
    operations: Operations,
    meter: Meter,
    notices: Notices,
}

impl Scored {
    /// With these weights. `None` when one is not a finite number, or one of the other options is out of its range.
    pub fn new(options: ScoreOptions) -> Option<Self> {
        Threshold::from_probability(options.min)?;
        Threshold::from_probability(options.max)?;
        options.is_usable().then(|| Self {
            operations: Operations::new(options.max_operations),
            options,
            meter: Meter::new(),
            notices: Notices::new(),
        })
    }

    /// With which probability a trace that begins with such a span is sampled now.
    pub fn probability(
        &self,
        name: &str,
        kind: crate::SpanKind,
        attributes: &(impl crate::sample::AttributeSource + ?Sized),
    ) -> f64 {
        self.chance(name, kind, &attributes)
    }

    fn chance(
        &self,
        name: &str,
        kind: crate::SpanKind,
        attributes: &dyn crate::sample::AttributeSource,
    ) -> f64 {
        let options = &self.options;
        let class = OperationClass::of(attributes);
        let mut critical = 0.0;
        attributes.visit(&mut |key, value| {
            if *key == *options.criticality_key {
                critical = criticality(value);
            }
        });
        let known = self.operations.get(name, kind);
        let (mean, errors) = known.map_or((0.0, 0.0), |known| (known.mean_duration(), known.error_rate()));
        let score = options.bias
            + options.of_kind(kind)
            + options.of_class(class)
            + options.criticality * critical
            + options.duration * (mean / (mean + options.duration_scale_ms))
            + options.errors * square_root(errors);
        let chance = 1.0 / (1.0 + exp(-score));
        chance.min(options.max).max(options.min)
    }
}

/// 0 to 1.
fn criticality(value: Value<'_>) -> f64 {
    let level = match value {
        Value::Bool(critical) => f64::from(u8::from(critical)),
        Value::I64(level) => level as f64,
        Value::F64(level) if !level.is_nan() => level,
        Value::Str("critical") => 1.0,
        Value::Str("high") => 2.0 / 3.0,
        Value::Str("medium") => 1.0 / 3.0,
        Value::Owned(
            owned @ (OwnedValue::Bool(_) | OwnedValue::I64(_) | OwnedValue::F64(_) | OwnedValue::Str(_)),
        ) => criticality(owned.as_value()),
        _ => 0.0,
    };
    level.clamp(0.0, 1.0)
}

/// By Heron's way, for 0 to 1.
fn square_root(square: f64) -> f64 {
    if square <= 0.0 {
        return 0.0;
    }
    let mut root = f64::midpoint(square, 1.0);
    for _ in 0..12 {
        root = f64::midpoint(root, square / root);
    }
    root
}

impl Sampler for Scored {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let chance = self.chance(request.name, request.kind, request.attributes);
        // In range by the options' check.
        let threshold = Threshold::from_probability(chance).unwrap_or(Threshold::ALWAYS);
        let result = consistent::decide(request, threshold, &self.notices);
        self.meter
            .count(request.now, result.decision == Decision::RecordAndSample);
        result
    }

    /// `ScoredSampler{0.001..1}`.
    fn description(&self) -> String {
        format!("ScoredSampler{{{}..{}}}", self.options.min, self.options.max)
    }

    fn report(&self) -> SamplerReport {
        SamplerReport {
            rate: self.meter.share(),
            counts: Some(self.meter.counts()),
            ..SamplerReport::new(self.description())
        }
    }

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }

    fn learns(&self) -> bool {
        true
    }

    fn observe(&self, outcome: &SpanOutcome<'_>) {
        self.operations.learn(outcome);
    }
}
