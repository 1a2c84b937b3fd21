//! Deciding as a strategy says.

use super::RemoteStrategy;
use crate::sample::{
    Decision, DecisionCache, Sampler, SamplerReport, SamplingRequest, SamplingResult, Threshold, TokenBucket,
    consistent::{decide, sampled_or_not, unknown},
    meter::Meter,
    names::Names,
};
use crate::{KeyValue, Notice, notice::Notices};
use alloc::{format, string::String, sync::Arc, vec, vec::Vec};
use core::mem::discriminant;

/// Decides as a [`RemoteStrategy`] says. Whoever asks the server makes a new one of each new strategy.
///
/// | strategy | what is sampled | `sampler.type`, `sampler.param` |
/// |---|---|---|
/// | probabilistic | that share, consistently | `probabilistic`, the share |
/// | rate limiting | so many traces per second, with bursts of one second's | `ratelimiting`, the number |
/// | per operation | the share that the span's name has, else the default share; | `probabilistic`, the share |
/// | | names with a share of their own at least so many per second (`lower bound`) | `lowerbound`, the share |
///
/// The two attributes stand on sampled spans without a parent. Where a share decided, the threshold stands in the trace
/// state; what a limit decided is remembered by trace id as in [`super::super::RateLimiting`].
#[derive(Debug)]
pub struct StrategySampler {
    strategy: RemoteStrategy,
    kind: Arc<Kind>,
    /// Kinds that strategies before had, the latest of each: how far their buckets are emptied.
    before: Vec<Arc<Kind>>,
    cache: Arc<DecisionCache>,
    meter: Meter,
    notices: Notices,
}

#[derive(Debug)]
enum Kind {
    Share(Share),
    Limited(TokenBucket, Vec<KeyValue>),
    PerOperation(Names<Operation>, Share),
}

