//! The rate limiting sampler.

use super::{
    Decision, DecisionCache, Sampler, SamplerReport, SamplingRequest, SamplingResult, TokenBucket,
    consistent::{sampled_or_not, unknown},
    meter::Meter,
};
use alloc::{format, string::String, sync::Arc};

/// Samples so many traces per second at most, whichever come first. Use it as the root of [`super::ParentBased`].
///
/// What is decided about a trace is remembered for 5 minutes, for 10,000 traces at most, so that further spans of it,
/// asked about on their own, meet the same decision and take no further token. The share of all traces that is sampled
/// depends on how many there are, so no threshold is written; one of the parent is removed.
///
/// Time comes with the request ([`SamplingRequest::with_now`]): without it nothing is granted beyond the first burst.
///
/// ```
/// use spanline_core::sample::{RateLimiting, Sampler};
/// assert_eq!(RateLimiting::new(100.0).unwrap().description(), "RateLimitingSampler{100}");
/// assert!(RateLimiting::new(-1.0).is_none());
/// ```
#[derive(Debug)]
pub struct RateLimiting {
    bucket: TokenBucket,
    cache: Option<Arc<DecisionCache>>,
    meter: Meter,
}

impl RateLimiting {
    /// So many traces per second, with bursts of one second's (at least 1). `None` unless the number is finite and not
    /// negative.
    pub fn new(per_second: f64) -> Option<Self> {
        TokenBucket::new(per_second).map(Self::of)
    }

    /// By the tokens of this bucket.
    pub fn of(bucket: TokenBucket) -> Self {
        Self {
            bucket,
            cache: Some(Arc::new(DecisionCache::default())),
            meter: Meter::new(),
        }
    }

    /// The same with this memory for decisions, which it may share with others; `None`: it remembers nothing.
    #[must_use]
    pub fn with_cache(mut self, cache: Option<Arc<DecisionCache>>) -> Self {
        self.cache = cache;
        self
    }
}

impl Sampler for RateLimiting {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let cache = self.cache.as_deref();
        let known = cache.and_then(|cache| cache.get(request.trace_id, request.now));
        let decision = known.unwrap_or_else(|| {
            let decision = sampled_or_not(self.bucket.take(request.now));
            if let Some(cache) = cache {
                cache.put(request.trace_id, request.now, decision);
            }
            decision
        });
        self.meter
            .count(request.now, decision == Decision::RecordAndSample);
        unknown(request, decision)
    }

    /// `RateLimitingSampler{100}`.
    fn description(&self) -> String {
        format!("RateLimitingSampler{{{}}}", self.bucket.per_second())
    }

    fn report(&self) -> SamplerReport {
        SamplerReport {
            rate: self.meter.share(),
            per_second: Some(self.bucket.per_second()),
            counts: Some(self.meter.counts()),
            ..SamplerReport::new(self.description())
        }
    }
}