impl Kind {
    /// The buckets of the same kind of strategy go on as they were.
    fn resume(&mut self, old: &Self, now: u64) {
        match (self, old) {
            (Self::Limited(bucket, _), Self::Limited(old, _)) => bucket.resume(old, now),
            (Self::PerOperation(names, _), Self::PerOperation(old, _)) => {
                for (name, operation) in names.iter_mut() {
                    if let Some(old) = old.get(name) {
                        operation.lower_bound.resume(&old.lower_bound, now);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A share of all traces, with the attributes that say so.
#[derive(Debug)]
struct Share {
    threshold: Option<Threshold>,
    attributes: Vec<KeyValue>,
}

#[derive(Debug)]
struct Operation {
    share: Share,
    lower_bound: TokenBucket,
    /// Of spans that the lower bound let through.
    attributes: Vec<KeyValue>,
}

impl Share {
    fn new(probability: f64) -> Self {
        Self {
            threshold: Threshold::from_probability(probability),
            attributes: attributes("probabilistic", probability),
        }
    }
}

fn attributes(kind: &'static str, param: f64) -> Vec<KeyValue> {
    vec![
        KeyValue::new("sampler.type", kind),
        KeyValue::new("sampler.param", crate::OwnedValue::F64(param)),
    ]
}

/// The number has been checked; one that is not usable grants nothing.
fn bucket(per_second: f64) -> TokenBucket {
    TokenBucket::new(per_second).unwrap_or_else(TokenBucket::of_nothing)
}

impl StrategySampler {
    /// Begins with full buckets.
    pub fn new(strategy: RemoteStrategy) -> Self {
        let kind = Arc::new(Self::kind_of(&strategy));
        Self::of(strategy, kind, Vec::new(), Arc::new(DecisionCache::default()))
    }

    fn kind_of(strategy: &RemoteStrategy) -> Kind {
        match strategy {
            RemoteStrategy::Probabilistic(probability) => Kind::Share(Share::new(*probability)),
            RemoteStrategy::RateLimiting(per_second) => {
                Kind::Limited(bucket(*per_second), attributes("ratelimiting", *per_second))
            }
            RemoteStrategy::PerOperation(all) => {
                let operations = all.operations.iter().map(|(name, probability)| {
                    let operation = Operation {
                        share: Share::new(*probability),
                        lower_bound: bucket(all.lower_bound),
                        attributes: attributes("lowerbound", *probability),
                    };
                    (name.clone(), operation)
                });
                Kind::PerOperation(Names::new(operations), Share::new(all.default_probability))
            }
        }
    }

    fn of(
        strategy: RemoteStrategy,
        kind: Arc<Kind>,
        before: Vec<Arc<Kind>>,
        cache: Arc<DecisionCache>,
    ) -> Self {
        Self {
            strategy,
            kind,
            before,
            cache,
            meter: Meter::new(),
            notices: Notices::new(),
        }
    }

    /// The sampler of a strategy that replaces another one: what was decided stays decided, and what was granted stays
    /// granted, also while strategies of another kind are in use, so that a new strategy is no new burst.
    #[must_use]
    pub fn replace(&self, strategy: RemoteStrategy, now: u64) -> Self {
        let mut kind = Self::kind_of(&strategy);
        let mut before = Vec::new();
        for old in self.before.iter().chain([&self.kind]) {
            if discriminant(&**old) == discriminant(&kind) {
                kind.resume(old, now);
            } else if !matches!(**old, Kind::Share(_)) {
                before.push(old.clone());
            }
        }
        Self::of(strategy, Arc::new(kind), before, self.cache.clone())
    }

    /// The strategy.
    pub const fn strategy(&self) -> &RemoteStrategy {
        &self.strategy
    }

    /// Adds the attributes of a sampled root.
    fn explained(
        mut result: SamplingResult,
        request: &SamplingRequest<'_>,
        attributes: &[KeyValue],
    ) -> SamplingResult {
        let is_root = !request.parent.span_context().is_valid();
        if is_root && result.decision == Decision::RecordAndSample {
            result.attributes.extend_from_slice(attributes);
        }
        result
    }

    fn share(&self, request: &SamplingRequest<'_>, share: &Share) -> SamplingResult {
        match share.threshold {
            Some(threshold) => {
                let result = decide(request, threshold, &self.notices);
                Self::explained(result, request, &share.attributes)
            }
            None => unknown(request, Decision::Drop),
        }
    }

    fn limited(
        &self,
        request: &SamplingRequest<'_>,
        bucket: &TokenBucket,
        attributes: &[KeyValue],
    ) -> SamplingResult {
        let known = self.cache.get(request.trace_id, request.now);
        let decision = known.unwrap_or_else(|| {
            let decision = sampled_or_not(bucket.take(request.now));
            self.cache.put(request.trace_id, request.now, decision);
            decision
        });
        Self::explained(unknown(request, decision), request, attributes)
    }

    fn operation(&self, request: &SamplingRequest<'_>, operation: &Operation) -> SamplingResult {
        let result = self.share(request, &operation.share);
        if result.decision == Decision::RecordAndSample {
            // It counts for the lower bound too.
            operation.lower_bound.take(request.now);
            return result;
        }
        let limited = self.limited(request, &operation.lower_bound, &operation.attributes);
        match limited.decision {
            Decision::RecordAndSample => limited,
            Decision::Drop | Decision::RecordOnly => result,
        }
    }
}

impl Sampler for StrategySampler {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let result = match &*self.kind {
            Kind::Share(share) => self.share(request, share),
            Kind::Limited(bucket, attributes) => self.limited(request, bucket, attributes),
            Kind::PerOperation(names, default) => match names.get(request.name) {
                Some(operation) => self.operation(request, operation),
                None => self.share(request, default),
            },
        };
        self.meter
            .count(request.now, result.decision == Decision::RecordAndSample);
        result
    }

    /// `probabilistic{0.25}`, `ratelimiting{100}` or `perOperation{12,default=0.001}` with the number of operations.
    fn description(&self) -> String {
        match &self.strategy {
            RemoteStrategy::Probabilistic(probability) => format!("probabilistic{{{probability}}}"),
            RemoteStrategy::RateLimiting(per_second) => format!("ratelimiting{{{per_second}}}"),
            RemoteStrategy::PerOperation(all) => {
                let count = all.operations.len();
                format!("perOperation{{{count},default={}}}", all.default_probability)
            }
        }
    }

    fn report(&self) -> SamplerReport {
        let rate = match self.strategy {
            RemoteStrategy::Probabilistic(probability) => Some(probability),
            _ => self.meter.share(),
        };
        SamplerReport {
            rate,
            per_second: match self.strategy {
                RemoteStrategy::RateLimiting(per_second) => Some(per_second),
                _ => None,
            },
            counts: Some(self.meter.counts()),
            ..SamplerReport::new(self.description())
        }
    }

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }
}
